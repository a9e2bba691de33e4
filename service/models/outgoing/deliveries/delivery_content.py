"""What is sealed with a delivery: the mail it answers, the words it asks about, or a digest as sent."""

from __future__ import annotations

import os

from service.models.keyring import Keyring
from service.models.outgoing.deliveries.delivery import Delivery
from service.models.people.subscription.subscriber import Subscriber


def seal_content(keyring: Keyring, person: Subscriber, delivery_id: int, content: str) -> bytes:
    """Return content sealed for its owner and bound to its delivery."""
    return keyring.key_of(person).seal_text(content, place=_place(delivery_id), random=os.urandom)


def open_content(keyring: Keyring, person: Subscriber, delivery: Delivery) -> str | None:
    """Return what was sealed with a delivery, or None if nothing was; raises SealError."""
    if delivery.sealed_content is None:
        return None
    return keyring.key_of(person).open_text(delivery.sealed_content, place=_place(delivery.id))


def _place(delivery_id: int) -> str:
    return f"deliveries.content:{delivery_id}"
