"""The text of an entry: its size limit, pieces put back into it, and what a write link carries."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from service.core.access.tokens import DAY_ZERO, MAX_DAY
from service.core.replies.lines import plain_line
from service.core.replies.quotation.line_matching import fold
from service.core.replies.values import TrimmedPiece

WORDS_BYTES: Final = 256 * 1024
_DAY_BITS: Final = 16
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})  # a lone U+FEFF is Cf
_CONTINUES: Final = 0b1000_0000  # the head of a byte inside a character (RFC 3629)


def split_at(text: str, limit_bytes: int) -> tuple[str, str]:
    """Return the text up to a number of bytes of UTF-8, and the rest; no character is cut."""
    encoded = text.encode("utf-8", "surrogatepass")
    if len(encoded) <= limit_bytes:
        return text, ""
    end = limit_bytes
    while encoded[end] & 0b1100_0000 == _CONTINUES:
        end -= 1
    return encoded[:end].decode("utf-8", "surrogatepass"), encoded[end:].decode("utf-8", "surrogatepass")


def for_showing(text: str) -> str:
    """Return the text as valid UTF-8 for a page: surrogate pairs are joined, and a lone surrogate is replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def has_visible(text: str) -> bool:
    """Return whether the text has visible characters: more than white space, controls and format characters."""
    return any(unicodedata.category(character) not in _INVISIBLE for character in text)


def piece_key(piece: TrimmedPiece) -> str:
    """Return a short name by which a page says which piece to put back."""
    content = f"{piece.reason}\n{piece.text}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()[:16]


def wording_key(words: str) -> str:
    """Return a short name of a wording, by which a form says which one it showed."""
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def restore_piece(
    words: str, piece: TrimmedPiece, pieces: Sequence[TrimmedPiece]
) -> tuple[str, tuple[TrimmedPiece, ...]]:
    """Return the words with a piece back in the line where it stood, and the pieces that are still left out.

    Pieces of the same line are in the order in which they stood, and keep it when all of them are put back.
    """
    lines = words.split("\n") if words else []
    added = piece.text.split("\n")
    at = min(piece.at, len(lines))
    place = next(number for number, other in enumerate(pieces) if other is piece)
    remaining = tuple(
        replace(other, at=other.at + len(added)) if (other.at, number) > (piece.at, place) else other
        for number, other in enumerate(pieces)
        if other is not piece
    )
    return "\n".join([*lines[:at], *added, *lines[at:]]), remaining


def with_set_aside(words: str, pieces: Sequence[TrimmedPiece]) -> tuple[str, tuple[TrimmedPiece, ...]]:
    """Return the words with every piece that was set aside, and the pieces that are still left out."""
    remaining = tuple(pieces)
    while piece := next((piece for piece in remaining if piece.set_aside), None):
        words, remaining = restore_piece(words, piece, remaining)
    return words, remaining


def line_key(line: str) -> str:
    """Return a line's letters and digits, by which it is known again."""
    return fold(plain_line(line).text)


def without_known(pieces: Sequence[TrimmedPiece], known: Collection[str]) -> tuple[TrimmedPiece, ...]:
    """Return the pieces with those no longer set aside of which every line is among the `known` ones (`line_key`)."""
    return tuple(
        replace(piece, set_aside=piece.set_aside and not {*map(line_key, piece.text.splitlines())} <= {"", *known})
        for piece in pieces
    )


def write_link_object(prompt_key: int, on: date) -> int:
    """Return the number that a write link carries: which prompt (0 for none) was asked for which local day.

    Raises:
        ValueError: the day is outside 2020 to 2199.
    """
    day = (on - DAY_ZERO).days
    if not 0 <= day <= MAX_DAY:
        raise ValueError("a write link holds days from 2020 to 2199")
    return prompt_key << _DAY_BITS | day


def read_write_link_object(number: int) -> tuple[int, date]:
    """Return the prompt's key and the local day that a write link carries."""
    return number >> _DAY_BITS, DAY_ZERO + timedelta(days=number & MAX_DAY)
