"""The mail inside an S/MIME signature, which holds the signed content unencrypted (RFC 8551, section 3.5.2)."""

from __future__ import annotations

import binascii
import zlib
from collections.abc import Iterator
from typing import NamedTuple

_DATA = bytes.fromhex("06092a864886f70d010701")  # id-data, 1.2.840.113549.1.7.1
_ZLIB = bytes.fromhex("060b2a864886f70d0109100308")  # id-alg-zlibCompress (RFC 3274)
_EXPLICIT, _OCTETS, _CHUNKED, _SEQUENCE = 0xA0, 0x04, 0x24, 0x30
_INDEFINITE = 0x80
_LONGEST_LENGTH = 8
_HEAD_BYTES = 16 * 1024
_MOST_BYTES, _MOST_TIMES = 96 * 1024, 2  # that are read of a compressed mail, since unpacking must not multiply work


class SignedContent(NamedTuple):
    """The mail inside; `is_cut` is true if it was compressed and is longer than what is read."""

    data: bytes
    is_cut: bool = False


def signed_content(data: bytes) -> SignedContent | None:
    """Return the signed or compressed mail, or None if it is encrypted or cannot be found.

    The signature is not verified, because the owner of a reply does not depend on it.
    """
    if data[:1] != bytes((_SEQUENCE,)):
        data = _unarmoured(data)
    at = data.find(_DATA, 0, _HEAD_BYTES)
    if at < 0:
        return None
    outer = at + len(_DATA)
    if data[outer : outer + 1] != bytes((_EXPLICIT,)):
        return None
    content = b"".join(_octets(data, _header(data, outer)[1]))
    if _ZLIB in data[:at]:
        return _unpacked(content)
    return SignedContent(content) if content else None


def _unarmoured(data: bytes) -> bytes:
    lines = [line for line in data.splitlines() if not line.startswith(b"-----")]
    try:
        return binascii.a2b_base64(b"".join(lines))
    except binascii.Error:
        return b""


def _unpacked(content: bytes) -> SignedContent | None:
    packed = zlib.decompressobj()
    try:
        data = packed.decompress(content, max(_MOST_BYTES, _MOST_TIMES * len(content)))
    except zlib.error:
        return None
    return SignedContent(data, is_cut=not packed.eof)


def _octets(data: bytes, at: int) -> Iterator[bytes]:
    """Yield the bytes of an OCTET STRING, which may consist of other ones (ITU-T X.690, section 8.7)."""
    while at < len(data):
        tag = data[at]
        length, at = _header(data, at)
        if tag == _OCTETS:
            end = at + length
            yield data[at:end]
            at = end
            if not _follows(data, at):
                return
        elif tag != _CHUNKED:
            return


def _follows(data: bytes, at: int) -> bool:
    """Return whether another piece of the same string is here."""
    return data[at : at + 1] in {bytes((_OCTETS,)), bytes((_CHUNKED,))}


def _header(data: bytes, at: int) -> tuple[int, int]:
    """Return the length after a tag, 0 for an indefinite one, and where the content begins."""
    first = data[at + 1] if at + 1 < len(data) else 0
    if first < _INDEFINITE:
        return first, at + 2
    size = first - _INDEFINITE
    if size > _LONGEST_LENGTH:
        return 0, len(data)
    return int.from_bytes(data[at + 2 : at + 2 + size], "big"), at + 2 + size
