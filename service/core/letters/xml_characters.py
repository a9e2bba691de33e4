"""Characters that no XML 1.0 document may hold, and so neither a feed nor, on PostgreSQL (NUL), a text of a row."""

from __future__ import annotations

import re

# Controls, halves of surrogate pairs, and two that are no characters.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def has_controls(text: str) -> bool:
    """Return whether a text has characters that XML cannot hold."""
    return _NOT_IN_XML.search(text) is not None


def without_controls(text: str) -> str:
    """Return a text without the characters that XML cannot hold."""
    return _NOT_IN_XML.sub("", text)
