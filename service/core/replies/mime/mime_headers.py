"""The header fields of a mail or of one of its parts: found within limits, unfolded and decoded."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header

from service.core.replies.mime.charsets import Guess, decoded_text

HEADERS_BYTES = 64 * 1024
HEADER_BYTES = 8 * 1024
_FIELDS = 1_000  # of one block that are kept; no mail has more
# decode_header searches again from each opening mark: without a limit its time is quadratic.
_ENCODED_WORDS = 100

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:((?:[^\n]*)(?:\n[ \t][^\n]*)*)(?:\n|\Z)")
_MBOX_LINE = re.compile(rb">?From [^\n]*(?:\n|\Z)")
_BLANK_LINE = re.compile(rb"\r?\n")
_HEADERS_END = re.compile(rb"\n\r?\n")

Fields = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class HeaderBlock:
    """Header fields, names in lower case, values unfolded; where the body begins, and whether a limit cut any."""

    fields: Fields = field(repr=False)
    body: int
    cut: bool = False


def header_block(raw: bytes, start: int, end: int) -> HeaderBlock:
    """Return the header fields in `raw` from `start` on, and where the body after them begins.

    At most 64 kB of fields, 1,000 of them and 8 kB of each are kept. A line that is not a field begins the body, even
    without a blank line before it.
    """
    mbox = _MBOX_LINE.match(raw, start, end)
    at = mbox.end() if mbox else start
    fields: list[tuple[str, bytes]] = []
    room, cut = HEADERS_BYTES, False
    while room >= 0 and (found := _FIELD.match(raw, at, end)):
        at = found.end()
        size = found.end() - found.start()
        room -= min(size, HEADER_BYTES)
        room = room if len(fields) < _FIELDS else -1
        cut = cut or size > HEADER_BYTES or room < 0
        if room >= 0:
            value = raw[found.start(2) : min(found.end(2), found.start() + HEADER_BYTES)]
            fields.append((found[1][:HEADER_BYTES].decode("ascii").lower(), value.translate(None, b"\r\n")))
    if room < 0:
        blank = _HEADERS_END.search(raw, at - 1, end)
        return HeaderBlock(tuple(fields), blank.end() if blank else end, cut)
    blank = _BLANK_LINE.match(raw, at, end)
    return HeaderBlock(tuple(fields), blank.end() if blank else at, cut)


def header_values(fields: Iterable[tuple[str, bytes]], guess: Guess) -> Mapping[str, tuple[str, ...]]:
    """Return every field by its name, decoded (RFC 2047), in order; `guess` is asked where no charset is named."""
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name, []).append(header_words(readable(value, guess), guess))
    return {name: tuple(found) for name, found in values.items()}


def header_words(value: str, guess: Guess) -> str:
    """Return one decoded header value; invalid encoded words stay unchanged."""
    if "=?" not in value or value.count("=?") > _ENCODED_WORDS:
        return value.strip()
    try:
        pieces = decode_header(value)
    except (HeaderParseError, binascii.Error, ValueError):
        return value.strip()
    return "".join(
        decoded_text(piece, charset or "", guess=guess).text if isinstance(piece, bytes) else piece
        for piece, charset in pieces
    ).strip()


def readable(value: bytes, guess: Guess) -> str:
    """Return the bytes of a header as text; bytes beyond ASCII are not allowed, but common."""
    return value.decode("ascii") if value.isascii() else decoded_text(value, guess=guess).text
