"""Regular expressions that take linear time on any input (RE2)."""

from collections.abc import Iterable
from typing import Protocol

import re2

# The characters that may be next to a word. Vowel signs (\pM) belong to the word; a Latin word may be next
# to any other script ("iPhoneから").
_NOTHING = r"\b\B"
_EDGE = r"[^\pL\pN\pM]"
_LATIN_EDGE = r"[^\p{Latin}\pN]"

# Thai to Lao, Myanmar, kana, Han, Hangul: no spaces between words, or endings without one.
_SPACELESS = (
    ("\u0e00", "\u0eff"),
    ("\u1000", "\u109f"),
    ("\u3040", "\u30ff"),
    ("\u3400", "\u9fff"),
    ("\uac00", "\ud7a3"),
)


class Found(Protocol):
    """The place of a match."""

    def start(self) -> int:
        """Return the index of the first character."""
        ...

    def end(self) -> int:
        """Return the index after the last character."""
        ...


class Pattern(Protocol):
    """A compiled pattern."""

    def search(self, text: str) -> Found | None:
        """Return the first match anywhere in `text`."""
        ...

    def findall(self, text: str) -> list[str]:
        """Return all matches in `text` that do not overlap, in their order."""
        ...

    def sub(self, replacement: str, text: str) -> str:
        """Return `text` with each match replaced; a backslash and a number refer to a group."""
        ...


def pattern(expression: str) -> Pattern:
    """Return `expression` (RE2 syntax) compiled."""
    compiled: Pattern = re2.compile(expression)
    return compiled


def phrases_pattern(
    phrases: Iterable[str], *, stems: Iterable[str] = (), at_start: bool = False, at_end: bool = False
) -> Pattern:
    """Return a pattern that finds any of `phrases` as whole words in casefolded text.

    For `stems` only the beginning of a word has to match, because many languages add endings to names.
    Scripts without spaces between words (Chinese, Japanese, Thai, ...) need no word boundary.
    """
    latin: list[str] = []
    spaced: list[str] = []
    bare: list[str] = []
    for phrase in sorted({phrase.casefold() for phrase in phrases}, key=len, reverse=True):
        kind = bare if _spaceless(phrase) else latin if phrase.isascii() else spaced
        kind.append(re2.escape(phrase))
    choices = [
        f"{'^' if at_start else before}(?:{'|'.join(words)}){'$' if at_end else after}"
        for words, before, after in (
            (latin, f"(?:^|{_LATIN_EDGE})", f"(?:$|{_LATIN_EDGE})"),
            (spaced, f"(?:^|{_EDGE})", f"(?:$|{_EDGE})"),
            (bare, "", ""),
        )
        if words
    ]
    stemmed = "|".join(re2.escape(stem.casefold()) for stem in stems)
    if stemmed:
        choices.append(f"(?:^|{_LATIN_EDGE})(?:{stemmed})")
    return pattern("|".join(choices) or _NOTHING)


def _spaceless(phrase: str) -> bool:
    return any(first <= c <= last for c in phrase for first, last in _SPACELESS)
