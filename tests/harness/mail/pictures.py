"""Pictures made by tests, and mails with them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from email.message import EmailMessage
from io import BytesIO
from typing import Any

import pillow_heif
from PIL import Image, TiffImagePlugin

from service.postoffice.route import authenticated

pillow_heif.register_heif_opener()

ORIENTATION, GPS, MAKER = 0x0112, 0x8825, 0x010F
File = tuple[str, str, bytes, str]
"""Filename, content type, data, content id ("" for a file that the mail does not show)."""


def picture(size: tuple[int, int] = (640, 480), colour: Any = "teal", mode: str = "RGB") -> Image.Image:
    """Return a picture with a red upper left corner, and with noise so that its file is large."""
    image = Image.effect_noise(size, 80).convert(mode)
    image.paste(colour, (size[0] // 2, 0, size[0], size[1]))
    image.paste("red", (0, 0, size[0] // 4, size[1] // 4))
    return image


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def exif(**tags: Any) -> bytes:
    """Return EXIF data with a place (Leeds), a camera and an orientation."""
    found = Image.Exif()
    found[MAKER] = "Camera of Ana"
    found[ORIENTATION] = tags.get("orientation", 1)
    place = found.get_ifd(GPS)
    place[1], place[2] = "N", tuple(TiffImagePlugin.IFDRational(part) for part in (53, 47, 59))
    return found.tobytes()


def mail_with(files: Sequence[File], words: str = "", html: str = "", **headers: str) -> bytes:
    """Return a mail to a prompt with files, as ana@example.com sends it."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ana@example.com", "r-x@reply.example.org", "Re: Soup"
    message["Message-ID"] = f"<{secrets.token_hex(8)}@mail.example.com>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(words)
    if html:
        message.add_alternative(html, subtype="html")
    message.make_mixed()
    for filename, content_type, data, content_id in files:
        main, _, sub = content_type.partition("/")
        extra: dict[str, Any] = {"cid": f"<{content_id}>", "disposition": "inline"} if content_id else {}
        message.add_attachment(data, maintype=main, subtype=sub, filename=filename, **extra)
    return authenticated(message.as_bytes())
