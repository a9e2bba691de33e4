"""Japanese text in escape sequences (ISO-2022-JP, RFC 1468) and in EUC-JP, with the vendors' extensions.

Python's own codecs refuse the extensions. Microsoft's code page 932 has them all, so characters are converted to it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice

_ESCAPE = re.compile(rb"\x1b(\$\([@BDOPQ]|\$\)?[@ABC]|\([BIJ]|[.N&][@A-Z])")
_ESC = b"\x1b"
_LOST_BEGIN = re.compile(rb"\$[@B]")
_LOST_ENDS = (b"(B", b"(J")
_EUC = re.compile(
    rb"\x8e([\xa1-\xdf])|\x8f([\xa1-\xfe]{2})|((?:[\xa1-\xfe]{2})+)|((?:[\x80-\x8d\x90-\xa0\xff]"
    rb"|\x8e(?![\xa1-\xdf])|\x8f(?![\xa1-\xfe]{2})|[\xa1-\xfe](?![\xa1-\xfe]))+)"
)
_HALF, _SUPPLEMENTARY, _PAIRS = 1, 2, 3  # its groups; the last one is of stray bytes
_PAIR = re.compile(rb"([!-~]{2})|(.)", re.DOTALL)
_TWO_BYTES = frozenset({b"$@", b"$B", b"$(@", b"$(B", b"$(O", b"$(Q"})
_SUPPLEMENT = frozenset({b"$(D", b"$(P"})
_HALF_WIDTH = b"(I"
_CHINESE = b"$A"
_PRINTED = range(0x21, 0x7F)
_HIGH = bytes(byte | 0x80 if byte in _PRINTED else byte for byte in range(256))
_LOW = bytes(byte & 0x7F for byte in range(256))
_LAST_ASCII = 0x7F
_ROWS_BEFORE_GAP = 0x5F  # the last row whose lead byte is below half-width katakana
_CELLS_BEFORE_GAP = 0x60  # 0x7F is not used as a second byte
_KOREAN = b"\x1b$)C"
_MOST_RUNS = 10_000  # of one kind of character; text has fewer, and each costs a step here


def has_escapes(data: bytes) -> bool:
    """Return whether bytes have an escape sequence that starts characters of two bytes."""
    return b"\x1b$" in data and _ESCAPE.search(data) is not None


def decode_escapes(data: bytes) -> str:
    """Return text with escape sequences decoded; invalid bytes become U+FFFD."""
    if _KOREAN in data:
        return data.decode("iso2022_kr", "replace")
    # A line ends in ASCII (RFC 1468), even if the escape sequence for it is missing.
    return "\n".join(map(_line, data.split(b"\n")))


def with_escapes(data: bytes) -> bytes:
    """Return declared ISO-2022-JP with the escape characters that a gateway removed."""
    return data if _ESC in data else b"\n".join(map(_line_with_escapes, data.split(b"\n")))


def decode_euc_jp(data: bytes) -> str:
    """Return decoded EUC-JP with the vendors' extensions; invalid bytes become U+FFFD.

    After very many changes between kinds of characters, the vendors' become U+FFFD as well.
    """
    text: list[str] = []
    at = 0
    for found in islice(_EUC.finditer(data), _MOST_RUNS):
        if found.start() > at:
            text.append(data[at : found.start()].decode("ascii", "replace"))
        at = found.end()
        group = found.lastindex
        if group == _HALF:
            text.append(found[_HALF].decode("cp932"))
        elif group in {_SUPPLEMENTARY, _PAIRS}:
            low = found[group].translate(_LOW)
            text += [_character(low[n : n + 2], group == _SUPPLEMENTARY) for n in range(0, len(low), 2)]
        else:
            text.append("\N{REPLACEMENT CHARACTER}" * (found.end() - found.start()))
    text.append(data[at:].decode("euc_jp", "replace"))
    return "".join(text)


def _line_with_escapes(line: bytes) -> bytes:
    done: list[bytes] = []
    at = 0
    while begin := _LOST_BEGIN.search(line, at):
        end = begin.end()
        while end < len(line) and line[end : end + 2] not in _LOST_ENDS:
            end += 2
        if end >= len(line):
            break
        done += (line[at : begin.start()], _ESC, line[begin.start() : end], _ESC, line[end : end + 2])
        at = end + 2
    return b"".join((*done, line[at:]))


def _line(line: bytes) -> str:
    if b"\x1b" not in line:
        return line.decode("ascii", "replace")
    first, *rest = _ESCAPE.split(line)
    text = [first.decode("ascii", "replace")]
    for escape, segment in zip(rest[::2], rest[1::2], strict=True):
        if escape in _TWO_BYTES or escape in _SUPPLEMENT:
            text.append(_pairs(segment, supplement=escape in _SUPPLEMENT))
        elif escape == _HALF_WIDTH:
            text.append(segment.translate(_HIGH).decode("cp932", "replace"))
        elif escape == _CHINESE:
            text.append(segment.translate(_HIGH).decode("gb18030", "replace"))
        else:
            text.append(segment.decode("ascii", "replace"))
    return "".join(text)


def _pairs(segment: bytes, *, supplement: bool) -> str:
    """Return decoded pairs of bytes; a byte outside a pair is one character."""
    text: list[str] = []
    for found in _PAIR.finditer(segment):
        pair, single = found.groups()
        text.append(_character(pair, supplement) if pair else _lone_byte(single))
    return "".join(text)


def _lone_byte(byte: bytes) -> str:
    return "\N{REPLACEMENT CHARACTER}" if byte[0] in _PRINTED or byte[0] > _LAST_ASCII else chr(byte[0])


@lru_cache(maxsize=94 * 94)
def _character(pair: bytes, supplement: bool) -> str:
    """Return a character of JIS X 0208 with the vendors' rows, or one of JIS X 0212."""
    if supplement:
        return bytes((0x8F, pair[0] | 0x80, pair[1] | 0x80)).decode("euc_jp", "replace")
    return _shifted(pair).decode("cp932", "replace")


def _shifted(pair: bytes) -> bytes:
    """Return a character of JIS X 0208 or the vendors' rows, encoded in code page 932."""
    row, cell = pair
    lead = ((row - 0x21) >> 1) + (0x81 if row < _ROWS_BEFORE_GAP else 0xC1)
    if row % 2 == 0:
        return bytes((lead, cell + 0x7E))
    return bytes((lead, cell + (0x1F if cell < _CELLS_BEFORE_GAP else 0x20)))
