"""Planning the digests of the month and the year, and the question of a quiet month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from service.core.schedule import Slot, instant, next_month_slot
from service.core.slots import YEAR_GOES_ON, month_before
from service.flows.outgoing.plan_prompts import PlannedChunk
from service.flows.people.digest_reading import last_of
from service.models import Delivery, DeliveryKind, Entry, NewDelivery, Subscriber, SubscriberStatus

DIGEST_LATEST = timedelta(days=7)
SHORTEST_STAY = timedelta(days=10)
FEWEST_MONTHS = 2


def plan_due_digests(session: Session, *, now: datetime, limit: int) -> PlannedChunk:
    """Return what was planned for up to `limit` people whose local month has ended by `now`.

    Who wrote gets a digest; who did not gets one quiet question, once, and then none until they have written again;
    who joined under ten days before the 1st gets neither. With that of December comes, a day later, the year's digest
    for whoever wrote in two months of it. A digest more than seven days late is let go.
    """
    people = Subscriber.due_for_digest(session, now, limit)
    due = {person.id: _due(person, now) for person in people}
    owed = [person for person in people if _is_owed(person, due[person.id], now)]
    now_due, later = [], []
    for slot in sorted({month_before(due[person.id].on) for person in owed}):
        month = [person for person in owed if month_before(due[person.id].on) == slot]
        now_due += _month_deliveries(session, month, due, slot, now)
        later += _year_deliveries(session, month, slot, now)
    made = Delivery.plan(session, now_due)
    Delivery.plan(session, later)  # the sweep enqueues them when they are ready
    changes: list[dict[str, Any]] = [
        {"row_id": person.id, "next_digest_at": next_month_slot(person.schedule, now).at} for person in people
    ]
    Subscriber.update_many(session, changes)
    return PlannedChunk(made, len(people))


def _due(person: Subscriber, now: datetime) -> Slot:
    """Return the 1st for which a digest is due; it lies ahead where all that was missed is too late."""
    assert person.next_digest_at is not None
    earliest = max(person.next_digest_at, now - DIGEST_LATEST)
    return next_month_slot(person.schedule, earliest - timedelta(microseconds=1))


def _is_owed(person: Subscriber, slot: Slot, now: datetime) -> bool:
    joined_at = person.confirmed_at or person.created_at
    return (
        person.wants_digest
        and person.status in {SubscriberStatus.ACTIVE, SubscriberStatus.RESTING}
        and slot.at <= now
        and slot.on - joined_at.astimezone(person.zone).date() >= SHORTEST_STAY
    )


def _month_deliveries(
    session: Session, people: Sequence[Subscriber], due: dict[int, Slot], slot: str, now: datetime
) -> list[NewDelivery]:
    first = date.fromisoformat(f"{slot}-01")
    ids = [person.id for person in people]
    writers = Entry.writers_between(session, ids, first, last_of(first))
    quiet_already = Delivery.subscribers_already_quiet(session, ids)
    planned = []
    for person in people:
        if person.id in writers:
            planned.append(_new_delivery(person, DeliveryKind.DIGEST, slot, due[person.id], now))
        elif person.status == SubscriberStatus.ACTIVE and person.id not in quiet_already:
            planned.append(_new_delivery(person, DeliveryKind.QUIET_MONTH, slot, due[person.id], now))
    return planned


def _year_deliveries(session: Session, people: Sequence[Subscriber], slot: str, now: datetime) -> list[NewDelivery]:
    """Return the year's digests that go with the month of a slot: none but with December."""
    december = date.fromisoformat(f"{slot}-01")
    if december.month != 12:  # noqa: PLR2004  (the last of a year)
        return []
    ids = [person.id for person in people]
    writers = Entry.writers_in_months(session, ids, december.replace(month=1), last_of(december), FEWEST_MONTHS)
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
        expires_at=due.at + DIGEST_LATEST,
        planned_at=now,
        enqueued_at=now if due.at <= now else None,
    )
