"""Writing a mail as bytes (RFC 5322), with unchanged headers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr, getaddresses

_ADDRESS_HEADERS = frozenset({"from", "to", "cc", "reply-to", "sender"})


@dataclass(frozen=True, slots=True)
class File:
    """A file to attach."""

    filename: str = field(repr=False)
    content_type: str
    data: bytes = field(repr=False)


def write_mail(
    headers: Iterable[tuple[str, str]],
    text: str,
    html: str | None = None,
    *,
    is_flowed: bool = False,
    files: Sequence[File] = (),
    inline: Sequence[File] = (),
) -> bytes:
    """Return the mail: plain text, with HTML as its alternative, with files as attachments.

    `inline` are pictures inside the HTML, whose Content-ID is their name.

    Headers are written without the library, one line each, because it folds a long token into
    encoded words, which no mail program does with a List-Unsubscribe.
    """
    message = EmailMessage(policy=SMTP)
    params = {"format": "flowed"} if is_flowed else None
    message.set_content(text, cte="quoted-printable", params=params)
    if html is not None:
        message.add_alternative(html, subtype="html", cte="quoted-printable")
        *_, shown = message.iter_parts()
        assert isinstance(shown, EmailMessage)
        for file in inline:
            main, _, sub = file.content_type.partition("/")
            shown.add_related(file.data, maintype=main, subtype=sub, cid=f"<{file.filename}>")
    for file in files:
        main, _, sub = file.content_type.partition("/")
        message.add_attachment(file.data, maintype=main, subtype=sub or "octet-stream", filename=file.filename)
    lines = "".join(f"{name}: {_written(name, value)}\r\n" for name, value in headers)
    return lines.encode("ascii", "replace") + message.as_bytes()


def _written(name: str, value: str) -> str:
    value = " ".join(value.splitlines())
    if value.isascii():
        return value
    if name.lower() in _ADDRESS_HEADERS:
        return ", ".join(formataddr(pair) for pair in getaddresses([value]))
    return Header(value, "utf-8", maxlinelen=0).encode()
