"""The two encodings of a posted form, parsed in place: only requested parts are copied."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from werkzeug.http import parse_options_header

# A part that the provider posts has two or three short header lines. A block of 16 MB took 580 MB to parse.
MAX_PART_HEADER_BYTES = 16 * 1024
# unquote_to_bytes makes a list item for each escape: 40 MB at once took 3.3 GB.
UNQUOTED_AT_ONCE_BYTES = 16 * 1024


class BrokenFormError(ValueError):
    """The body is not valid in its encoding, or is truncated."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart body: its undecoded header block, and where its content begins and ends."""

    header: bytes = field(repr=False)
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PartHeader:
    """The parsed header of a part; `filename` is None for a field."""

    name: str
    filename: str | None = field(repr=False)
    content_type: str


def urlencoded_fields(body: bytes) -> Iterator[tuple[str, int, int]]:
    """Yield the decoded name of each field of a urlencoded body, and where its value begins and ends, in order."""
    start = 0
    while start < len(body):
        end = _or(body.find(b"&", start), len(body))
        equals = _or(body.find(b"=", start, end), end)
        if end > start:
            yield unquoted(body, start, equals).decode("utf-8", "replace"), min(equals + 1, end), end
        start = end + 1


def fields_named(body: bytes, name: str, start: int = 0) -> Iterator[tuple[int, int]]:
    """Yield where the value of each field of this name begins and ends, from `start` on, which is 0 or after a field.

    Skips other fields by a fast search; a field whose name is percent-encoded is skipped too.
    """
    written = name.encode() + b"="
    at = start if body.startswith(written, start) else _after_ampersand(body, written, start)
    while at >= 0:
        end = _or(body.find(b"&", at), len(body))
        yield at + len(written), end
        at = _after_ampersand(body, written, end)


def unquoted(body: bytes, start: int, end: int) -> bytes:
    """Return the decoded bytes of a percent-encoded part of the body, in little more memory than they need."""
    if body.find(b"%", start, end) < 0 and body.find(b"+", start, end) < 0:
        return body[start:end]
    found = io.BytesIO()
    while start < end:
        stop = min(start + UNQUOTED_AT_ONCE_BYTES, end)
        if stop < end:
            stop = _or(body.rfind(b"%", stop - 2, stop), stop)  # do not split an escape of three bytes
        found.write(unquote_to_bytes(body[start:stop].replace(b"+", b" ")))
        start = stop
    return found.getvalue()


def multipart_parts(boundary: bytes, body: bytes) -> Iterator[Part]:
    """Yield the parts of a multipart body in order (RFC 2046, section 5.1.1).

    Raises:
        BrokenFormError: there is no boundary, the last part is truncated, or a header is over 16 kB.
    """
    marker = b"--" + re.escape(boundary) + rb"(--|[ \t]*\r\n)"
    delimiter = re.compile(rb"\r\n" + marker)
    found = re.match(marker, body) or delimiter.search(body)
    while found is not None and found[1] != b"--":
        # A header may be empty: then its blank line starts with the line end of the delimiter.
        blank = body.find(b"\r\n\r\n", found.end() - 2, found.end() + MAX_PART_HEADER_BYTES)
        if blank < 0:
            raise BrokenFormError("A part has no end of its header.")
        header = body[found.end() : blank]
        # The content may be empty: then its delimiter starts with the blank line.
        found = delimiter.search(body, blank + 2)
        if found is not None:
            yield Part(header, blank + 4, max(blank + 4, found.start()))
    if found is None:
        raise BrokenFormError("The body has no closing boundary.")


def part_header(header: bytes) -> PartHeader:
    """Return the parsed header block of a part.

    Raises:
        BrokenFormError: the part has no name, or its header is not UTF-8.
    """
    try:
        lines = re.sub(rb"\r\n[ \t]+", b" ", header).decode().split("\r\n")
    except UnicodeDecodeError:
        raise BrokenFormError("The header of a part is not UTF-8.") from None
    said: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        said.setdefault(name.strip(" \t").lower(), value.strip(" \t"))
    options = parse_options_header(said.get("content-disposition", ""))[1]
    if "name" not in options:
        raise BrokenFormError("A part has no name.")
    content_type = parse_options_header(said.get("content-type", ""))[0] or "application/octet-stream"
    return PartHeader(options["name"], options.get("filename"), content_type)


def _after_ampersand(body: bytes, written: bytes, start: int) -> int:
    """Return where the next field with this undecoded name begins, or -1."""
    at = body.find(b"&" + written, start)
    return at if at < 0 else at + 1


def _or(position: int, otherwise: int) -> int:
    return otherwise if position < 0 else position
