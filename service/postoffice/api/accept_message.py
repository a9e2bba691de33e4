"""The messages API: turning a form into mails, or into the provider's error.

Sources: Mailgun, Sending messages and Batch sending (mailgun/documentation `api-sending.rst`,
`user_manual.rst`, 2024-07); one bad address fails the whole request (django-anymail, docs).
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import format_datetime, formataddr, getaddresses

from service.core.addresses import Address, AddressError
from service.mail.inbound.posts import Post
from service.mail.outbound.mailgun_form import MAX_RECIPIENTS
from service.postoffice.mailbox.mailbox import MailboxMail, Pairs, new_mail_id

MAX_OPTION_BYTES = 16 * 1024
_PLACEHOLDER = re.compile(r"%recipient\.([^%\s]+)%")
_OPTIONS = ("o:", "h:", "v:", "t:")


class NotAcceptedError(Exception):
    """The form is refused; status and text are the provider's."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True)
class SendCall:
    """One accepted request: its id, without `<>`, its mails, and the pictures inside them, by name."""

    provider_id: str
    mails: tuple[MailboxMail, ...]
    pictures: Mapping[str, bytes] = field(default_factory=dict, repr=False)


def accept(post: Post, *, domain: str, now: datetime) -> SendCall:
    """Return the mails of this form.

    Raises:
        NotAcceptedError: the provider would refuse the form, and send no part of it.
    """
    sender = _sender(post)
    to = _recipients(post)
    if not (post.raw("text") or post.raw("html")):
        raise NotAcceptedError("Need at least one of 'text' or 'html' parameters specified")
    if sum(len(n) + len(v) for n, v in post.fields if n.startswith(_OPTIONS)) > MAX_OPTION_BYTES:
        raise NotAcceptedError("o:, h:, v: and t: parameters together exceed 16 KB")
    variables = _recipient_variables(post)
    own_id = _options(post, "h:").get("Message-Id", "").strip("<> ")
    provider_id = own_id or f"{now:%Y%m%d%H%M%S}.{secrets.token_hex(8)}@{domain}"
    form = MailboxMail(
        mail_id="",
        provider_id=provider_id,
        accepted_at=now,
        sender=sender,
        recipient="",
        subject=post.text("subject") or "",
        text=post.text("text") or "",
        html=post.text("html") or "",
        headers=_headers(post, sender, provider_id, now),
        variables=_options(post, "v:"),
    )
    if variables is None:
        everybody = ", ".join(formataddr(pair) for pair in to)
        mails = tuple(_mail(form, address, everybody, None) for _, address in to)
    else:
        mails = tuple(_mail(form, address, address, _values(variables, address)) for _, address in to)
    # The name of an inline file is its Content-ID (Mailgun, Sending inline images).
    return SendCall(provider_id, mails, {file.filename: file.data for file in post.files if file.name == "inline"})


def _sender(post: Post) -> str:
    sender = post.text("from")
    if not sender:
        raise NotAcceptedError("from parameter is missing")
    if len(_addresses([sender])) != 1:
        raise NotAcceptedError("from parameter is not a valid address. please check documentation")
    return sender


def _recipients(post: Post) -> Sequence[tuple[str, str]]:
    given = post.texts("to")
    if not given:
        raise NotAcceptedError("to parameter is missing")
    found = _addresses([*given, *post.texts("cc"), *post.texts("bcc")])
    if not found:
        raise NotAcceptedError("to parameter is not a valid address. please check documentation")
    if len(found) > MAX_RECIPIENTS:
        raise NotAcceptedError(f"to parameter has more than {MAX_RECIPIENTS} recipients")
    return found


def _addresses(given: Sequence[str]) -> Sequence[tuple[str, str]]:
    """Return each (name, address) once, or nothing if one of them is invalid."""
    found = {address: name for name, address in getaddresses(list(given))}
    try:
        for address in found:
            Address.parse(address)
    except AddressError:
        return ()
    return [(name, address) for address, name in found.items()]


def _recipient_variables(post: Post) -> Mapping[str, Mapping[str, object]] | None:
    given = post.text("recipient-variables")
    if given is None:
        return None
    try:
        found = json.loads(given)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(own, dict) for own in found.values()):
        raise NotAcceptedError("recipient-variables parameter is not a valid JSON dictionary")
    return found


def _values(variables: Mapping[str, Mapping[str, object]], address: str) -> Mapping[str, object]:
    # An address with a + was reported to find no variables (mailgun.js issue 413): the
    # safer reading is that it still does not.
    return {} if "+" in address else variables.get(address, {})


def _headers(post: Post, sender: str, provider_id: str, now: datetime) -> Pairs:
    """Return the headers in the order of the form; To is added later for each recipient."""
    own = _options(post, "h:")
    variables = _options(post, "v:")
    lower = {name.lower() for name in own}
    standard = {"From": sender, "To": "", "Subject": post.text("subject") or ""}
    headers = [(name, value) for name, value in standard.items() if name.lower() not in lower]
    headers += [(name, value) for name, value in own.items() if name.lower() != "message-id"]
    headers += [("Message-Id", f"<{provider_id}>"), ("Date", format_datetime(now))]
    if variables:
        headers.append(("X-Mailgun-Variables", json.dumps(variables)))
    return tuple(headers)


def _options(post: Post, prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): post.text(name) or "" for name, _ in post.fields if name.startswith(prefix)}


def _mail(form: MailboxMail, recipient: str, to: str, values: Mapping[str, object] | None) -> MailboxMail:
    """Return one recipient's mail; without `values` no placeholder is filled in."""

    def fill(text: str) -> str:
        """Fill in the placeholders that have a value; the others are sent as they are (mailgun.js issue 445)."""
        if values is None:
            return text
        return _PLACEHOLDER.sub(lambda match: str(values.get(match[1], match[0])), text)

    return replace(
        form,
        mail_id=new_mail_id(form.accepted_at),
        recipient=recipient,
        subject=fill(form.subject),
        text=fill(form.text),
        html=fill(form.html),
        headers=tuple((n, to if n == "To" and not v else fill(v)) for n, v in form.headers),
        variables={name: fill(value) for name, value in form.variables.items()},
    )
