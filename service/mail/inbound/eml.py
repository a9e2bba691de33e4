"""An incoming mail as a file that mail programs open (.eml, RFC 5322): as it was received, or made from its fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.encoders import encode_base64
from email.header import Header
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from typing import Final

from service.core.replies import Attachment
from service.mail.inbound.inbound_mail import InboundMail, Post, read_mail

# What says who wrote which mail, when, and to which it is a reply. All others describe the form that it came in.
_KEPT_HEADERS: Final = ("date", "from", "to", "cc", "subject", "message-id", "in-reply-to", "references")
_MARK: Final = "This email was put together from its parts. The mail service had not passed on the original."
_LINES: Final = compat32.clone(linesep="\r\n")


@dataclass(frozen=True, slots=True)
class MailFile:
    """The bytes of an .eml file, and whether they are not the mail as it was received."""

    data: bytes = field(repr=False)
    is_rebuilt: bool


def mail_file(post: Post) -> MailFile:
    """Return the mail of a post as a file."""
    mail = read_mail(post)
    if mail.raw_mime is not None:
        return MailFile(mail.raw_mime, is_rebuilt=False)
    return MailFile(_rebuilt(mail), is_rebuilt=True)


def _rebuilt(mail: InboundMail) -> bytes:
    message = MIMEMultipart("mixed", policy=_LINES)
    for name, value in mail.headers:
        if name.lower() in _KEPT_HEADERS:
            message[name.title()] = _header(value)
    message["X-Rebuilt"] = _MARK
    texts = MIMEMultipart("alternative", policy=_LINES)
    for kind, text in (("plain", mail.plain), ("html", mail.html)):
        if text is not None:
            texts.attach(MIMEText(text.encode("utf-8", "replace").decode(), kind, "utf-8", policy=_LINES))
    message.attach(texts)
    for attachment in mail.attachments:
        message.attach(_attached(attachment))
    return message.as_bytes()


def _header(value: str) -> str:
    clean = " ".join(value.encode("utf-8", "replace").decode().split())
    return clean if clean.isascii() else Header(clean, "utf-8").encode()


def _attached(attachment: Attachment) -> MIMEBase:
    kind, _, subtype = attachment.content_type.partition("/")
    is_plain_kind = kind.isalnum() and subtype.replace("-", "").replace("+", "").replace(".", "").isalnum()
    if not is_plain_kind or kind.lower() in {"multipart", "message"}:
        kind, subtype = "application", "octet-stream"
    part = MIMEBase(kind, subtype, policy=_LINES)
    part.set_payload(attachment.data)
    encode_base64(part)
    name = " ".join(attachment.filename.encode("utf-8", "replace").decode().split())
    part.add_header("Content-Disposition", "attachment", filename=name if name.isascii() else ("utf-8", "", name))
    if attachment.content_id and attachment.content_id.isascii() and not attachment.content_id.split()[1:]:
        part["Content-ID"] = f"<{attachment.content_id.strip()}>"
    return part
