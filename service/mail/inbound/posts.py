"""The provider's form posts, parsed in memory and never in a temporary file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from werkzeug.http import parse_options_header

from service.mail.inbound.form_bodies import (
    BrokenFormError,
    fields_named,
    multipart_parts,
    part_header,
    unquoted,
    urlencoded_fields,
)
from service.mail.signature import Signature

# Every header of a mail is a field, and real mails have up to 1,100 headers and 100 attachments. Headers and files
# beyond these limits are left out, and the provider's own fields are always kept.
MAX_FIELDS = 20_000
MAX_FILES = 2_000
MAX_SIGNATURE_VALUE_BYTES = 1024
MAX_BOUNDARY_BYTES = 256  # RFC 2046 allows 70

_SIGNATURE_FIELDS = ("timestamp", "token", "signature")
# Source: Mailgun, Receive, Forward and Store messages. Its own fields have lower-case names, headers do not.
_PROVIDER_FIELDS = (
    *_SIGNATURE_FIELDS,
    *("recipient", "sender", "from", "subject", "body-plain", "body-html", "body-mime", "message-headers"),
    *("content-id-map", "attachment-count", "stripped-text", "stripped-signature", "stripped-html"),
    *("domain", "message-url", "attachments"),
)
_PROVIDER_NAME = re.compile(b'"(?:%s)"' % "|".join(_PROVIDER_FIELDS).encode())


class MalformedPostError(ValueError):
    """The body is not a form of the provider's; a retry would send the same body."""


@dataclass(frozen=True, slots=True)
class PostedFile:
    """One file of a multipart post."""

    name: str
    filename: str = field(repr=False)
    content_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Post:
    """The fields and files of one form post, in order, as undecoded bytes.

    Names are compared exactly: a sender's own header can arrive as `Token`, and only
    lower-case names are the provider's (jpmckinney/multi_mail, captured posts).
    """

    fields: tuple[tuple[str, bytes], ...] = field(repr=False)
    files: tuple[PostedFile, ...] = field(default=(), repr=False)

    def raw(self, name: str) -> bytes | None:
        """Return the bytes of the first field with this name."""
        return next((value for key, value in self.fields if key == name), None)

    def text(self, name: str) -> str | None:
        """Return the first field with this name as text; see `as_text`."""
        value = self.raw(name)
        return None if value is None else as_text(value)

    def texts(self, name: str) -> list[str]:
        """Return every field with this name as text, in order."""
        return [as_text(value) for key, value in self.fields if key == name]

    @property
    def signature(self) -> Signature:
        """Return the signature fields; a field that is absent or repeated is empty, which verifies as forged."""
        return Signature(*(_sole(self.texts(name)) for name in _SIGNATURE_FIELDS))


def as_text(value: bytes) -> str:
    """Return UTF-8 bytes as text, with U+FFFD for invalid bytes and for NUL."""
    return value.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def read_signature(content_type: str, body: bytes) -> Signature:
    """Return the signature of a form that is not verified yet, before anything else in it is parsed.

    Takes one search through the body and no memory for its content. A field that is absent, repeated, over 1 kB, in
    a name of another case or after the first 22,000 parts is empty, which verifies as forged.

    Raises:
        MalformedPostError: as `parse_post` does.
    """
    boundary = _boundary(content_type)
    values: dict[str, list[str]] = {name: [] for name in _SIGNATURE_FIELDS}
    found = _signature_in_urlencoded(body) if boundary is None else _signature_in_multipart(boundary, body)
    for name, value in found:
        values[name].append(as_text(value))
    return Signature(*(_sole(values[name]) for name in _SIGNATURE_FIELDS))


def parse_post(content_type: str, body: bytes) -> Post:
    """Return the form in `body`, urlencoded or multipart, with at most 20,000 fields and 2,000 files.

    Values stay bytes, because raw MIME in a urlencoded `body-mime` may have 8-bit characters, which
    Flask's form would replace. The result takes about as much memory as the body.

    Raises:
        MalformedPostError: another content type, or a body that is invalid or truncated.
    """
    boundary = _boundary(content_type)
    if boundary is None:
        return _urlencoded(body)
    try:
        return _multipart(boundary, body)
    except BrokenFormError:
        raise MalformedPostError("The multipart post is broken or cut short.") from None


def content_hash(post: Post) -> bytes:
    """Return 32 bytes that are the same when a mail is posted again, and different for any other mail.

    They are the hash of the decoded fields and files without the signature, because a retry may sign again and
    rebuild the body with another boundary, encoding and order of fields with different names.
    """
    pieces = [
        (b"field", _name_bytes(name), b"", b"", value) for name, value in post.fields if name not in _SIGNATURE_FIELDS
    ]
    pieces += [
        (b"file", _name_bytes(f.name), _name_bytes(f.filename), f.content_type.encode(), f.data) for f in post.files
    ]
    digest = hashlib.sha256()
    for piece in sorted(pieces, key=lambda piece: piece[:2]):
        for part in piece:
            # Each length comes first, or a long name could look like a short name with a value.
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.digest()


def _boundary(content_type: str) -> bytes | None:
    """Return the boundary of a multipart form, or None for a urlencoded one."""
    mimetype, options = parse_options_header(content_type)
    if mimetype == "application/x-www-form-urlencoded":
        return None
    if mimetype != "multipart/form-data":
        raise MalformedPostError("The post is not a form. Is this URL set as an event webhook?")
    boundary = options.get("boundary", "")
    if not boundary or not boundary.isascii() or len(boundary) > MAX_BOUNDARY_BYTES:
        raise MalformedPostError("The multipart post names no boundary.")
    return boundary.encode("ascii")


def _signature_in_urlencoded(body: bytes) -> Iterator[tuple[str, bytes]]:
    for name in _SIGNATURE_FIELDS:
        for start, end in islice(fields_named(body, name), 2):  # two are enough to reject the field
            yield name, unquoted(body, start, end) if end - start <= MAX_SIGNATURE_VALUE_BYTES else b""


def _signature_in_multipart(boundary: bytes, body: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        for part in islice(multipart_parts(boundary, body), MAX_FIELDS + MAX_FILES):
            if not any(name.encode() in part.header for name in _SIGNATURE_FIELDS):
                continue
            header = part_header(part.header)
            if header.filename is None and header.name in _SIGNATURE_FIELDS:
                is_short = part.end - part.start <= MAX_SIGNATURE_VALUE_BYTES
                yield header.name, body[part.start : part.end] if is_short else b""
    except BrokenFormError:
        raise MalformedPostError("The multipart post is broken or cut short.") from None


def _urlencoded(body: bytes) -> Post:
    fields: list[tuple[str, bytes]] = []
    at = 0
    for name, start, at in islice(urlencoded_fields(body), MAX_FIELDS):
        fields.append((name, unquoted(body, start, at)))
    seen = {name for name, _ in fields}
    beyond = [
        (start, name, end)
        for name in _PROVIDER_FIELDS
        if name not in seen
        for start, end in islice(fields_named(body, name, at), 1)
    ]
    fields += [(name, unquoted(body, start, end)) for start, name, end in sorted(beyond)]
    return Post(tuple(fields))


def _multipart(boundary: bytes, body: bytes) -> Post:
    fields: list[tuple[str, bytes]] = []
    files: list[PostedFile] = []
    seen: set[str] = set()
    for part in multipart_parts(boundary, body):
        is_full = len(fields) >= MAX_FIELDS
        if _is_beyond(part.header, fields=is_full, files=len(files) >= MAX_FILES):
            continue
        header = part_header(part.header)
        if header.filename is not None:
            data = body[part.start : part.end]
            files.append(PostedFile(header.name, header.filename, header.content_type, data))
        elif not is_full or (header.name in _PROVIDER_FIELDS and header.name not in seen):
            fields.append((header.name, body[part.start : part.end]))
            seen.add(header.name)
    return Post(tuple(fields), tuple(files))


def _is_beyond(header: bytes, *, fields: bool, files: bool) -> bool:
    """Return whether a part is left out, by a search in its header, which is ten times faster than parsing it."""
    if b"filename" in header:
        return files
    return fields and _PROVIDER_NAME.search(header) is None


def _sole(values: list[str]) -> str:
    return values[0] if len(values) == 1 else ""


def _name_bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogatepass")
