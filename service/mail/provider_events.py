"""The provider's events about our mail, from its webhook or its events API.

Sources: Mailgun, Webhook payloads and Events (documentation.mailgun.com); the gaps that practice
shows (delivery-status null, headers cut to the message id) from django-anymail's tests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from service.mail.signature import Signature

DELIVERY_VARIABLE = "delivery"
_MAX_ID_DIGITS = 19
_SLUG = re.compile(r"[a-z0-9-]{1,40}")


class MalformedEventError(ValueError):
    """The payload is no event; asking for it again would bring the same."""


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """One thing that happened to one mail for one recipient.

    `name` is accepted, delivered, failed, rejected, complained, unsubscribed, opened or clicked,
    or a newer one we do not know. `is_final` says of a failure that the provider gave up.
    `event_id` is unique within a day only. `message_id` has no `<>`. `delivery_id` is ours,
    None where the provider left it out. `reason` is the provider's slug (`bounce`,
    `suppress-bounce`, ...), never its free text, which quotes addresses.
    """

    name: str
    event_id: str
    occurred_at: datetime
    recipient: str = field(repr=False)
    message_id: str | None = field(repr=False)
    delivery_id: int | None
    is_final: bool = False
    reason: str | None = None
    code: int | None = None


def read_event_post(body: bytes) -> tuple[Signature, Mapping[str, Any]]:
    """Return the signature and the event of a webhook's JSON body, the event still to be read.

    Raises:
        MalformedEventError: the body is no JSON object with `signature` and `event-data`.
    """
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedEventError("The event is no JSON. Is this address set as a route?") from None
    signature = _mapping(payload).get("signature")
    event = _mapping(payload).get("event-data")
    if not isinstance(signature, Mapping) or not isinstance(event, Mapping):
        raise MalformedEventError("The event has no signature or no event-data.")
    parts = [signature.get(name) for name in ("timestamp", "token", "signature")]
    return Signature(*("" if part is None else str(part) for part in parts)), event


def read_event(event: Mapping[str, Any]) -> ProviderEvent:
    """Return the event in `event-data`, or in one item of the events API.

    Raises:
        MalformedEventError: it says not what happened or not when.
    """
    name = event.get("event")
    if not isinstance(name, str) or not name:
        raise MalformedEventError("The event has no name.")
    status = _mapping(event.get("delivery-status"))
    return ProviderEvent(
        name=name,
        event_id=str(event.get("id") or ""),
        occurred_at=_moment(event.get("timestamp")),
        recipient=str(event.get("recipient") or ""),
        message_id=_message_id(event),
        delivery_id=_delivery_id(_mapping(event.get("user-variables"))),
        is_final=name == "rejected" or event.get("severity") == "permanent",
        reason=_slug(event.get("reason")),
        code=_code(status.get("code")),
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _moment(value: object) -> datetime:
    try:
        return datetime.fromtimestamp(float(str(value)), UTC)
    except (ValueError, OverflowError, OSError):
        raise MalformedEventError("The event has no time.") from None


def _message_id(event: Mapping[str, Any]) -> str | None:
    found = _mapping(_mapping(event.get("message")).get("headers")).get("message-id")
    return str(found).strip("<> ") or None if found else None


def _delivery_id(variables: Mapping[str, Any]) -> int | None:
    text = str(variables.get(DELIVERY_VARIABLE, ""))
    if text.isascii() and text.isdigit() and len(text) <= _MAX_ID_DIGITS:
        return int(text)
    return None


def _slug(value: object) -> str | None:
    return value if isinstance(value, str) and _SLUG.fullmatch(value) else None


def _code(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
