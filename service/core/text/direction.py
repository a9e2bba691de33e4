"""Which way a text runs."""

from __future__ import annotations

import unicodedata
from typing import Final

_RIGHT_TO_LEFT: Final = frozenset({"R", "AL"})  # of the bidirectional classes of Unicode (UAX 9)


def runs_right_to_left(text: str, *, otherwise: bool = False) -> bool:
    """Return whether the first character with a direction goes to the left (UAX 9, rules P2 and P3)."""
    for character in text:
        way = unicodedata.bidirectional(character)
        if way == "L":
            return False
        if way in _RIGHT_TO_LEFT:
            return True
    return otherwise
