"""Short phrases made comparable: lower case, plain apostrophes, no punctuation around words."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_APOSTROPHES: Final = str.maketrans("‘’ʼ`", "''''")


def normalise(line: str) -> str:
    """Return a line in lower case, its words without the punctuation around them."""
    folded = unicodedata.normalize("NFKC", line).translate(_APOSTROPHES).casefold()
    return " ".join(filter(None, map(_bare, folded.split())))


def what_follows(said: str, phrases: Iterable[str]) -> str:
    """Return the rest of a normalised text after the first of these phrases that it begins with, or ""."""
    return next((said[len(phrase) + 1 :] for phrase in phrases if said.startswith(f"{phrase} ")), "")


def what_precedes(said: str, phrases: Iterable[str]) -> str:
    """Return the part of a normalised text before the first of these phrases that it ends with, or ""."""
    return next((said[: -len(phrase) - 1] for phrase in phrases if said.endswith(f" {phrase}")), "")


def longest_first(phrases: Sequence[str]) -> tuple[str, ...]:
    """Return phrases in the order to try them, the longest first: "pause until" before "pause"."""
    return tuple(sorted(phrases, key=len, reverse=True))


def _bare(word: str) -> str:
    letters = [place for place, character in enumerate(word) if character.isalnum()]
    return word[letters[0] : letters[-1] + 1] if letters else ""
