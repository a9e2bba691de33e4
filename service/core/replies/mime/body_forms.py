"""The forms of a body, text and HTML, and how the forms of several parts are joined.

Parts are read one after another. Only the parts of multipart/alternative are forms of the same words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape

from selectolax.lexbor import LexborHTMLParser

from service.core.replies.html.html_linear import linear_lines
from service.core.replies.html.html_tree import TAGS

_TAG = re.compile(r"<[^<>]*>")
_ENDLESS = re.compile(r"<(/?)plaintext\b", re.IGNORECASE)  # an element without an end tag (HTML, section 13.2.5)


@dataclass(frozen=True, slots=True)
class BodyForms:
    """One body in its forms; `guessed` is true if the charset of a form was guessed."""

    plain: str | None = field(default=None, repr=False)
    html: str | None = field(default=None, repr=False)
    guessed: bool = False

    def has_words(self) -> bool:
        """Return whether it has any readable text."""
        if (self.plain or "").strip():
            return True
        # Most HTML without words has only tags, which are quickly removed.
        html = self.html or ""
        return bool(_TAG.sub("", html).strip()) and bool(html_text(html).strip())


def in_order(bodies: Sequence[BodyForms]) -> BodyForms:
    """Return consecutive bodies as one; a missing form is made from the other form.

    HTML has more structure, so the text form is left out if a body lacks it.
    """
    bodies = [body for body in bodies if body.html is not None or (body.plain or "").strip()] or bodies[:1]
    if len(bodies) <= 1:
        return bodies[0] if bodies else BodyForms()
    guessed = any(body.guessed for body in bodies)
    plains = [body.plain for body in bodies if body.plain is not None]
    if all(body.html is None for body in bodies):
        return BodyForms("\n".join(plains), None, guessed)
    plain = "\n".join(plains) if len(plains) == len(bodies) else None
    pages = list(map(_as_html, bodies))
    # HTML with more tags is read in one pass, in which an open element cannot hide the text after it.
    if sum(page.count("<") for page in pages) <= TAGS:
        pages = list(map(_closed, pages))
    return BodyForms(plain, "\n".join(pages), guessed)


def of_the_same(bodies: Sequence[BodyForms]) -> BodyForms:
    """Return alternatives as one body; of the forms of one kind, those with words that no other has."""
    if len(bodies) <= 1:
        return bodies[0] if bodies else BodyForms()
    return BodyForms(
        _joined([body.plain for body in bodies if body.plain is not None], str),
        _joined([body.html for body in bodies if body.html is not None], html_text),
        any(body.guessed for body in bodies),
    )


def html_text(html: str) -> str:
    """Return the text of HTML."""
    return "\n".join(line.text for line in linear_lines(html))


def _joined(forms: list[str], text_of: Callable[[str], str]) -> str | None:
    if len(forms) <= 1:
        return forms[0] if forms else None
    letters = [_letters(text_of(form)) for form in forms]
    kept: list[str] = []
    for at, form in enumerate(forms):
        others = letters[:at] + letters[at + 1 :]
        is_told = any(letters[at] in other and letters[at] != other for other in others) or letters[at] in letters[:at]
        if not is_told:
            kept.append(form)
    return "\n".join(kept)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _as_html(body: BodyForms) -> str:
    """Return a body as HTML."""
    if body.html is not None and (body.plain is None or not body.plain.strip() or html_text(body.html).strip()):
        return body.html
    return f'<div style="white-space:pre-wrap">{escape(body.plain or "")}</div>'


def _closed(html: str) -> str:
    """Return HTML with open elements closed, so that they do not hide the text after it."""
    return LexborHTMLParser(_ENDLESS.sub(r"<\1pre", html)).html or html
