"""Photos in a mail: their type by their first bytes, which of them the person meant to send, and their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

MOST_IN_A_REPLY: Final = 10
LONGEST_SIDE: Final = 2_048
SMALL_SIDE: Final = 120  # pixels; a smaller picture inside the HTML is a logo, an icon or a tracking pixel
SMALL_BYTES: Final = 5_000
DOT_SIDE: Final = 8
OFTEN: Final = 2  # a picture that came with this many earlier mails is part of a letterhead

_STARTS: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
# Brands of the file type box (ISO/IEC 14496-12, 4.3; HEIF: ISO/IEC 23008-12, annex B).
_HEIF_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"hevc", b"hevx"})
# The segments of a JPEG by the second byte of their markers: the head, tables and the frame, the scan.
_APP0: Final = b"\xe0"
_TABLES: Final = frozenset({b"\xdb", b"\xc4", b"\xc0"})
_SCAN: Final = b"\xda"
_HEAD_BYTES: Final = 16  # of a head without a thumbnail
_AFTER_SCAN: Final = re.compile(rb"\xff[^\x00\xd0-\xd7]")  # a marker; the others stand within a scan
# Mail programs add these to sign or describe the mail; nobody sends them on purpose.
_MACHINERY: Final = frozenset(
    {
        "application/pgp-signature",
        "application/pgp-keys",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/ms-tnef",
    }
)
_SHOWN_NAMES: Final = 10
_SHOWN_LENGTH: Final = 60


class UnreadablePictureError(Exception):
    """A picture that cannot be kept: it is damaged, of another type than it says, or too large to decode."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was drawn again from its pixels, so it has no metadata; width and height in pixels."""

    content_type: str
    width: int
    height: int
    data: bytes = field(repr=False)


def sniff(data: bytes) -> str | None:
    """Return the content type of a picture, by its first bytes, or None where it is no type that we keep."""
    for start, content_type in _STARTS:
        if data.startswith(start):
            return content_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        return "image/heic"
    return None


def is_bare_jpeg(data: bytes) -> bool:
    """Return whether a JPEG has one baseline scan, its tables, and nothing else (ITU T.81, annex B; JFIF 1.02).

    It has no metadata, comment or thumbnail, and nothing stands behind its end.
    """
    at = 2
    while data[at : at + 1] == b"\xff":
        code, length = data[at + 1 : at + 2], int.from_bytes(data[at + 2 : at + 4])
        if code == _SCAN:
            after = _AFTER_SCAN.search(data, at + 2 + length)
            return after is not None and data[after.start() :] == b"\xff\xd9"
        is_head = code == _APP0 and length == _HEAD_BYTES and data[at + 4 : at + 9] == b"JFIF\0"
        if not (is_head or code in _TABLES) or length < len(b"  "):
            return False
        at += 2 + length
    return False


def is_machinery(content_type: str) -> bool:
    """Return whether a file is a technical part of the mail, such as its signature."""
    return content_type.lower() in _MACHINERY


def is_decoration(picture: Picture, sent_bytes: int, *, is_inside: bool) -> bool:
    """Return whether a picture is a tracking pixel, or a logo or an icon inside the mail.

    `is_inside` says that the mail's own HTML shows it; `sent_bytes` is its size as it was received.
    """
    if max(picture.width, picture.height) <= DOT_SIDE:
        return True
    return is_inside and (sent_bytes < SMALL_BYTES or min(picture.width, picture.height) < SMALL_SIDE)


def named(names: Sequence[str]) -> str:
    """Return file names for a sentence: each is shortened, and only the first few are named."""
    shown = [_short(name) for name in names[:_SHOWN_NAMES]]
    rest = len(names) - len(shown)
    if rest:
        return f"{', '.join(shown)} and {rest} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def _short(name: str) -> str:
    """Return a name on one line that cannot be taken for a link or a placeholder."""
    name = " ".join("".join(char if char.isprintable() else " " for char in name).split())
    name = name.replace("%", "").replace("://", ":")
    return name if len(name) <= _SHOWN_LENGTH else f"{name[: _SHOWN_LENGTH - 1]}…"
