"""Subscribers made in one step, and the deliveries planned for them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.core.addresses import Address
from service.core.settings.schedule import Days, Schedule
from service.db import random_id
from service.models import Delivery, Keyring, Subscriber, SubscriberStatus

EVERY_DAY = Days(0b1111111)
JOINED_AT = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)
FIRST = datetime(2026, 6, 1, 7, 0, tzinfo=UTC)  # a Monday, the 1st, 08:00 in London


def member(
    session: Session,
    keyring: Keyring,
    address: str = "ana@example.com",
    *,
    zone: str = "Europe/London",
    at: time = time(8, 0),
    days: Days = EVERY_DAY,
    looking_from: datetime = JOINED_AT,
    **columns: Any,
) -> Subscriber:
    """Add an active person who confirmed on 1 April and whose next times are after `looking_from`."""
    subscriber_id = random_id()
    key, wrapped = keyring.new_subscriber_key(subscriber_id)
    parsed = Address.parse(address)
    values: dict[str, Any] = {
        "status": SubscriberStatus.ACTIVE,
        "created_at": JOINED_AT,
        "confirmed_at": JOINED_AT,
        "wants_questions": True,
        **columns,
    }
    person = Subscriber(
        id=subscriber_id,
        address_hash=keyring.address_hash(parsed),
        sealed_address=keyring.seal_address(key, subscriber_id, parsed),
        history="",
        prompts_sent=0,
        prompts_answered=0,
        muted_themes=[],
        locale="en-GB",
        **values,
    )
    person.set_schedule(Schedule(days, at, ZoneInfo(zone)))
    person.schedule_next(looking_from)
    Subscriber.add(session, person, wrapped)
    return person


def due_at(
    session: Session, keyring: Keyring, at: datetime, address: str = "ana@example.com", **more: Any
) -> Subscriber:
    """Add a person in UTC whose next prompt is due at an instant."""
    day_before = at - timedelta(hours=1)
    return member(session, keyring, address, zone="UTC", at=at.time(), looking_from=day_before, **more)


def owed(session: Session, person: Subscriber) -> list[tuple[str, str, str]]:
    """Return (kind, slot, state) of a person's deliveries, in the order of slots."""
    query = select(Delivery).where(Delivery.subscriber_id == person.id).order_by(Delivery.slot, Delivery.kind)
    return [(row.kind, row.slot, row.state) for row in session.scalars(query)]
