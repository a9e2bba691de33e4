"""Finding a secret in bytes, however it is written there: encoded, compressed, or both."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){12,}")
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_GZIP = re.compile(rb"\x1f\x8b\x08")
_ZIP_MEMBER = re.compile(rb"PK\x03\x04.{22}(..)(..)", re.DOTALL)  # the lengths of its name and its extra field
_SOFT_BREAK = re.compile(rb"=\r?\n")
_INFLATED_BYTES = 1 << 20
_DEEPEST = 2
_SHORTEST = 12


def traces(content: bytes, secrets: Iterable[str]) -> set[str]:
    """Return which of the secrets stand in the content, by themselves or in anything that can be unpacked from it."""
    needles = {needle: secret for secret in secrets for needle in _written(secret)}
    return {needles[needle] for layer in _layers(content, _DEEPEST) for needle in needles if needle in layer}


def traces_in_files(folder: Path, secrets: Iterable[str], *, newer_than: float = 0.0) -> dict[str, set[str]]:
    """Return the secrets found in each file below a folder that has changed since an instant in epoch time."""
    wanted = [*secrets]
    files = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_mtime >= newer_than]
    found: Mapping[str, set[str]] = {path.name: traces(path.read_bytes(), wanted) for path in files}
    return {name: secrets for name, secrets in found.items() if secrets}


def _written(secret: str) -> Iterator[bytes]:
    """Yield a secret in every form that is searched for as it stands."""
    assert len(secret) >= _SHORTEST, "a short secret is found by chance"
    plain = secret.encode()
    yield plain
    yield from (secret.encode(encoding) for encoding in ("utf-16-le", "utf-16-be", "utf-32-le"))
    yield quote(secret).encode()
    yield quopri.encodestring(plain, quotetabs=True).strip()
    yield plain.hex().encode()
    yield plain.hex().upper().encode()
    for shift in range(3):  # wherever it begins in the text that was encoded; its ends depend on what stands beside it
        whole = base64.b64encode(b"\0" * shift + plain)
        yield whole[4 if shift else 0 : len(whole) // 4 * 4 - 4]


def _layers(content: bytes, depth: int) -> Iterator[bytes]:
    yield content
    if depth:
        for inner in (*_inflated(content), *_decoded(content)):
            yield from _layers(inner, depth - 1)


def _inflated(content: bytes) -> Iterator[bytes]:
    starts = [(match.start(), zlib.MAX_WBITS) for match in _ZLIB.finditer(content)]
    starts += [(match.start(), zlib.MAX_WBITS | 16) for match in _GZIP.finditer(content)]
    for member in _ZIP_MEMBER.finditer(content):
        lengths = sum(int.from_bytes(length, "little") for length in member.groups())
        starts.append((member.end() + lengths, -zlib.MAX_WBITS))
    for start, bits in starts:
        try:
            inner = zlib.decompressobj(bits).decompress(content[start:][:_INFLATED_BYTES], _INFLATED_BYTES)
        except zlib.error:
            continue
        if len(inner) >= _SHORTEST:
            yield inner


def _decoded(content: bytes) -> Iterator[bytes]:
    if _SOFT_BREAK.search(content):
        yield quopri.decodestring(content)
    for match in {*_BASE64.findall(content)}:
        text = match.rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
        for start in range(4):  # where the run of letters began before the encoded text did
            part = text[start:]
            try:
                yield base64.b64decode(part[: len(part) // 4 * 4])
            except binascii.Error:
                continue
    for match in {*_HEX.findall(content)}:
        yield bytes.fromhex(match.decode())
