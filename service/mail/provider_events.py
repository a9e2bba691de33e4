"""The provider's events about our emails, from its webhook or its events API.

Sources: Mailgun, Webhook payloads and Events (documentation.mailgun.com); fields that are
missing in practice (delivery-status null, headers with only the message id) from django-anymail's tests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from service.core.sending.failure_class import FailureClass, failure_class
from service.mail.signature import Signature

DELIVERY_VARIABLE = "delivery"
BOUNCES, COMPLAINTS, UNSUBSCRIBES = "bounces", "complaints", "unsubscribes"
MAX_ID = 2**63 - 1
INSTALLATION_VARIABLE = "installation"
KIND_VARIABLE = "kind"
SLOT_VARIABLE = "slot"
WRITER_MAIL = "writer_mail"  # the kind of a mail to a writer
ROUND_TRIP = "round_trip"  # the kind of a test mail of the doctor
_OWN_MESSAGE_ID = re.compile(r"([0-9a-f]{1,16})\.[0-9]{1,5}@")
_OWN_VARIABLE = re.compile(r"[a-z0-9_/-]{1,48}")
_SLUG = re.compile(r"[a-z0-9-]{1,40}")
_SUPPRESSED_BY_REASON = {
    "suppress-bounce": BOUNCES,
    "suppress-complaint": COMPLAINTS,
    "suppress-unsubscribe": UNSUBSCRIBES,
}
_SUPPRESSED_BY_CODE = {605: BOUNCES, 606: UNSUBSCRIBES, 607: COMPLAINTS}
_ENHANCED_CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}", re.ASCII)


class MalformedEventError(ValueError):
    """The payload is not an event; a retry would send the same payload."""


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """One event of one mail to one recipient.

    `name` is accepted, delivered, failed, rejected, complained, unsubscribed, opened or clicked,
    or a newer, unknown name. `is_final` is true for a failure after which the provider gave up.
    `event_id` is unique within a day only. `message_id` has no `<>`. `delivery_id` is ours,
    None if the provider left it out; `installation`, `kind` and `slot` are the variables that
    we sent with the mail. `reason` is the provider's slug (`bounce`, `suppress-bounce`, ...), never its
    free text, which quotes addresses. `enhanced_code` is the receiving server's (RFC 3463), such
    as "5.1.1".
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
    enhanced_code: str | None = None
    installation: str | None = None
    kind: str | None = None
    slot: str | None = None

    @property
    def failure(self) -> FailureClass | None:
        """Return the class of a final failure, or None for any other event."""
        if self.name not in {"failed", "rejected"} or not self.is_final:
            return None
        return failure_class(self.enhanced_code, self.code, self.reason)

    @property
    def suppressed_by(self) -> str | None:
        """Return the provider's suppression list for which it dropped the email, or None."""
        return _SUPPRESSED_BY_REASON.get(self.reason or "") or _SUPPRESSED_BY_CODE.get(self.code or 0)


def read_event_post(body: bytes) -> tuple[Signature, Mapping[str, Any]]:
    """Return the signature and the unparsed event of a webhook's JSON body.

    Raises:
        MalformedEventError: the body is not a JSON object with `signature` and `event-data`.
    """
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedEventError("The event is not JSON. Is this URL set as a route?") from None
    signature = _mapping(payload).get("signature")
    event = _mapping(payload).get("event-data")
    if not isinstance(signature, Mapping) or not isinstance(event, Mapping):
        raise MalformedEventError("The event has no signature or no event-data.")
    parts = [signature.get(name) for name in ("timestamp", "token", "signature")]
    return Signature(*("" if part is None else str(part) for part in parts)), event


def read_event(event: Mapping[str, Any]) -> ProviderEvent:
    """Return the event in `event-data`, or in one item of the events API.

    Raises:
        MalformedEventError: it has no name or no time.
    """
    name = event.get("event")
    if not isinstance(name, str) or not name:
        raise MalformedEventError("The event has no name.")
    status = _mapping(event.get("delivery-status"))
    variables = _mapping(event.get("user-variables"))
    message_id = _message_id(event)
    return ProviderEvent(
        name=name,
        event_id=str(event.get("id") or ""),
        occurred_at=_moment(event.get("timestamp")),
        recipient=str(event.get("recipient") or ""),
        message_id=message_id,
        delivery_id=_delivery_id(variables) or _delivery_of(message_id),
        is_final=name == "rejected" or event.get("severity") == "permanent",
        reason=_slug(event.get("reason")),
        code=_code(status.get("code")),
        enhanced_code=_enhanced_code(status.get("enhanced-code")),
        installation=_own(variables.get(INSTALLATION_VARIABLE)),
        kind=_own(variables.get(KIND_VARIABLE)),
        slot=_own(variables.get(SLOT_VARIABLE)),
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
    if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_ID)) and 0 < int(text) <= MAX_ID:
        return int(text)
    return None


def _delivery_of(message_id: str | None) -> int | None:
    """Return the delivery that a Message-Id of ours names, or None; for events without variables."""
    found = _OWN_MESSAGE_ID.match(message_id or "")
    delivery_id = int(found[1], 16) if found else 0
    return delivery_id if 0 < delivery_id <= MAX_ID else None


def _own(value: object) -> str | None:
    return value if isinstance(value, str) and _OWN_VARIABLE.fullmatch(value) else None


def _slug(value: object) -> str | None:
    return value if isinstance(value, str) and _SLUG.fullmatch(value) else None


def _code(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _enhanced_code(value: object) -> str | None:
    return value if isinstance(value, str) and _ENHANCED_CODE.fullmatch(value) else None
