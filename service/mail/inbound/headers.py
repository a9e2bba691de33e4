"""Mail headers: splitting, decoding, and the only address in a From."""

from __future__ import annotations

import binascii
from collections.abc import Iterable
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.parser import HeaderParser
from email.policy import compat32
from email.utils import parsedate_to_datetime

MAX_HEADER_BYTES = 8 * 1024
MAX_HEADERS_BYTES = 64 * 1024
# decode_header searches again from each opening mark: without a limit its time is quadratic.
_MAX_ENCODED_WORDS = 200

Pairs = tuple[tuple[str, str], ...]


def split_headers(raw_mime: bytes) -> Pairs:
    """Return the header fields of a mail in order, unfolded, with values still encoded.

    Reads at most 64 kB of headers and 8 kB of each. Bytes beyond ASCII are decoded as UTF-8
    if they are valid UTF-8, else as windows-1252.
    """
    head = raw_mime[:MAX_HEADERS_BYTES]
    ends = [at for mark in (b"\r\n\r\n", b"\n\n") if (at := head.find(mark)) >= 0]
    text = head[: min(ends)] if ends else head
    parsed = HeaderParser(policy=compat32).parsestr(text.decode("ascii", "surrogateescape"))
    return bounded((name, _unfolded(value)) for name, value in parsed.raw_items())


def bounded(pairs: Iterable[tuple[str, str]]) -> Pairs:
    """Return the pairs up to 64 kB in total, each value cut at 8 kB and without NUL."""
    kept: list[tuple[str, str]] = []
    room = MAX_HEADERS_BYTES
    for name, value in pairs:
        room -= len(name) + min(len(value), MAX_HEADER_BYTES)
        if room < 0:
            break
        kept.append((name, value[:MAX_HEADER_BYTES].replace("\0", "\N{REPLACEMENT CHARACTER}")))
    return tuple(kept)


def decoded(value: str) -> str:
    """Return a header value with its encoded words (RFC 2047) decoded; invalid ones stay as they are."""
    if "=?" not in value or value.count("=?") > _MAX_ENCODED_WORDS:
        return value
    try:
        pieces = decode_header(value)
    except (HeaderParseError, binascii.Error, ValueError):
        return value
    text = "".join(piece if isinstance(piece, str) else _in_charset(piece, charset) for piece, charset in pieces)
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}") or value


def sole_address(value: str) -> str | None:
    """Return the address of a From that has exactly one, else None.

    The value must still have its encoded words. A value that two programs could read as two
    different senders is refused: a second address, a group, a misplaced bracket.
    """
    bare = _without_comments_and_quotes(value)
    if bare is None or any(sign in bare for sign in ",;:"):
        return None
    before, opened, rest = bare.partition("<")
    inside, closed, after = rest.partition(">")
    if opened and (not closed or after.strip() or "@" in before or "<" in after):
        return None
    address = (inside if opened else before).strip()
    local, _, domain = address.rpartition("@")
    if not local or not domain or any(c.isspace() or c in "<>@\\" for c in local + domain):
        return None
    return address


def sent_at(date: str | None) -> datetime | None:
    """Return a Date header as an aware UTC instant; None if it is absent or invalid.

    A time without a zone (`-0000`, RFC 5322 section 3.3) is taken as UTC.
    """
    if not date:
        return None
    try:
        moment = parsedate_to_datetime(date)
        aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        return aware.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _unfolded(value: object) -> str:
    text = "".join(str(value).splitlines()).strip()
    if text.isascii():
        return text
    raw = text.encode("utf-8", "surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("windows-1252", "replace")


def _in_charset(piece: bytes, charset: str | None) -> str:
    try:
        return piece.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return piece.decode("utf-8", "replace")


def _without_comments_and_quotes(value: str) -> str | None:
    """Return the value without (comments) and "quoted names"; None if one is not closed."""
    kept: list[str] = []
    depth, quoted = 0, False
    characters = iter(value)
    for character in characters:
        if character == "\\" and (quoted or depth):
            next(characters, None)
        elif character == '"' and not depth:
            quoted = not quoted
        elif not quoted and character in "()":
            depth += 1 if character == "(" else -1
            if depth < 0:
                return None
        elif not quoted and not depth:
            kept.append(character)
    return None if quoted or depth else "".join(kept)
