"""The bodies and attachments of a raw mail, within limits on size, parts and depth; never raises."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email import policy
from email.message import Message
from email.parser import BytesParser
from html import escape

from service.core.replies.mime.charsets import decode_text
from service.core.replies.mime.flowed import unflowed
from service.core.replies.mime.mime_headers import bounded_headers, header_values, header_words

MIME_BYTES = 40 * 1024 * 1024
PARTS = 100
DEPTH = 20


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a mail; `content_id` has no angle brackets, and is "" if no HTML shows the file."""

    filename: str = field(repr=False)
    content_type: str
    content_id: str = field(repr=False)
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bodies:
    """What a mail holds. `headers` has lower-case names, each with all its values in order.

    `bounded` tells that a bound cut something off; the raw mail still has it.
    """

    plain: str | None = field(default=None, repr=False)
    html: str | None = field(default=None, repr=False)
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    attachments: tuple[Attachment, ...] = field(default=(), repr=False)
    bounded: bool = False


@dataclass(frozen=True, slots=True)
class _MimePart:
    """A part that is no container, and whether it stands in a choice of forms."""

    message: Message = field(repr=False)
    alternative: bool


def decode_bodies(raw_mime: bytes) -> Bodies:
    """Return the bodies of a mail as text, its headers decoded, and its attachments.

    Whatever cannot be parsed is returned as one text body: no byte of the mail is unread.
    """
    raw, cut = bounded_headers(raw_mime[:MIME_BYTES])
    bounded = cut or len(raw_mime) > MIME_BYTES
    if raw.lower().count(b"multipart/") > 4 * PARTS:
        return _as_text(raw)
    try:
        message = BytesParser(policy=policy.compat32).parsebytes(raw)
        parts, complete = _parts(message)
        return _gathered(parts, header_values(message), bounded or not complete)
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError):
        # The parser of the standard library has raised each of these on damaged mail.
        return _as_text(raw)


def _as_text(raw: bytes) -> Bodies:
    """Return a mail whose structure cannot be read as one text."""
    head, _, rest = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    return Bodies(plain=decode_text(rest or head, None), bounded=True)


def _parts(message: Message) -> tuple[list[_MimePart], bool]:
    """Return the parts in reading order, and whether none was left out."""
    parts: list[_MimePart] = []
    waiting = [(message, 0, False)]
    complete = True
    while waiting:
        part, depth, alternative = waiting.pop()
        children = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(children, list):
            if depth >= DEPTH:
                complete = False
                continue
            chosen = alternative or part.get_content_subtype() == "alternative"
            waiting.extend((child, depth + 1, chosen) for child in reversed(children) if isinstance(child, Message))
        elif len(parts) < PARTS:
            parts.append(_MimePart(part, alternative))
        else:
            complete = False
    return parts, complete


def _gathered(parts: list[_MimePart], headers: Mapping[str, tuple[str, ...]], bounded: bool) -> Bodies:
    plain: list[str] = []
    html: list[str] = []
    attachments: list[Attachment] = []
    mixed = False
    for part in parts:
        kind = _body_kind(part.message)
        if kind == "plain":
            plain.append(_text(part.message))
        elif kind == "html":
            text = _text(part.message)
            if plain and not part.alternative:
                mixed = True
            html.append(text)
        else:
            attachments.append(_attachment(part.message))
    if mixed:
        # Two bodies that follow each other are no choice between forms: both are read.
        html.insert(0, "".join(f'<div style="white-space:pre-wrap">{escape(text)}</div>' for text in plain))
        plain = []
    return Bodies(
        plain="\n".join(plain) if plain else None,
        html="\n".join(html) if html else None,
        headers=headers,
        attachments=tuple(attachments),
        bounded=bounded,
    )


def _body_kind(part: Message) -> str | None:
    """Return "plain" or "html" for a part that is read as words."""
    if part.get_content_disposition() == "attachment" or part.get_filename():
        return None
    kind = part.get_content_type()
    if kind in {"text/html", "application/xhtml+xml"}:
        return "html"
    if kind in {"text/plain", "text/enriched"} or (part.get_content_maintype() == "multipart"):
        return "plain"
    return None


def _data(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        return payload
    children = part.get_payload()
    if isinstance(children, list):
        return b"\n".join(child.as_bytes() for child in children if isinstance(child, Message))
    return b""


def _text(part: Message) -> str:
    text = decode_text(_data(part), _parameter(part, "charset"))
    if _parameter(part, "format").lower() == "flowed":
        return unflowed(text, delsp=_parameter(part, "delsp").lower() == "yes")
    return text


def _parameter(part: Message, name: str) -> str:
    value = part.get_param(name)
    if isinstance(value, tuple):
        value = value[2]
    return str(value or "")


def _attachment(part: Message) -> Attachment:
    return Attachment(
        filename=header_words(part.get_filename() or ""),
        content_type=part.get_content_type(),
        content_id=str(part.get("Content-ID") or "").strip().strip("<>"),
        data=_data(part),
    )
