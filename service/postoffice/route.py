"""An incoming mail as the form that a Mailgun route posts.

Source: Mailgun, Receive, Forward and Store messages (documentation.mailgun.com): urlencoded, or
multipart when there are attachments; text transcoded to UTF-8; every header a field as well.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from email.utils import parseaddr
from urllib.parse import urlencode

from service.mail.inbound.headers import decoded, split_headers
from service.mail.signature import Signature

_SCORE = "-0.1"
_FORM = "application/x-www-form-urlencoded"
Fields = list[tuple[str, str | bytes]]
_Files = list[tuple[str, str, str, bytes]]


def authenticated(raw_mime: bytes, *, passes: bool = True) -> bytes:
    """Return the mail with the spam filter's headers above the provider's Received, and signed by the From's domain."""
    headers = dict(split_headers(raw_mime))
    sender = parseaddr(headers.get("From", ""))[1]
    domain = sender.rpartition("@")[2] or "nowhere.example"
    verdict = "Pass" if passes else "Fail"
    lines = [
        "X-Mailgun-Incoming: Yes",
        "X-Mailgun-Sflag: No",
        f"X-Mailgun-Sscore: {_SCORE}",
        f"X-Mailgun-Spf: {verdict}",
        f"X-Mailgun-Dkim-Check-Result: {verdict}",
        f"X-Envelope-From: <{sender}>",
        f"Received: from mx.{domain} by mx.postoffice.example with ESMTP; {headers.get('Date', '')}",
        f"Dkim-Signature: v=1; a=rsa-sha256; d={domain}; s=local; h=from:to:subject; bh=bG9jYWw=; b=bG9jYWw=",
    ]
    return "".join(f"{line}\r\n" for line in lines).encode("ascii", "replace") + raw_mime


def route_form(
    raw_mime: bytes,
    *,
    recipients: Sequence[str],
    signature: Signature,
    as_mime: bool,
    envelope_sender: str | None = None,
) -> tuple[str, bytes]:
    """Return content type and body of the route's post.

    `envelope_sender` is the MAIL FROM, empty for a bounce; the default is the From's address.
    """
    headers = split_headers(raw_mime)
    by_name = {name.lower(): value for name, value in reversed(headers)}
    if envelope_sender is None:
        envelope_sender = parseaddr(by_name.get("from", ""))[1]
    fields: Fields = [
        ("recipient", ",".join(recipients)),
        ("sender", envelope_sender),
        ("subject", decoded(by_name.get("subject", ""))),
        ("from", decoded(by_name.get("from", ""))),
        *((_title_case(name), decoded(value)) for name, value in headers),
        ("message-headers", json.dumps([[name, decoded(value)] for name, value in headers])),
    ]
    files: _Files = []
    if as_mime:
        fields.append(("body-mime", raw_mime))
    else:
        files = _add_bodies(fields, message_from_bytes(raw_mime, policy=compat32))
    fields += [
        ("timestamp", signature.timestamp),
        ("token", signature.token),
        ("signature", signature.signature),
    ]
    return _multipart(fields, files) if files else (_FORM, urlencode(fields).encode("ascii"))


def _add_bodies(fields: Fields, message: Message) -> _Files:
    """Add body-plain, body-html and the related fields; return the attachments."""
    plain: list[str] = []
    html: list[str] = []
    files: _Files = []
    content_ids: dict[str, str] = {}
    for part in _leaves(message):
        kind = part.get_content_type()
        if part.get_filename() is None and kind in {"text/plain", "text/html"}:
            (plain if kind == "text/plain" else html).append(_text(part))
            continue
        name = f"attachment-{len(files) + 1}"
        files.append((name, part.get_filename() or "", kind, _data(part)))
        if content_id := part.get("Content-Id"):
            content_ids[str(content_id)] = name
    fields += [("body-plain", "".join(plain)), ("stripped-text", "".join(plain).partition("\r\n>")[0])]
    fields += [("body-html", "".join(html))] if html else []
    fields += [("attachment-count", str(len(files)))] if files else []
    fields += [("content-id-map", json.dumps(content_ids))] if content_ids else []
    return files


def _leaves(message: Message) -> Iterator[Message]:
    """Yield the parts in order; an attached mail or report is one file."""
    children = message.get_payload()
    if message.get_content_maintype() == "multipart" and isinstance(children, list):
        for child in children:
            yield from _leaves(child) if isinstance(child, Message) else ()
    else:
        yield message


def _data(part: Message) -> bytes:
    children = part.get_payload()
    if isinstance(children, list):
        return b"\n".join(child.as_bytes() for child in children if isinstance(child, Message))
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _text(part: Message) -> str:
    raw = _data(part)
    try:
        text = raw.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        text = raw.decode("utf-8", "replace")
    return "\r\n".join(text.replace("\r\n", "\n").split("\n"))


def _title_case(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


def _multipart(fields: Fields, files: _Files) -> tuple[str, bytes]:
    boundary = secrets.token_hex(16)
    body = bytearray()
    for name, value in fields:
        body += _part(boundary, f'name="{_quoted(name)}"', "")
        body += (value if isinstance(value, bytes) else value.encode()) + b"\r\n"
    for name, filename, kind, data in files:
        disposition = f'name="{name}"; filename="{_quoted(filename)}"'
        body += _part(boundary, disposition, f"Content-Type: {kind}\r\n") + data + b"\r\n"
    body += f"--{boundary}--\r\n".encode("ascii")
    return f"multipart/form-data; boundary={boundary}", bytes(body)


def _part(boundary: str, disposition: str, more: str) -> bytes:
    head = f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n{more}\r\n"
    return head.encode("utf-8", "replace")


def _quoted(text: str) -> str:
    return text.replace("\\", "").replace('"', "%22").replace("\r", "").replace("\n", "")
