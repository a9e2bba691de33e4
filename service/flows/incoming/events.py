"""Recording the provider's events: evidence for deliveries, suppressions and stops."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from service.core.addresses import Address, AddressError
from service.flows.incoming import failures
from service.mail.provider_events import ProviderEvent
from service.models import Keyring, WebhookToken
from service.models.outgoing import delivery_claims

_PROVIDER_HAS_IT = frozenset({"accepted", "delivered", "failed", "opened", "clicked", "complained", "unsubscribed"})


def record_event(session: Session, keyring: Keyring, event: ProviderEvent, *, token: str, now: datetime) -> bool:
    """Record an event and return whether it was new; an event with a known token changes nothing.

    A delivery that the provider reports on counts as sent, even if the response to its request was lost; after a final
    failure it counts as failed. A complaint, or the provider's own unsubscribe link, stops the emails.
    """
    token_hash = keyring.index.digest("event token", token.encode("utf-8", "surrogatepass"))
    if not WebhookToken.spend(session, token_hash, token_hash, now):
        return False
    if event.delivery_id is not None and event.name in _PROVIDER_HAS_IT and event.failure is None:
        delivery_claims.mark_accepted(session, event.delivery_id, now)
    address = _address(event.recipient)
    if address is not None:
        _record_end(session, keyring, event, address, now)
    return True


def _record_end(session: Session, keyring: Keyring, event: ProviderEvent, address: Address, now: datetime) -> None:
    """Record how an email to this address ended, if the event says so."""
    if event.failure is not None:
        failures.record_failure(session, keyring, event, address, now)
    elif event.name == "delivered":
        failures.record_delivered(session, keyring, event, address, now)
    elif event.name == "complained":
        failures.record_complaint(session, keyring, address, now)
    elif event.name == "unsubscribed":
        failures.stop(session, keyring, address, now)


def _address(recipient: str) -> Address | None:
    try:
        return Address.parse(recipient)
    except AddressError:
        return None
