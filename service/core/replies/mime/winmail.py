"""The content of Outlook's winmail.dat (MS-OXTNEF): a body in its own format, and files."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

_SIGNATURE = (0x223E9F78).to_bytes(4, "little")
_HEAD_BYTES = 6  # the signature and a key
_ATTRIBUTE = struct.Struct("<BII")
_BODY, _PROPERTIES, _CODEPAGE = 0x0002800C, 0x00069003, 0x00069007
_FILE_BEGINS, _FILE_NAME, _FILE_DATA, _FILE_PROPERTIES = 0x00069002, 0x00018010, 0x0006800F, 0x00069005
_TEXT_BODY, _HTML_BODY, _RTF_BODY, _LONG_NAME = 0x1000, 0x1013, 0x1009, 0x3707
_WANTED = frozenset({_TEXT_BODY, _HTML_BODY, _RTF_BODY, _LONG_NAME})
_UNICODE, _STRING, _BINARY, _OBJECT = 0x001F, 0x001E, 0x0102, 0x000D
_SEVERAL = 0x1000
_NAMED = 0x8000
_SIZES = {
    0x0001: 0, 0x0002: 4, 0x0003: 4, 0x0004: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x000A: 4, 0x000B: 4, 0x0014: 8,
    0x0040: 8, 0x0048: 16,
}  # fmt: skip
_MOST_FILES = 100


@dataclass(frozen=True, slots=True)
class Winmail:
    """The body as text and HTML, both in `charset`, and as compressed RTF; and the files as (name, content)."""

    plain: bytes = field(default=b"", repr=False)
    html: bytes = field(default=b"", repr=False)
    rtf: bytes = field(default=b"", repr=False)
    charset: str = ""
    files: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)


def read_winmail(data: bytes) -> Winmail | None:
    """Return the content of such a file up to any damage, or None if the data is not such a file."""
    if data[:4] != _SIGNATURE:
        return None
    body: dict[int, bytes] = {}
    charset = ""
    files: list[_File] = []
    for key, content in _attributes(data):
        if key == _BODY:
            body.setdefault(_TEXT_BODY, content.rstrip(b"\0"))
        elif key == _CODEPAGE:
            charset = f"cp{int.from_bytes(content[:4], 'little')}"
        elif key == _PROPERTIES:
            body.update(_wanted(content))
        elif key == _FILE_BEGINS and len(files) < _MOST_FILES:
            files.append(_File())
        elif files:
            files[-1].take(key, content)
    named = tuple((file.name.decode("utf-8", "replace"), file.content) for file in files if file.content)
    plain, html, rtf = (body.get(form, b"") for form in (_TEXT_BODY, _HTML_BODY, _RTF_BODY))
    return Winmail(plain, html, rtf, charset, named)


@dataclass(slots=True)
class _File:
    """An attached file, as far as it has been read."""

    name: bytes = field(default=b"", repr=False)
    content: bytes = field(default=b"", repr=False)

    def take(self, key: int, content: bytes) -> None:
        if key == _FILE_NAME:
            self.name = self.name or content.rstrip(b"\0")
        elif key == _FILE_DATA:
            self.content = content
        elif key == _FILE_PROPERTIES:
            self.name = dict(_wanted(content)).get(_LONG_NAME, self.name)


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the attributes of the file as (id, content); each has a level, a key, a length, content and a checksum."""
    at = _HEAD_BYTES
    while at + _ATTRIBUTE.size <= len(data):
        _, key, length = _ATTRIBUTE.unpack_from(data, at)
        at += _ATTRIBUTE.size
        yield key, data[at : at + length]
        at += length + 2


def _wanted(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the needed MAPI properties, as (id, value)."""
    try:
        count, at = struct.unpack_from("<I", content)[0], 4
        for _ in range(min(count, len(content) // 4)):
            kind, name = struct.unpack_from("<HH", content, at)
            at = _after_name(content, at + 4) if name >= _NAMED else at + 4
            values, at = _values(content, at, kind)
            if name in _WANTED and values:
                yield name, _as_bytes(values[0], kind)
    except (struct.error, KeyError):
        return


def _after_name(content: bytes, at: int) -> int:
    """Return where a property continues after its GUID and its name."""
    kind = struct.unpack_from("<I", content, at + 16)[0]
    if kind == 0:
        return at + 24
    return at + 24 + _padded(struct.unpack_from("<I", content, at + 20)[0])


def _values(content: bytes, at: int, kind: int) -> tuple[list[bytes], int]:
    """Return the values of a property and where the next one begins.

    Raises:
        KeyError: its type is unknown, so its length is unknown too.
        struct.error: it ends too early.
    """
    several, kind = bool(kind & _SEVERAL), kind & ~_SEVERAL
    varies = kind in {_UNICODE, _STRING, _BINARY, _OBJECT}
    count = 1
    if several or varies:
        count, at = struct.unpack_from("<I", content, at)[0], at + 4
    values: list[bytes] = []
    for _ in range(min(count, len(content) // 4 + 1)):
        length = _SIZES[kind] if not varies else 0
        if varies:
            length, at = struct.unpack_from("<I", content, at)[0], at + 4
        values.append(content[at : at + length])
        at += _padded(length)
        if at > len(content):
            break
    return values, at


def _as_bytes(value: bytes, kind: int) -> bytes:
    """Return a value without the NUL at its end; UTF-16 becomes UTF-8, which the charset detection recognises."""
    if kind & ~_SEVERAL == _UNICODE:
        return value.decode("utf-16-le", "replace").rstrip("\0").encode("utf-8", "replace")
    return value.rstrip(b"\0") if kind & ~_SEVERAL == _STRING else value


def _padded(length: int) -> int:
    return length + -length % 4
