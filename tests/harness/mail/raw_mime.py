"""Raw mails as bytes, right and wrong: each function writes exactly what it is given."""

from __future__ import annotations

import base64

HEADERS = b"From: ana@example.com\r\nSubject: Re: x\r\nMIME-Version: 1.0\r\n"
PICTURE_DATA = b"\x89PNG\r\n\x1a\n" + b"0" * 40


def part(content_type: str | None, body: bytes, *more: str) -> bytes:
    """A part or a mail with this Content-Type, if any, and more header lines."""
    lines = ([] if content_type is None else [f"Content-Type: {content_type}"]) + list(more)
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n" + body


def text(words: str) -> bytes:
    """A part of plain text."""
    return part("text/plain; charset=utf-8", words.encode())


def page(words: str) -> bytes:
    """A part of HTML, a whole page of its own."""
    return part("text/html; charset=utf-8", f"<html><body><div>{words}</div></body></html>".encode())


def picture() -> bytes:
    """A picture shown between the words."""
    encoding = "Content-Transfer-Encoding: base64"
    return part("image/png; name=a.png", base64.b64encode(PICTURE_DATA), encoding, "Content-Disposition: inline")


def container(kind: str, *parts: bytes, boundary: str = "=_a") -> bytes:
    """A multipart of this subtype."""
    return part(f'multipart/{kind}; boundary="{boundary}"', delimited(*parts, boundary=boundary))


def alternative(words: str, boundary: str = "=_alt") -> bytes:
    """The same words as text and as HTML."""
    return container("alternative", text(words), page(words), boundary=boundary)


def delimited(*parts: bytes, boundary: str = "=_a") -> bytes:
    """Parts between delimiters, with the closing one."""
    delimiter = b"--" + boundary.encode()
    return b"".join(delimiter + b"\r\n" + each + b"\r\n" for each in parts) + delimiter + b"--\r\n"


def base64_part(words: str, encoding: str = "base64", *, below: bytes = b"", above: bytes = b"") -> bytes:
    """Text in base64, with lines that a gateway put around it."""
    coded = base64.encodebytes(words.encode())
    return part("text/plain; charset=utf-8", above + coded + below, f"Content-Transfer-Encoding: {encoding}")


def signed(mail: bytes) -> bytes:
    """The SignedData around a mail in DER, without a signer (RFC 5652, section 5.1)."""
    version, none = _der(0x02, b"\x01"), _der(0x31, b"")
    inner = _der(0x30, _DATA + _der(0xA0, _der(0x04, mail)))
    return _der(0x30, _SIGNED_DATA + _der(0xA0, _der(0x30, version + none + inner + none)))


def signed_in_chunks(mail: bytes) -> bytes:
    """The same in BER, cut into pieces of ten bytes, without any length."""
    pieces = b"".join(_der(0x04, mail[at : at + 10]) for at in range(0, len(mail), 10))
    head = b"\x30\x80" + _SIGNED_DATA + b"\xa0\x80\x30\x80\x02\x01\x01\x31\x00"
    return head + b"\x30\x80" + _DATA + b"\xa0\x80\x24\x80" + pieces + bytes(12)


def winmail(*attributes: bytes) -> bytes:
    """A winmail.dat of these attributes."""
    return (0x223E9F78).to_bytes(4, "little") + b"\x01\x00" + b"".join(attributes)


def winmail_attribute(key: int, content: bytes, level: int = 1) -> bytes:
    """An attribute of a winmail.dat (MS-OXTNEF, section 2.1.3.2)."""
    head = bytes((level,)) + key.to_bytes(4, "little") + len(content).to_bytes(4, "little")
    return head + content + (sum(content) & 0xFFFF).to_bytes(2, "little")


def winmail_property(kind: int, number: int, value: bytes) -> bytes:
    """A MAPI property with one value of varying length."""
    head = b"".join(each.to_bytes(size, "little") for each, size in ((kind, 2), (number, 2), (1, 4), (len(value), 4)))
    return head + value + bytes(-len(value) % 4)


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 + len(length))) + length + content


_SIGNED_DATA = _der(0x06, bytes.fromhex("2a864886f70d010702"))
_DATA = _der(0x06, bytes.fromhex("2a864886f70d010701"))
