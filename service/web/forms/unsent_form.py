"""A form with words that was refused: its fields, for an error page from which it can be sent once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from service.web.forms.forms import lost_words

_WORDS, _TOKEN = "words", "csrf_token"
# What browsers send with a form of our own pages (W3C Fetch Metadata). The page must not offer a form of another site.
_SITE, _OWN = "Sec-Fetch-Site", "same-origin"


@dataclass(frozen=True, slots=True)
class UnsentForm:
    """The words of a refused form, and its other fields by name; a form that cannot be sent once more has only words.

    Files are not in it.
    """

    words: str = field(default="", repr=False)
    fields: Sequence[tuple[str, str]] = field(default=(), repr=False)
    can_be_sent: bool = False
    had_files: bool = False


def unsent_form() -> UnsentForm:
    """Return this request's form; only one with words, and of which the browser says that it is ours, can be sent."""
    words = lost_words()
    if not words:  # and the rest is not looked at: of a journal file most may not have arrived yet
        return UnsentForm()
    try:
        fields = [(name, value) for name, value in request.form.items(multi=True) if name not in {_WORDS, _TOKEN}]
        had_files = any(file.filename for file in request.files.values())
    except RequestEntityTooLarge:  # only its beginning is known, and that may not have the day of the words
        return UnsentForm(words)
    is_ours = request.headers.get(_SITE) == _OWN
    return UnsentForm(words, fields, can_be_sent=is_ours, had_files=had_files)
