"""Undoing transfer encodings (RFC 2045, section 6), even if mail servers added text or damaged them."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from service.core.replies.mime.content_headers import ContentHeaders

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOISE = bytes(sorted(set(range(256)) - set(_ALPHABET)))
_WHOLE = re.compile(rb"[A-Za-z0-9+/]*={0,3}")
_LINE = re.compile(rb"[A-Za-z0-9+/]+={0,3}")
_GROUP = 4  # characters that stand for three bytes
_LEAST_UNDECLARED = 24  # characters: a shorter run may be a word
_LEAST_LATER = 16
_SURE_SHARE = 0.95
_HEAD_BYTES = 4 * 1024
_QUOTED = re.compile(rb"=(?:[0-9A-Fa-f]{2}|[ \t]*\r?\n)")
_QUOTED_LETTER = re.compile(rb"(?:=[89A-Fa-f][0-9A-Fa-f]){2}")
_UU_BEGIN = re.compile(rb"(?:\A|\n)begin [0-7]{3,4}[^\n]*\n")


def transfer_decoded(content: bytes, headers: ContentHeaders) -> bytes:
    """Return the content of a part without its transfer encoding; plain content is unchanged."""
    if headers.encoding == "base64":
        return _from_base64(content)
    if headers.encoding == "quoted-printable":
        return binascii.a2b_qp(content)
    if headers.encoding == "uuencode":
        return _from_uuencode(content)
    return _from_undeclared(content) if headers.maintype == "text" else content


def _from_base64(content: bytes) -> bytes:
    bare = content.translate(None, b"\r\n")
    if _WHOLE.fullmatch(bare):
        return _bytes(bare)
    closed_up = bare.translate(None, b" \t")
    if _WHOLE.fullmatch(closed_up) and (plain := _bytes(closed_up)) and _is_text(plain):
        return plain
    decoded = b"".join(_blocks(content))
    if decoded == content and _sure(bare) and _is_text(plain := _bytes(bare)):
        return plain  # every line is damaged, for example by a program that ends long lines with an exclamation mark
    return decoded


def _bytes(coded: bytes) -> bytes:
    """Return a decoded block of base64; other characters in it are skipped."""
    kept = coded.translate(None, _NOISE)
    if len(kept) % _GROUP == 1:  # six bits are not a whole byte
        kept = kept[:-1]
    return binascii.a2b_base64(kept + b"=" * (-len(kept) % _GROUP))


def _blocks(content: bytes) -> Iterator[bytes]:
    """Yield decoded base64, and the plain lines around it, which mail servers add as footers and banners.

    Lines of base64 have one width; a shorter or padded line is the last one of its block.
    """
    coded: list[bytes] = []
    width = 0
    for line in content.splitlines(keepends=True):
        bare = line.strip()
        if coded and bare and not _goes_on(bare, width):
            yield _bytes(b"".join(coded)) + b"\n"
            coded = []
        if coded and bare:
            coded.append(bare)
        elif not coded and _begins(bare, first=not width):
            coded, width = [bare], len(bare)
        elif not coded:
            yield line
        if coded and bare and (len(bare) < width or bare.endswith(b"=")):
            yield _bytes(b"".join(coded)) + b"\n"
            coded = []
    if coded:
        yield _bytes(b"".join(coded))


def _goes_on(bare: bytes, width: int) -> bool:
    """Return whether a block of base64 continues with this line, of which a few characters may be damaged."""
    if _LINE.fullmatch(bare):
        return len(bare) <= width
    return len(bare) == width and b" " not in bare and _sure(bare)


def _sure(bare: bytes) -> bool:
    return len(bare.translate(None, _NOISE)) >= _SURE_SHARE * len(bare)


def _begins(bare: bytes, *, first: bool) -> bool:
    """Return whether a block of base64 begins here; a later block must be certain, since the line may be a footer."""
    if not _LINE.fullmatch(bare) or len(bare) % _GROUP:
        return False
    if first and len(bare) >= _LEAST_UNDECLARED:
        return True
    return len(bare) >= (_GROUP if bare.endswith(b"=") else _LEAST_LATER) and _is_text(_bytes(bare))


def _from_undeclared(content: bytes) -> bytes:
    """Return text with an undeclared encoding, decoded only if all of it is certainly encoded."""
    first = content[:_HEAD_BYTES].lstrip().split(b"\n", 1)[0].strip()
    if len(first) >= _LEAST_UNDECLARED and _LINE.fullmatch(first):
        bare = content.translate(None, b" \t\r\n")
        if not len(bare) % _GROUP and _WHOLE.fullmatch(bare) and _is_text(plain := _bytes(bare)):
            return plain
    if content.isascii() and _QUOTED_LETTER.search(content) and content.count(b"=") == len(_QUOTED.findall(content)):
        plain = binascii.a2b_qp(content)
        return plain if _is_text(plain) else content
    return content


def _is_text(data: bytes) -> bool:
    """Return whether bytes are readable text in UTF-8."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    return all(map(str.isprintable, text.translate({9: " ", 10: " ", 13: " "}).split(" ")))


def _from_uuencode(content: bytes) -> bytes:
    begin = _UU_BEGIN.search(content)
    if begin is None:
        return content
    decoded: list[bytes] = []
    for line in content[begin.end() :].splitlines():
        if line.strip() == b"end":
            break
        # Some encoders write more characters than the length at the start of the line requires.
        needed = ((line[0] - 32 & 63) * 4 + 5) // 3 if line else 0
        try:
            decoded.append(binascii.a2b_uu(line[:needed]))
        except binascii.Error:
            continue
    return b"".join(decoded)
