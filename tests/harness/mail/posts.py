"""Mails as a Mailgun route posts them, signed."""

from __future__ import annotations

import secrets
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from service.mail.signature import Signature, sign
from service.postoffice.route import authenticated, route_form


def mail(
    words: str = "Soup, slowly.",
    *,
    sender: str = "ana@example.com",
    to: str = "r-x@reply.example.org",
    sent_at: datetime | None = None,
    attachment: bytes = b"",
    passes: bool = True,
    **headers: str,
) -> bytes:
    """Return a whole mail; a header is named with underscores for its hyphens."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, "Re: Soup"
    message["Message-ID"] = f"<{secrets.token_hex(8)}@mail.example.com>"
    if sent_at:
        message["Date"] = format_datetime(sent_at)
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(words)
    if attachment:
        message.add_attachment(attachment, maintype="application", subtype="octet-stream", filename="photo.bin")
    return authenticated(message.as_bytes(), passes=passes)


def signed(now: datetime, *, key: str = "signing", token: str = "") -> Signature:
    return sign(key, timestamp=int(now.timestamp()), token=token or secrets.token_hex(25))


def post(
    raw: bytes,
    recipient: str,
    signature: Signature,
    *,
    as_mime: bool = False,
    envelope_sender: str | None = None,
) -> tuple[str, bytes]:
    """Return content type and body."""
    form: dict[str, Any] = {"recipients": [recipient], "signature": signature, "as_mime": as_mime}
    return route_form(raw, envelope_sender=envelope_sender, **form)
