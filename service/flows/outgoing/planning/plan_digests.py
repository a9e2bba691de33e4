"""Planning the digests of a month and of a year, and the quiet month's question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from service.core.settings.schedule import Slot, instant, next_month_slot
from service.core.slots import YEAR_GOES_ON, month_before
from service.flows.outgoing.planning.plan_prompts import PlannedChunk
from service.flows.people.journal.digest_reading import last_day_of
from service.models import Delivery, DeliveryKind, Entry, NewDelivery, Subscriber, SubscriberStatus

DIGEST_MAX_DELAY = timedelta(days=7)
MIN_MEMBERSHIP = timedelta(days=10)
MIN_MONTHS = 2


def plan_due_digests(session: Session, *, now: datetime, limit: int) -> PlannedChunk:
    """Plan digests for up to `limit` subscribers whose local month has ended by `now`; return what was planned.

    A subscriber with entries in the month gets a digest. One without entries gets one quiet question, and no other
    until they have written again; none if they want no questions. One who joined less than ten days before the 1st
    gets neither. One who wrote in two months of the year also gets the year's digest, on 2 January. A digest more than
    seven days late is not sent.
    """
    people = Subscriber.due_for_digest(session, now, limit)
    due = {person.id: _due(person, now) for person in people}
    owed = [person for person in people if _is_owed(person, due[person.id], now)]
    month_deliveries, year_deliveries = [], []
    for slot in sorted({month_before(due[person.id].on) for person in owed}):
        in_slot = [person for person in owed if month_before(due[person.id].on) == slot]
        month_deliveries += _month_deliveries(session, in_slot, due, slot, now)
        year_deliveries += _year_deliveries(session, in_slot, slot, now)
    planned = Delivery.plan(session, month_deliveries)
    Delivery.plan(session, year_deliveries)  # not returned: the sweep enqueues them when they are ready
    changes: list[dict[str, Any]] = [
        {"row_id": person.id, "next_digest_at": next_month_slot(person.schedule, now).at} for person in people
    ]
    Subscriber.update_many(session, changes)
    return PlannedChunk(planned, len(people))


def _due(person: Subscriber, now: datetime) -> Slot:
    """Return the 1st for which a digest is due; one in the future if every missed one is too late."""
    assert person.next_digest_at is not None
    earliest = max(person.next_digest_at, now - DIGEST_MAX_DELAY)
    return next_month_slot(person.schedule, earliest - timedelta(microseconds=1))


def _is_owed(person: Subscriber, slot: Slot, now: datetime) -> bool:
    joined_at = person.confirmed_at or person.created_at
    return (
        person.wants_digest
        and person.status in {SubscriberStatus.ACTIVE, SubscriberStatus.RESTING}
        and slot.at <= now
        and slot.on - joined_at.astimezone(person.zone).date() >= MIN_MEMBERSHIP
    )


def _gets_questions(person: Subscriber) -> bool:
    return person.status == SubscriberStatus.ACTIVE and person.wants_questions


def _month_deliveries(
    session: Session, people: Sequence[Subscriber], due: dict[int, Slot], slot: str, now: datetime
) -> list[NewDelivery]:
    first = date.fromisoformat(f"{slot}-01")
    ids = [person.id for person in people]
    writers = Entry.writers_between(session, ids, first, last_day_of(first))
    already_asked = Delivery.subscribers_already_quiet(session, ids)
    planned = []
    for person in people:
        if person.id in writers:
            planned.append(_new_delivery(person, DeliveryKind.DIGEST, slot, due[person.id], now))
        elif _gets_questions(person) and person.id not in already_asked:
            planned.append(_new_delivery(person, DeliveryKind.QUIET_MONTH, slot, due[person.id], now))
    return planned


def _year_deliveries(session: Session, people: Sequence[Subscriber], slot: str, now: datetime) -> list[NewDelivery]:
    """Return the year's digests to plan together with a month's: none except with December's."""
    december = date.fromisoformat(f"{slot}-01")
    if december.month != 12:  # noqa: PLR2004  (December)
        return []
    ids = [person.id for person in people]
    writers = Entry.writers_in_months(session, ids, december.replace(month=1), last_day_of(december), MIN_MONTHS)
    on = date(december.year + 1, *YEAR_GOES_ON)
    return [
        _new_delivery(
            person, DeliveryKind.YEAR, str(december.year), Slot(on, instant(on, person.send_time, person.zone)), now
        )
        for person in people
        if person.id in writers
    ]


def _new_delivery(person: Subscriber, kind: DeliveryKind, slot: str, due: Slot, now: datetime) -> NewDelivery:
    return NewDelivery(
        subscriber_id=person.id,
        kind=kind,
        slot=slot,
        ready_at=due.at,
        expires_at=due.at + DIGEST_MAX_DELAY,
        planned_at=now,
        enqueued_at=now if due.at <= now else None,
    )
