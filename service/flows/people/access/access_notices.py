"""Telling a subscriber about a new way into their journal, or one that is gone: a passkey, or another address."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from service.core.settings.schedule import local_date
from service.db import random_id
from service.models import Delivery, DeliveryKind, NewDelivery, Subscriber

# By their names in templates/email/answers.toml.
PASSKEY_ADDED, PASSKEY_REMOVED = "access.passkey_added", "access.passkey_removed"
ADDRESS_ADDED = "access.address_added"
# Nobody has reason to make so many changes, and whoever makes them must not fill the mailbox of the owner.
MOST_PER_DAY = 20
MAX_DELAY = timedelta(days=7)


def plan(session: Session, person: Subscriber, detail: str, now: datetime) -> list[int]:
    """Plan the email that tells a subscriber about a change; return its id, or nothing beyond twenty a day."""
    if Delivery.count_since(session, person.id, DeliveryKind.ACCESS, now - timedelta(days=1)) >= MOST_PER_DAY:
        return []
    notice_id = random_id()
    notice = NewDelivery(
        id=notice_id,
        subscriber_id=person.id,
        kind=DeliveryKind.ACCESS,
        slot=f"{local_date(now, person.zone)}/{notice_id}",
        detail=detail,
        ready_at=now,
        expires_at=now + MAX_DELAY,
        planned_at=now,
        enqueued_at=now,
    )
    return Delivery.plan(session, [notice])
