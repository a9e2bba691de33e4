"""Sizes of files, as people know them."""

from __future__ import annotations

from typing import Final

_KB: Final = 1000
_MB: Final = 1000**2
_GB: Final = 1000**3


def said_size(size_bytes: int) -> str:
    """Return a size as people know it: "640 kB", "12 MB", "1.3 GB"."""
    if size_bytes >= _GB:
        return f"{size_bytes / _GB:.1f} GB"
    if size_bytes >= _MB:
        return f"{size_bytes / _MB:.0f} MB"
    return f"{max(1, round(size_bytes / _KB))} kB"
