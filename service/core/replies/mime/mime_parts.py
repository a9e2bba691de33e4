"""The parts of a raw mail as a tree: delimiters are found by search, and malformed parts are not refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from service.core.replies.mime.charset_guess import CharsetGuesses
from service.core.replies.mime.content_headers import ContentHeaders, content_headers
from service.core.replies.mime.mime_headers import Fields, header_block
from service.core.replies.mime.transfer_encoding import transfer_decoded

PARTS = 100
DEPTH = 20

# A delimiter recognised by the line after it (RFC 2046, section 5.1.1), for mails without the boundary parameter.
_DELIMITER = re.compile(rb"\n--([^\r\n]{1,200}+)\r?\n(?=content-)", re.IGNORECASE)
_LOOKED_THROUGH_BYTES = 16 * 1024
_ENCODED_WHOLE = frozenset({"base64", "quoted-printable"})
_PART_FIELDS = ("content-", "x-", "mime-version", "message-id")


@dataclass(frozen=True, slots=True)
class MimePart:
    """A part of a mail. A leaf has `content` without its transfer encoding; a container has `children`.

    `around` is the text of a container before its first part and after its last.
    """

    headers: ContentHeaders
    fields: Fields = field(default=(), repr=False)
    content: bytes = field(default=b"", repr=False)
    children: tuple[MimePart, ...] = ()
    around: bytes = field(default=b"", repr=False)


class MimeTree:
    """Reads raw mails into trees of up to 100 parts in total and 20 levels; `cut` is true if there was more.

    `guess` guesses the charsets of all parts.
    """

    def __init__(self) -> None:
        self.cut = False
        self.guess = CharsetGuesses()
        self._room = PARTS

    def read(self, raw: bytes, depth: int = 0) -> MimePart:
        """Return a mail as a tree; `depth` is its level inside another mail."""
        return self._part(_Place(raw, 0, len(raw)), depth, in_container=False)

    def _part(self, place: _Place, depth: int, *, in_container: bool) -> MimePart:
        block = header_block(place.raw, place.start, place.end)
        self.cut = self.cut or block.cut
        body = _Place(place.raw, block.body, place.end)
        if in_container and not any(name.startswith(_PART_FIELDS) for name, _ in block.fields):
            # Other apparent headers here are words with a colon, whose program left out the blank line.
            body = place if block.fields else body
        headers = content_headers(block.fields, self.guess)
        delimited = _delimited(body, headers, whole_mail=not in_container)
        if delimited is None:
            self._room -= 1
            return MimePart(headers, block.fields, transfer_decoded(body.content(), headers))
        if depth >= DEPTH:
            self.cut = True
            return MimePart(headers, block.fields)
        children = _unshared(tuple(self._children(delimited.parts, depth + 1)))
        if headers.maintype != "multipart":
            headers = replace(headers, content_type=f"multipart/{_likely_subtype(children)}")
        return MimePart(headers, block.fields, b"", children, delimited.around)

    def _children(self, places: Iterable[_Place], depth: int) -> Iterator[MimePart]:
        for place in places:
            if self._room <= 0:
                self.cut = True
                return
            yield self._part(place, depth, in_container=True)


@dataclass(frozen=True, slots=True)
class _Place:
    """A place in a raw mail; bytes are copied only for leaves."""

    raw: bytes = field(repr=False)
    start: int
    end: int

    def content(self) -> bytes:
        return self.raw[self.start : self.end]


@dataclass(frozen=True, slots=True)
class _Delimited:
    """The places of a container's parts, and the text around them."""

    parts: tuple[_Place, ...]
    around: bytes = field(default=b"", repr=False)


def _delimited(body: _Place, headers: ContentHeaders, *, whole_mail: bool) -> _Delimited | None:
    """Return the parts of a body, or None if it does not have several parts."""
    if headers.maintype != "multipart":
        evident = _evident_boundary(body) if whole_mail and headers.maintype == "text" else b""
        closed = evident and body.raw.find(b"\n--" + evident + b"--", body.start, body.end) >= 0
        return _split(body, evident) if closed and _opens(body, evident) else None
    boundary = headers.parameter("boundary").encode("utf-8", "surrogateescape")
    found = _split(body, boundary) if boundary else None
    if found is None and headers.encoding in _ENCODED_WHOLE:
        body = _lone(transfer_decoded(body.content(), headers))
        found = _split(body, boundary) if boundary else None
    if found is None and (evident := _evident_boundary(body)):
        found = _split(body, evident)
    return found


def _lone(content: bytes) -> _Place:
    """Return the place of content outside a mail; a line end is added before it, as delimiter search needs one."""
    return _Place(b"\n" + content, 1, len(content) + 1)


def _split(body: _Place, boundary: bytes) -> _Delimited | None:
    """Return the parts between delimiter lines with this boundary, or None if there is no such line.

    Parts after a closing delimiter count too, because some programs write it too early.
    """
    # The pattern begins with a literal, which makes the search fast.
    delimiter = re.compile(rb"\n--" + re.escape(boundary) + rb"(--)?[ \t]*+\r?(?=\n|\Z)")
    found = list(islice(delimiter.finditer(body.raw, max(body.start - 1, 0), body.end), PARTS + 2))
    if not found:
        return None
    ends = [match.start() for match in found[1:]] + [body.end]
    around = [body.raw[body.start : found[0].start()]]
    parts: list[_Place] = []
    for match, end in zip(found, ends, strict=True):
        start = min(match.end() + 1, body.end)
        stop = max(end - body.raw.endswith(b"\r", start, end), start)
        if match[1]:
            around.append(body.raw[start:stop])
        else:
            parts.append(_Place(body.raw, start, stop))
    return _Delimited(tuple(parts), b"\n".join(around))


def _evident_boundary(body: _Place) -> bytes:
    """Return the boundary in the first lines of a body, or b"" if they have none."""
    found = _DELIMITER.search(body.raw, max(body.start - 1, 0), min(body.start + _LOOKED_THROUGH_BYTES, body.end))
    return found[1].rstrip() if found else b""


def _opens(body: _Place, boundary: bytes) -> bool:
    """Return whether the body begins with a delimiter."""
    first = body.raw.find(b"--" + boundary, body.start, body.end)
    return not body.raw[body.start : first].strip()


def _unshared(children: tuple[MimePart, ...]) -> tuple[MimePart, ...]:
    """Move the parts after an empty container into it: it has the outer container's boundary, so they are its own."""
    for at, child in enumerate(children[:-1]):
        if child.headers.maintype == "multipart" and not child.children and not child.content.strip():
            return (*children[:at], replace(child, children=_unshared(children[at + 1 :])))
    return children


def _likely_subtype(children: tuple[MimePart, ...]) -> str:
    """Return the probable subtype of a container without its header."""
    kinds = [child.headers.content_type for child in children]
    return "alternative" if kinds == ["text/plain", "text/html"] else "mixed"
