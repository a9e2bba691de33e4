"""The headers of a raw mail: limited before they are parsed, decoded afterwards."""

from collections.abc import Mapping
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message

from service.core.replies.mime.charsets import decode_text

HEADERS_BYTES = 64 * 1024
HEADER_BYTES = 8 * 1024


def bounded_headers(raw: bytes) -> tuple[bytes, bool]:
    """Return the mail with its headers within bounds, and whether any was cut."""
    window = raw[: HEADERS_BYTES + 4]
    end = min((at for at in (window.find(b"\n\n"), window.find(b"\r\n\r\n")) if at >= 0), default=-1)
    if end >= 0 and _longest(raw[:end]) <= HEADER_BYTES:
        return raw, False
    if end < 0 and len(raw) <= HEADERS_BYTES:
        return raw, False
    body = _body_start(raw)
    kept: list[bytes] = []
    size = 0
    for field in _fields(raw[: min(body, 4 * HEADERS_BYTES)].rstrip(b"\r\n") + b"\n"):
        size += min(len(field), HEADER_BYTES)
        if size > HEADERS_BYTES:
            break
        kept.append(field if len(field) <= HEADER_BYTES else field[:HEADER_BYTES] + b"\n")
    return b"".join(kept) + b"\n" + raw[body:], True


def _longest(head: bytes) -> int:
    return max(map(len, _fields(head)), default=0)


def _body_start(raw: bytes) -> int:
    ends = [at + len(mark) for mark in (b"\n\n", b"\r\n\r\n") if (at := raw.find(mark)) >= 0]
    return min(ends, default=len(raw))


def _fields(head: bytes) -> list[bytes]:
    """Return the header fields, each with its continuation lines."""
    fields: list[list[bytes]] = []
    for line in head.splitlines(keepends=True):
        if line[:1] in {b" ", b"\t"} and fields:
            fields[-1].append(line)
        else:
            fields.append([line])
    return [b"".join(lines) for lines in fields]


def header_values(message: Message) -> Mapping[str, tuple[str, ...]]:
    """Return every header by its lower-case name, decoded (RFC 2047), unfolded, in order."""
    values: dict[str, list[str]] = {}
    for name, value in message.raw_items():
        values.setdefault(name.lower(), []).append(header_words(str(value)))
    return {name: tuple(found) for name, found in values.items()}


def header_words(value: str) -> str:
    """Return one header value decoded; what cannot be decoded stays as it came."""
    value = _readable(value.replace("\r", "").replace("\n", ""))
    if "=?" not in value:
        return value.strip()
    try:
        pieces = decode_header(value)
    except (HeaderParseError, ValueError):
        return value.strip()
    return "".join(
        decode_text(piece, charset) if isinstance(piece, bytes) else piece for piece, charset in pieces
    ).strip()


def _readable(value: str) -> str:
    """Return a value whose bytes beyond ASCII were kept as surrogates, as text."""
    if value.isascii():
        return value
    return decode_text(value.encode("utf-8", "surrogateescape"), None)
