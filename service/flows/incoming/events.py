"""Acting on the provider's events: deliveries that arrived, and addresses not to mail again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from service.core.addresses import Address, AddressError
from service.flows.people import account
from service.mail.provider_events import ProviderEvent
from service.models import Delivery, Keyring, Subscriber, Suppression, SuppressionReason, WebhookToken

_TAKEN = frozenset({"accepted", "delivered", "failed", "opened", "clicked", "complained", "unsubscribed"})
# The provider's own list stopped it: nothing new is known of the address.
_OLD_NEWS = frozenset({"suppress-bounce", "suppress-complaint", "suppress-unsubscribe"})


def take(session: Session, keyring: Keyring, event: ProviderEvent, *, token: str, now: datetime) -> bool:
    """Act on one event, once; return whether it was new.

    A delivery that the provider has seen is sent, whatever became of its answer. A final failure suppresses the
    address, so does a complaint, which also stops everything; the provider's own unsubscribe link stops as well.
    """
    token_hash = keyring.index.digest("event token", token.encode("utf-8", "surrogatepass"))
    if not WebhookToken.spend(session, token_hash, token_hash, now):
        return False
    if event.delivery_id is not None and event.name in _TAKEN:
        Delivery.mark_accepted(session, event.delivery_id, now)
    address_hash = _address_hash(keyring, event.recipient)
    if address_hash is None:
        return True
    if event.name == "failed" and event.is_final and event.reason not in _OLD_NEWS:
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
