"""Planning letters: a chunk of people at a time, whose deliveries and the letter's cursor are one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import structlog
from sqlalchemy.orm import Session

from service.core.letters.letter_day import LATE_AFTER, days_tried, letter_day
from service.core.settings.schedule import EVERY_DAY, instant, local_date
from service.core.slots import digest_slot
from service.flows.outgoing.letters.letter_states import pause
from service.flows.outgoing.planning.plan_prompts import PlannedChunk
from service.models import (
    Delivery,
    DeliveryKind,
    Letter,
    LetterPause,
    LetterState,
    LetterTiming,
    NewDelivery,
    Subscriber,
)
from service.models.letters import letter_audience, letter_deliveries

_DAY = timedelta(days=1)
_ON_A_DAY = (DeliveryKind.PROMPT, DeliveryKind.STEP_FOLLOW_UP, DeliveryKind.NOTICE, DeliveryKind.QUIET_MONTH)

log = structlog.get_logger()


def plan_due_letters(session: Session, *, now: datetime, limit: int) -> PlannedChunk | None:
    """Plan the next `limit` people of a letter that has begun; return what was planned, or None if none is due.

    A letter that begins more than 24 hours late is paused instead, so that its writer decides.
    """
    letter = Letter.next_to_plan(session, now)
    if letter is None:
        return None
    assert letter.starts_at is not None
    if letter.state == LetterState.SCHEDULED and now - (letter.resumed_at or letter.starts_at) > LATE_AFTER:
        pause(session, letter.id, LetterPause.LATE, now)
        return PlannedChunk([], 0)
    people = letter_audience.next_people(session, letter, limit)
    planned = Delivery.plan(session, _deliveries(session, letter, people, now))
    letter.state = LetterState.SENDING
    # 0 is nobody's id: it says that the planning has begun, also where nobody wants letters.
    letter.cursor = people[-1].id if people else letter.cursor or 0
    if len(people) < limit:
        letter.planned_at = now
    return PlannedChunk(planned, len(people))


def end_planned_letters(session: Session, now: datetime) -> None:
    """Note the letters that have gone to everybody, and pause those whose emails wait for more than 24 hours."""
    late = letter_deliveries.letters_waiting_since(session, now - LATE_AFTER)
    for letter in Letter.going_on(session):
        if letter.id in late:
            pause(session, letter.id, LetterPause.LATE, now)
        elif letter.planned_at is not None and not letter_deliveries.has_open(session, letter.id):
            letter.state = LetterState.SENT
            log.info("letter.sent", letter=letter.id)


def days_of(session: Session, first: date, people: Sequence[Subscriber]) -> dict[int, date]:
    """Return the day on which a letter of the day `first` reaches each of these people, by their ids."""
    days = days_tried(first)
    ids = [person.id for person in people]
    taken: dict[int, set[date]] = {person.id: set() for person in people}
    for day in days:
        for id_ in Delivery.subscribers_with(session, ids, _ON_A_DAY, day.isoformat()):
            taken[id_].add(day)
    zones = {person.id: person.zone for person in people}
    around = (_utc_midnight(first) - _DAY, _utc_midnight(days[-1]) + 2 * _DAY)
    for id_, at in letter_deliveries.times_between(session, ids, *around):
        taken[id_].add(local_date(at, zones[id_]))
    return {person.id: _day(person, first, taken[person.id]) for person in people}


def _day(person: Subscriber, first: date, taken: set[date]) -> date:
    days = days_tried(first)
    asked = {day for day in days if person.wants_questions and day in person.schedule.days}
    with_digest = {day for day in days if person.wants_digest and digest_slot(day)}
    others = (taken - asked) | with_digest
    return letter_day(first, questions=asked, others=others, is_daily=person.days_mask == EVERY_DAY)


def _deliveries(session: Session, letter: Letter, people: Sequence[Subscriber], now: datetime) -> list[NewDelivery]:
    assert letter.starts_at is not None
    if letter.timing == LetterTiming.OWN_HOUR:
        assert letter.starts_on is not None
        days = days_of(session, letter.starts_on, people)
        times = {person.id: instant(days[person.id], person.send_time, person.zone) for person in people}
    else:
        times = {person.id: letter.starts_at for person in people}
    earliest = letter.resumed_at or letter.starts_at
    return [
        NewDelivery(
            subscriber_id=person.id,
            kind=DeliveryKind.LETTER,
            slot=letter.slot,
            reference=letter.id,
            ready_at=max(times[person.id], earliest),
            planned_at=now,
        )
        for person in people
    ]


def _utc_midnight(on: date) -> datetime:
    return datetime.combine(on, time(), tzinfo=UTC)
