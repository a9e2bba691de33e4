"""An incoming mail, read from a route's post as fields or as MIME.

Sources: Mailgun, Receive, Forward and Store messages (documentation.mailgun.com); where
practice differs, the posts captured by django-anymail and multi_mail.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from service.core.replies import Attachment
from service.mail.inbound.headers import Pairs, bounded, decoded, sent_at, sole_address, split_headers
from service.mail.inbound.posts import (
    MalformedPostError,
    Post,
    PostedFile,
    as_text,
    content_hash,
    parse_post,
    read_signature,
)
from service.mail.signature import Signature, SignatureCheck

__all__ = [
    "Attachment",
    "InboundMail",
    "MalformedPostError",
    "Post",
    "PostedFile",
    "Signature",
    "SignatureCheck",
    "content_hash",
    "parse_post",
    "read_mail",
    "read_signature",
]

MAX_LISTED_BYTES = 1024 * 1024
_ATTACHMENT = "attachment-"
_MAX_NUMBER_DIGITS = 6
_BEFORE_ITEM = re.compile(r"\s*[\[,]\s*")


@dataclass(frozen=True, slots=True)
class InboundMail:
    """A mail as the provider posted it; private fields are left out of its repr.

    `plain` and `html` are None in the MIME form, where `raw_mime` holds the whole mail.
    `from_address` is None unless the From has exactly one address. `headers` are decoded
    and in order. `spf`, `dkim` and `flag` are the provider's own results in lower case, None
    if its spam filter does not tag mail: then the sender is not authenticated.
    `files_left_behind` is the number of files that a route with `store(notify=...)` kept at the
    provider, or None for another route.
    """

    recipients: tuple[str, ...] = field(repr=False)
    sender: str = field(repr=False)
    from_header: str = field(repr=False)
    from_address: str | None = field(repr=False)
    subject: str = field(repr=False)
    message_id: str | None = field(repr=False)
    headers: Pairs = field(repr=False)
    plain: str | None = field(repr=False)
    html: str | None = field(repr=False)
    raw_mime: bytes | None = field(repr=False)
    attachments: tuple[Attachment, ...] = field(repr=False)
    sent_at: datetime | None
    spf: str | None
    dkim: str | None
    flag: str | None
    files_left_behind: int | None = None

    def header(self, name: str) -> str | None:
        """Return the first header with this name, in any case."""
        return _first(self.headers, name)

    def all_headers(self, name: str) -> list[str]:
        """Return every header with this name, from the top down."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


def read_mail(post: Post, *, with_contents: bool = True) -> InboundMail:
    """Return the mail in a route's post, from its fields or from its `body-mime`.

    Any field may be absent, even those that the documentation calls "always present". Without contents a mail has
    neither text nor attachments and takes little memory: as str, 60 MB of words may take 240.
    """
    raw_mime = _raw_mime(post)
    headers = split_headers(raw_mime) if raw_mime is not None else _posted_headers(post)
    froms = [value for name, value in headers if name.lower() == "from"]
    has_fields = with_contents and raw_mime is None
    return InboundMail(
        recipients=_recipients(post.text("recipient") or ""),
        sender=_envelope_sender(post.text("sender")),
        from_header=decoded(froms[0]) if froms else "",
        from_address=sole_address(froms[0]) if len(froms) == 1 else None,
        subject=decoded(_first(headers, "subject") or ""),
        message_id=_first(headers, "message-id") or None,
        headers=tuple((name, decoded(value)) for name, value in headers),
        plain=post.text("body-plain") if has_fields else None,
        html=_html(post) if has_fields else None,
        raw_mime=raw_mime if with_contents else None,
        attachments=_attachments(post) if has_fields else (),
        sent_at=sent_at(_first(headers, "date")),
        spf=_verdict(headers, "x-mailgun-spf"),
        dkim=_verdict(headers, "x-mailgun-dkim-check-result"),
        flag=_verdict(headers, "x-mailgun-sflag"),
        files_left_behind=_files_left_behind(post),
    )


def _raw_mime(post: Post) -> bytes | None:
    as_field = post.raw("body-mime")
    if as_field is not None:
        return as_field
    return next((file.data for file in post.files if file.name == "body-mime"), None)


def _posted_headers(post: Post) -> Pairs:
    """Return the headers from `message-headers`, or from the Title-Case fields if that is invalid."""
    listed = _listed(post.raw("message-headers") or b"")
    headers = bounded(_title_case_fields(post) if listed is None else _string_pairs(listed))
    sender = post.text("from")
    if sender and _first(headers, "from") is None:
        return (*headers, ("From", sender))
    return headers


def _listed(written: bytes) -> list[object] | None:
    """Return the items of a JSON list, or None for anything else; only the first items of a list over 1 MB.

    A parsed list takes many times the memory of its text, and at most 64 kB of headers are read.
    """
    text = as_text(written[:MAX_LISTED_BYTES])
    try:
        if len(written) > MAX_LISTED_BYTES:
            return list(_leading_items(text))
        listed = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return listed if isinstance(listed, list) else None


def _leading_items(text: str) -> Iterator[object]:
    """Yield the items of a truncated JSON list."""
    decoder = json.JSONDecoder()
    at = 0
    while opened := _BEFORE_ITEM.match(text, at):
        try:
            item, at = decoder.raw_decode(text, opened.end())
        except ValueError:  # this item is truncated, or this is not a list
            return
        yield item


def _string_pairs(listed: list[object]) -> Iterable[tuple[str, str]]:
    for pair in listed:
        match pair:
            case [str(name), str(value)]:
                yield name, value.encode("utf-8", "replace").decode("utf-8").strip()


def _title_case_fields(post: Post) -> Iterable[tuple[str, str]]:
    grouped: dict[str, list[bytes]] = {}
    for name, value in post.fields:
        if name[:1].isupper():
            grouped.setdefault(name, []).append(value)
    for name, values in grouped.items():
        for value in values:
            yield name, as_text(value).strip()


def _first(headers: Pairs, name: str) -> str | None:
    return next((value.strip() for key, value in headers if key.lower() == name.lower()), None)


def _verdict(headers: Pairs, name: str) -> str | None:
    """Return the provider's result with this name, in lower case, or None if there is none.

    The provider writes its results above the topmost Received, which its own server wrote. A header below that, or in
    a mail without Received, may come from the sender (captured posts in django-anymail and multi_mail).
    """
    received = next((at for at, (key, _) in enumerate(headers) if key.lower() == "received"), 0)
    value = _first(headers[:received], name)
    return value.lower() if value else None


def _recipients(listed: str) -> tuple[str, ...]:
    return tuple(address.strip() for address in listed.split(",") if address.strip())


def _envelope_sender(posted: str | None) -> str:
    """Return the MAIL FROM: `<>` if it was empty, which only programs send; "" if the provider did not post it."""
    return "" if posted is None else posted.strip() or "<>"


def _html(post: Post) -> str | None:
    parts = post.texts("body-html")
    return "\n".join(parts) if parts else None


def _attachments(post: Post) -> tuple[Attachment, ...]:
    content_ids = _content_ids(post)
    numbered = sorted(
        (file for file in post.files if file.name.startswith(_ATTACHMENT)),
        key=lambda file: _number(file.name),
    )
    return tuple(
        Attachment(file.filename, file.content_type, content_ids.get(file.name, ""), file.data) for file in numbered
    )


def _files_left_behind(post: Post) -> int | None:
    """Return the number of files that a `store(notify=...)` route lists and does not post (django-anymail)."""
    if post.raw("message-url") is None:
        return None
    return len(_listed(post.raw("attachments") or b"") or ())


def _content_ids(post: Post) -> dict[str, str]:
    """Return content ids by field name; the provider posts the inverse map, with some empty values."""
    try:
        listed = json.loads(post.text("content-id-map") or "null")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(listed, dict):
        return {}
    return {
        name: content_id.strip("<> ")
        for content_id, name in listed.items()
        if isinstance(name, str) and content_id.strip("<> ")
    }


def _number(name: str) -> int:
    digits = name.removeprefix(_ATTACHMENT)
    return int(digits) if digits.isdecimal() and len(digits) <= _MAX_NUMBER_DIGITS else 0
