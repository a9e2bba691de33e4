"""The provider's form posts as values, held in memory and never in a temporary file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder

from service.mail.signature import Signature

_SIGNATURE_FIELDS = frozenset({"timestamp", "token", "signature"})


class MalformedPostError(ValueError):
    """The body is no form the provider makes; asking for it again would bring the same."""


@dataclass(frozen=True, slots=True)
class PostedFile:
    """One file of a multipart post."""

    name: str
    filename: str = field(repr=False)
    content_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Post:
    """The fields and files of one form post, in their order, bytes as they came.

    Names are compared exactly: a sender's own header can arrive as `Token`, and only
    lower-case names are the provider's (jpmckinney/multi_mail, captured posts).
    """

    fields: tuple[tuple[str, bytes], ...] = field(repr=False)
    files: tuple[PostedFile, ...] = field(default=(), repr=False)

    def raw(self, name: str) -> bytes | None:
        """Return the bytes of the first field of that name."""
        return next((value for key, value in self.fields if key == name), None)

    def text(self, name: str) -> str | None:
        """Return the first field of that name as text; see `as_text`."""
        value = self.raw(name)
        return None if value is None else as_text(value)

    def texts(self, name: str) -> list[str]:
        """Return every field of that name as text, in order."""
        return [as_text(value) for key, value in self.fields if key == name]

    @property
    def signature(self) -> Signature:
        """Return the signature fields; an absent one is empty, which verifies as forged."""
        return Signature(*(self.text(name) or "" for name in ("timestamp", "token", "signature")))


def as_text(value: bytes) -> str:
    """Return UTF-8 bytes as text, with U+FFFD for what is not UTF-8 and for NUL."""
    return value.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def parse_post(content_type: str, body: bytes) -> Post:
    """Return the form in `body`, urlencoded or multipart, without limits on size or parts.

    Values stay bytes: raw MIME in a urlencoded `body-mime` may hold 8-bit characters, which
    Flask's form would turn into percent signs.

    Raises:
        MalformedPostError: another content type, or a body that is broken or cut short.
    """
    mimetype, options = parse_options_header(content_type)
    if mimetype == "application/x-www-form-urlencoded":
        return Post(tuple(_urlencoded(body)))
    if mimetype != "multipart/form-data":
        raise MalformedPostError("The post is no form. Is this address set as an event webhook?")
    boundary = options.get("boundary", "")
    if not boundary or not boundary.isascii():
        raise MalformedPostError("The multipart post names no boundary.")
    try:
        return _multipart(boundary.encode("ascii"), body)
    except (ValueError, RequestEntityTooLarge):
        raise MalformedPostError("The multipart post is broken or cut short.") from None


def content_hash(post: Post) -> bytes:
    """Return 32 bytes that agree for the same mail posted again, and for nothing else.

    Made from decoded fields and files without the signature, since a retry may sign again
    and rebuild the body: boundary, encoding and the order of differently named fields do not count.
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
            # Lengths stand in front, or a long name could pass for a short one with a value.
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.digest()


def _urlencoded(body: bytes) -> Iterator[tuple[str, bytes]]:
    for pair in body.split(b"&"):
        if pair:
            name, _, value = pair.replace(b"+", b" ").partition(b"=")
            yield as_text(unquote_to_bytes(name)), unquote_to_bytes(value)


def _multipart(boundary: bytes, body: bytes) -> Post:
    decoder = MultipartDecoder(boundary, max_form_memory_size=None, max_parts=None)
    decoder.receive_data(body)
    decoder.receive_data(None)
    fields: list[tuple[str, bytes]] = []
    files: list[PostedFile] = []
    part: Field | File | None = None
    chunks: list[bytes] = []
    while not isinstance(event := decoder.next_event(), Epilogue):
        if isinstance(event, Field | File):
            part, chunks = event, []
        elif isinstance(event, Data):
            chunks.append(event.data)
            if not event.more_data:
                _keep(part, b"".join(chunks), fields, files)
    return Post(tuple(fields), tuple(files))


def _keep(
    part: Field | File | None,
    value: bytes,
    fields: list[tuple[str, bytes]],
    files: list[PostedFile],
) -> None:
    # werkzeug types the name as str, yet gives None where the part has none.
    name: str | None = part.name if part else None
    if part is None or name is None:
        raise MalformedPostError("A part of the multipart post has no name.")
    if isinstance(part, File):
        files.append(PostedFile(name, part.filename, _content_type(part.headers), value))
    else:
        fields.append((name, value))


def _content_type(headers: Headers) -> str:
    return parse_options_header(headers.get("content-type", ""))[0] or "application/octet-stream"


def _name_bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogatepass")
