"""The deliveries of letters: what is left of one, what became of it, and whose day has one already."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, text, update
from sqlalchemy.orm import Session

from service.core.letters.letter_day import LATE_AFTER
from service.models.letters.letter import MAY_GO, Letter, LetterState
from service.models.outgoing.deliveries.delivery import LETTERS, Delivery
from service.models.outgoing.deliveries.delivery_kind import DeliveryKind
from service.models.outgoing.deliveries.delivery_outcomes import note_outcomes, outcome_columns
from service.models.outgoing.deliveries.delivery_state import DeliveryState
from service.models.unqueued import find_unqueued as find_rows

NOT_WANTED = "not wanted any more"


def make_due_from(session: Session, letter_id: int, now: datetime) -> None:
    """Make a letter's planned emails that should have gone before `now` due at `now`."""
    query = update(Delivery).where(*_of(letter_id), Delivery.state == DeliveryState.PLANNED, Delivery.ready_at < now)
    session.execute(query.values(ready_at=now, enqueued_at=None).execution_options(synchronize_session=False))


def skip_planned(session: Session, letter_id: int) -> int:
    """Skip a letter's emails that no worker has taken; return how many."""
    query = (
        update(Delivery)
        .where(*_of(letter_id), Delivery.state == DeliveryState.PLANNED)
        .values(state=DeliveryState.SKIPPED, reason=NOT_WANTED)
        .returning(*outcome_columns())
        .execution_options(synchronize_session=False)
    )
    skipped = session.execute(query).all()
    note_outcomes(session, skipped)
    return len(skipped)


def has_open(session: Session, letter_id: int) -> bool:
    """Return whether some email of a letter has still to go."""
    waiting = (DeliveryState.PLANNED, DeliveryState.CLAIMED)
    query = select(Delivery.id).where(Delivery.is_open(), Delivery.state.in_(waiting), *_of(letter_id))
    return session.scalar(query.limit(1)) is not None


def letters_waiting_since(session: Session, at: datetime) -> set[int]:
    """Return the ids of letters of which some email should have gone before an instant."""
    query = select(Delivery.reference).where(
        Delivery.is_open(),
        Delivery.state == DeliveryState.PLANNED,
        Delivery.ready_at < at,
        Delivery.kind == DeliveryKind.LETTER,
    )
    return {id_ for id_ in session.scalars(query.distinct()) if id_ is not None}


def find_unqueued(session: Session, now: datetime, patience: timedelta, limit: int) -> list[int]:
    """Return ids of letters' emails that are due and were not enqueued within `patience`, and mark them as enqueued."""
    due = and_(Delivery.is_open(), Delivery.state == DeliveryState.PLANNED, Delivery.ready_at <= now)
    waiting = and_(due, Delivery.kind == DeliveryKind.LETTER, ~is_kept_back(now))
    return find_rows(session, Delivery, waiting, Delivery.ready_at, now=now, patience=patience, limit=limit)


def is_kept_back(now: datetime) -> ColumnElement[bool]:
    """Return the condition that an email of a letter stays planned: the letter is paused, or waits for its writer."""
    paused = select(Letter.id).where(Letter.state == LetterState.PAUSED)
    late = Delivery.ready_at < now - LATE_AFTER
    return and_(Delivery.kind == DeliveryKind.LETTER, or_(Delivery.reference.in_(paused), late))


def count_by_state(session: Session, letter_id: int) -> dict[tuple[str, str | None], int]:
    """Return how many of a letter's emails are in each state with each outcome."""
    query = select(Delivery.state, Delivery.outcome, func.count()).where(*_of(letter_id))
    return {(row[0], row[1]): row[2] for row in session.execute(query.group_by(Delivery.state, Delivery.outcome))}


def times_between(
    session: Session, subscriber_ids: Sequence[int], first: datetime, last: datetime
) -> list[tuple[int, datetime]]:
    """Return (subscriber id, instant) for each letter that these people get or got between two instants.

    Skipped ones, and those of a letter that is paused or stopped, are left out.
    """
    found = with_letter_or_follow_up(session, subscriber_ids, (), first=first, last=last)
    return [(id_, at) for id_, _, at in found]


def with_letter_or_follow_up(
    session: Session, subscriber_ids: Sequence[int], slots: Collection[str], *, first: datetime, last: datetime
) -> list[tuple[int, str | None, datetime]]:
    """Return (subscriber id, None, instant) for each letter as `times_between` does, and follow-ups of these slots.

    A step's follow-up comes with its slot. Both are one statement, since every chunk of prompts asks for them.
    """
    at = func.coalesce(Delivery.sent_at, Delivery.ready_at)
    going = select(Letter.id).where(Letter.state.in_(MAY_GO))
    follow_up = and_(
        Delivery.kind == DeliveryKind.STEP_FOLLOW_UP,
        Delivery.slot.in_(slots),
        Delivery.state != DeliveryState.SKIPPED,
    )
    letter = and_(
        Delivery.kind == DeliveryKind.LETTER,
        Delivery.state.not_in((DeliveryState.SKIPPED, DeliveryState.FAILED)),
        or_(Delivery.sent_at.is_not(None), Delivery.reference.in_(going)),
        at >= first,
        at <= last,
    )
    query = select(Delivery.subscriber_id, Delivery.kind, Delivery.slot, Delivery.sent_at, Delivery.ready_at).where(
        Delivery.subscriber_id.in_(subscriber_ids), or_(follow_up, letter)
    )
    return [
        (row.subscriber_id, None if row.kind == DeliveryKind.LETTER else row.slot, row.sent_at or row.ready_at)
        for row in session.execute(query)
    ]


def _of(letter_id: int) -> tuple[ColumnElement[bool], ...]:
    # The condition is written out so that the partial index serves.
    return text(LETTERS), Delivery.reference == letter_id  # type: ignore[return-value]
