"""One email and its recipients as the form fields of Mailgun's messages API.

Source: Mailgun, Sending messages (documentation and OpenAPI, POST /v3/{domain}/messages).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from service.mail.outbound.mailer import OutgoingEmail, Recipient
from service.mail.outbound.placeholders import check, filled, names_in, placeholder
from service.mail.provider_events import DELIVERY_VARIABLE

MAX_RECIPIENTS = 1_000
FormFields = list[tuple[str, str]]
FormFiles = list[tuple[str, tuple[str, bytes, str]]]
_UNBATCHED = re.compile(r"[+%]")
_LINE_BREAK = re.compile(r"[\r\n\0]")


def message_form(email: OutgoingEmail, to: Sequence[Recipient]) -> FormFields:
    """Return the fields of one request; each of several recipients gets their own mail.

    Raises:
        ValueError: no recipient or more than 1,000; in a batch, a repeated address or one with a `+` or a
            `%`; a placeholder without a value; a line break in a header.
    """
    if not 0 < len(to) <= MAX_RECIPIENTS:
        raise ValueError(f"A request takes 1 to {MAX_RECIPIENTS} recipients, not {len(to)}")
    return _batch(email, to) if len(to) > 1 else _single(email, to[0])


def picture_files(email: OutgoingEmail) -> FormFiles:
    """Return the files of one request: pictures that the HTML shows by `cid:` and their name."""
    return [("inline", (picture.name, picture.data, picture.content_type)) for picture in email.pictures]


def may_be_batched(address: str) -> bool:
    """Return whether a recipient may be in a batch: the provider finds no variables for some addresses.

    It was reported to leave placeholders unfilled for an address with a `+` (mailgun.js issue 413), and a `%` could
    be read as part of a placeholder.
    """
    return not _UNBATCHED.search(address)


def variables_bytes(recipient: Recipient) -> int:
    """Return how many bytes of recipient variables one recipient adds to a request."""
    own = {**recipient.variables, DELIVERY_VARIABLE: str(recipient.delivery_id)}
    return len(_json({recipient.address: own}).encode())


def _json(variables: Mapping[str, Mapping[str, str]]) -> str:
    return json.dumps(variables, separators=(",", ":"))


def _single(email: OutgoingEmail, recipient: Recipient) -> FormFields:
    """Return the fields for one recipient, without recipient-variables: with them, placeholders would be filled in."""
    complete = email
    if recipient.variables:
        own = {**recipient.variables, DELIVERY_VARIABLE: str(recipient.delivery_id)}
        complete = filled(email, own)
    return _fields(complete, [recipient], delivery=str(recipient.delivery_id))


def _batch(email: OutgoingEmail, to: Sequence[Recipient]) -> FormFields:
    names = names_in(email) - {DELIVERY_VARIABLE}
    if not all(may_be_batched(recipient.address) for recipient in to):
        raise ValueError("An address with a + or a % cannot be part of a batch")
    if len({recipient.address.lower() for recipient in to}) < len(to):
        raise ValueError("An address is twice in a batch")
    variables = {}
    for recipient in to:
        check(names, recipient.variables)
        own = {name: recipient.variables[name] for name in sorted(names)}
        variables[recipient.address] = own | {DELIVERY_VARIABLE: str(recipient.delivery_id)}
    return [
        *_fields(email, to, delivery=placeholder(DELIVERY_VARIABLE)),
        ("recipient-variables", _json(variables)),
    ]


def _fields(email: OutgoingEmail, to: Sequence[Recipient], *, delivery: str) -> FormFields:
    fields = [
        ("from", email.sender),
        *(("to", recipient.address) for recipient in to),
        ("subject", email.subject),
        *((f"h:{name}", value) for name, value in email.headers.items()),
        *((("h:Reply-To", email.reply_to),) if email.reply_to else ()),
        ("v:delivery", delivery),
        *((f"v:{name}", value) for name, value in email.event_variables.items()),
        ("o:tracking", "no"),
    ]
    for name, value in fields:
        if _LINE_BREAK.search(name + value):
            raise ValueError(f"A line break in the field {name.splitlines()[0]}")
    bodies = (("text", email.text), ("html", email.html))
    return [*fields, *(body for body in bodies if body[1])]
