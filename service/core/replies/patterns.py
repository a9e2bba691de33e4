"""Regular expressions that take linear time on any input (RE2)."""

from collections.abc import Iterable
from typing import NamedTuple

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


class Found(NamedTuple):
    """The place of a match: the index of its first character, and the one after its last."""

    start: int
    end: int


class Pattern:
    """A compiled pattern.

    It is compiled for bytes, because the binding's own conversion of places in a text takes longer than the search;
    and once more as a set of one, because that tells fastest whether there is a match at all.
    """

    __slots__ = ("_compiled", "_set")

    def __init__(self, expression: str) -> None:
        self._compiled = re2.compile(expression.encode())
        self._set = re2.Set.SearchSet()
        self._set.Add(expression)
        self._set.Compile()

    def is_in(self, text: str) -> bool:
        """Return whether there is a match anywhere in `text`."""
        return self._set.Match(text) is not None

    def search(self, text: str) -> Found | None:
        """Return the place of the first match in `text`."""
        data = text.encode()
        found = self._compiled.search(data)
        if found is None:
            return None
        start, end = found.span()
        return Found(len(data[:start].decode()), len(data[:end].decode()))

    def findall(self, text: str) -> list[str]:
        """Return all matches in `text` that do not overlap, in their order."""
        return [found.decode() for found in self._compiled.findall(text.encode())]


def pattern(expression: str) -> Pattern:
    """Return `expression` (RE2 syntax) compiled."""
    return Pattern(expression)


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
