"""What is sealed with a delivery: the mail that it answers, or the month or year as it was sent."""

from __future__ import annotations

import json

from service.core.digest import Digest
from service.core.year import Year
from service.models import Delivery, Keyring, Kind, Subscriber


class NothingToSendError(Exception):
    """There is no longer anything to say in this email: skip it for good."""


def content_place(delivery_id: int) -> str:
    """Return the place that a delivery's sealed content is bound to."""
    return f"deliveries.content:{delivery_id}"


def read_content(keyring: Keyring, delivery: Delivery, person: Subscriber) -> dict[str, str]:
    """Return what was sealed with a delivery when it was planned: the mail that it answers."""
    if delivery.sealed_content is None:
        raise NothingToSendError("what it answers is gone")
    sealed = keyring.key_of(person).open_text(delivery.sealed_content, place=content_place(delivery.id))
    content: dict[str, str] = json.loads(sealed)
    return content


def frozen_digest(keyring: Keyring, delivery: Delivery, person: Subscriber) -> Digest | None:
    """Return the digest as it was sent, or None if it was never sent."""
    text = _frozen(keyring, delivery, person, Kind.DIGEST)
    return None if text is None else Digest.from_json(text)


def frozen_year(keyring: Keyring, delivery: Delivery, person: Subscriber) -> Year | None:
    """Return the year's digest as it was sent, or None if it was never sent."""
    text = _frozen(keyring, delivery, person, Kind.YEAR)
    return None if text is None else Year.from_json(text)


def _frozen(keyring: Keyring, delivery: Delivery, person: Subscriber, kind: Kind) -> str | None:
    if delivery.kind != kind or delivery.sealed_content is None:
        return None
    return keyring.key_of(person).open_text(delivery.sealed_content, place=content_place(delivery.id))
