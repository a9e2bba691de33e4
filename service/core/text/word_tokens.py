"""The words of a text in any script, sentence by sentence, and which of them may be names."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final

from service.core.text.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_WORD: Final = 40

_APOSTROPHES: Final = "'’ʼ"
_HYPHENS: Final = "‐‑-"  # the plain one last, where a class takes it as itself
_JOINERS: Final = "\u200c\u200d"  # within Persian and Indic words
_FIRST_MARK, _LAST_MARK = 0x300, 0x1F000
_STRAIGHT: Final = str.maketrans("’ʼ‐‑", "''--")
_POSSESSIVE: Final = re.compile(f"[{_APOSTROPHES}][sS]$")
# Characters between two words of one sentence after which a capital still tells something.
_WITHIN: Final = re.compile(rf"(?:[{_APOSTROPHES}][sS])?\.?[\s,;()&/–—-]+")
_LINKS: Final = ("://", "@", "www.")


@dataclass(frozen=True, slots=True)
class WordToken:
    """A word in its sentence: folded, as written, and the characters before it."""

    key: str = field(repr=False)
    form: str = field(repr=False)
    gap: str = field(repr=False)
    is_within: bool

    @property
    def has_capital(self) -> bool:
        """Return whether it is written like a name; a word in capitals only is emphasis."""
        return self.form[:1].isupper() and not self.form.isupper()


def tokens_by_sentence(text: str) -> Iterator[list[WordToken]]:
    """Yield the words of each sentence, without links, addresses and anything with digits."""
    for paragraph in sentences(text.replace("\u00ad", "")):
        for sentence in paragraph:
            yield _words(_without_links(sentence))


def _without_links(sentence: str) -> str:
    if not any(sign in sentence for sign in _LINKS):
        return sentence
    return " ".join("*" if any(sign in part for sign in _LINKS) else part for part in sentence.split(" "))


def _words(sentence: str) -> list[WordToken]:
    found: list[WordToken] = []
    end = 0
    for match in _pattern().finditer(sentence):
        form = _POSSESSIVE.sub("", match[0])
        if len(form) > LONGEST_WORD or not _is_spelt(form):
            continue  # it becomes part of the gap
        gap = sentence[end : match.start()]
        end = match.start() + len(form)
        if not form.isascii():
            form = unicodedata.normalize("NFC", form)  # quadratic in runs of marks, so only for what is short
        is_within = bool(found) and (gap == " " or _WITHIN.fullmatch(gap) is not None)
        found.append(WordToken(_folded(form), form, gap, is_within))
    return found


def _folded(form: str) -> str:
    if form.isascii():
        return form.lower()
    return unicodedata.normalize("NFC", form.casefold().translate(_STRAIGHT))


def _is_spelt(form: str) -> bool:
    return form.isalpha() or not any(character.isnumeric() or character == "_" for character in form)


@cache
def _pattern() -> re.Pattern[str]:
    """Return what finds words: letters and their marks (`re` has no class for those), and what joins them."""
    marks = "".join(chr(code) for code in range(_FIRST_MARK, _LAST_MARK) if unicodedata.category(chr(code))[0] == "M")
    run = rf"[^\W_][\w{marks}{_JOINERS}]*"
    return re.compile(rf"{run}(?:[{_APOSTROPHES}{_HYPHENS}]{run})*")
