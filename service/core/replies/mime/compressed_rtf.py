"""Expanding the compressed RTF of Outlook's mails (MS-OXRTFCP)."""

from __future__ import annotations

import struct
from typing import Final

_HEAD = struct.Struct("<II4sI")
_COMPRESSED, _PLAIN = b"LZFu", b"MELA"
# The text that every window begins with (MS-OXRTFCP, section 2.1.2.1).
_BEGINNING: Final = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20"
    b"\\b\\i\\u\\tab\\tx"
)
_WINDOW: Final = 4096
_SHORTEST_COPY: Final = 2


def expand_rtf(data: bytes, *, most_bytes: int) -> bytes:
    """Return the RTF up to any damage, or to `most_bytes`; b"" if the data is not compressed RTF."""
    if len(data) < _HEAD.size:
        return b""
    _, size, form, _ = _HEAD.unpack_from(data)
    content, most_bytes = data[_HEAD.size :], min(size, most_bytes)
    if form == _COMPRESSED:
        content = _expanded(content, most_bytes + len(_BEGINNING))
    return content[:most_bytes] if form in {_COMPRESSED, _PLAIN} else b""


def _expanded(content: bytes, most_bytes: int) -> bytes:
    """Return the text of tokens: after a byte of flags come eight, each a byte or a copy from the window before it."""
    written = bytearray(_BEGINNING)  # what was written is the window too
    at = 0
    while at < len(content) and len(written) < most_bytes:
        flags, at = content[at], at + 1
        for bit in range(8):
            if not flags >> bit & 1:
                written += content[at : at + 1]
                at += 1
                continue
            token, at = int.from_bytes(content[at : at + 2], "big"), at + 2
            distance = (len(written) - (token >> 4)) % _WINDOW
            if at > len(content) or distance == 0:
                return bytes(written[len(_BEGINNING) :])
            _copy(written, distance, (token & 0xF) + _SHORTEST_COPY)
    return bytes(written[len(_BEGINNING) :])


def _copy(written: bytearray, distance: int, length: int) -> None:
    """Add a copy of what stands `distance` before the end; a copy longer than that repeats itself."""
    start = len(written) - distance
    piece = written[start : start + length] if start >= 0 else b" " * length  # the window begins with blanks
    written += (piece * (length // max(1, len(piece)) + 1))[:length]
