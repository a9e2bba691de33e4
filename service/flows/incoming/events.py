"""Recording the provider's events: evidence for deliveries, suppressions and stops."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from service.core.addresses import Address, AddressError
from service.flows.people import account
from service.mail.provider_events import ProviderEvent
from service.models import Keyring, Subscriber, Suppression, SuppressionReason, WebhookToken
from service.models.outgoing import delivery_claims

_PROVIDER_HAS_IT = frozenset({"accepted", "delivered", "failed", "opened", "clicked", "complained", "unsubscribed"})
# The provider's own suppression list caused the failure: it says nothing new about the address.
_ALREADY_SUPPRESSED = frozenset({"suppress-bounce", "suppress-complaint", "suppress-unsubscribe"})


def record_event(session: Session, keyring: Keyring, event: ProviderEvent, *, token: str, now: datetime) -> bool:
    """Record an event and return whether it was new; an event with a known token changes nothing.

    A delivery that the provider reports on counts as sent, even if the response to its request was lost. A permanent
    failure or a complaint suppresses the address. A complaint, or the provider's own unsubscribe link, stops the
    emails.
    """
    token_hash = keyring.index.digest("event token", token.encode("utf-8", "surrogatepass"))
    if not WebhookToken.spend(session, token_hash, token_hash, now):
        return False
    if event.delivery_id is not None and event.name in _PROVIDER_HAS_IT:
        delivery_claims.mark_accepted(session, event.delivery_id, now)
    address_hash = _address_hash(keyring, event.recipient)
    if address_hash is None:
        return True
    if event.name == "failed" and event.is_final and event.reason not in _ALREADY_SUPPRESSED:
        Suppression.add(session, address_hash, SuppressionReason.BOUNCED, now)
    if event.name == "complained":
        Suppression.add(session, address_hash, SuppressionReason.COMPLAINED, now)
    if event.name in {"complained", "unsubscribed"}:
        person = Subscriber.with_address(session, address_hash)
        if person is not None:
            account.stop(session, person, now, source="provider")
    return True


def _address_hash(keyring: Keyring, recipient: str) -> bytes | None:
    try:
        return keyring.address_hash(Address.parse(recipient))
    except AddressError:
        return None
