"""Patterns that take linear time whatever they are given: RE2, never a backtracking matcher."""

from collections.abc import Iterable
from typing import Protocol

import re2

# A letter's neighbours for scripts that put spaces between words; \pM keeps vowel signs inside.
_EDGE = r"[^\pL\pN\pM]"
_LATIN_EDGE = r"[^\p{Latin}\pN]"  # "iPhone" may touch Chinese or Japanese words


class Found(Protocol):
    """Where a pattern matched."""

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


def pattern(expression: str) -> Pattern:
    """Return `expression` (RE2 syntax) compiled."""
    compiled: Pattern = re2.compile(expression)
    return compiled


def phrases_pattern(phrases: Iterable[str], *, at_start: bool = False, at_end: bool = False) -> Pattern:
    """Return a pattern that finds any of `phrases` as whole words in casefolded text.

    Scripts that write without spaces (Chinese, Japanese, Thai, ...) need no edge.
    """
    latin: list[str] = []
    spaced: list[str] = []
    bare: list[str] = []
    for phrase in sorted({p.casefold() for p in phrases}, key=len, reverse=True):
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
    return pattern("|".join(choices) if choices else r"[^\x00-\x{10ffff}]")


def _spaceless(phrase: str) -> bool:
    """Whether the phrase is in a script without spaces between words (or one that glues endings)."""
    return any(
        "\u0e00" <= c <= "\u0eff"
        or "\u1000" <= c <= "\u109f"
        or "\u3040" <= c <= "\u30ff"
        or "\u3400" <= c <= "\u9fff"
        or "\uac00" <= c <= "\ud7a3"
        for c in phrase
    )
