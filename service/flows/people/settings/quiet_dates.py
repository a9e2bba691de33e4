"""Quiet dates: which days of the year are quiet for a subscriber, and adding and removing them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum, auto

from sqlalchemy.orm import Session

from service.core.settings import quiet_dates
from service.core.settings.quiet_dates import QuietSpan
from service.core.settings.schedule import next_slot, slot_at
from service.db import random_id
from service.flows.people.settings import frequency
from service.models import Keyring, QuietDate, Subscriber

MOST_QUIET_DATES = 60
MOST_LABEL_CHARACTERS = 80


class NotAdded(Enum):
    """Why a quiet date was not added."""

    TOO_LONG = auto()
    TOO_MANY = auto()


@dataclass(frozen=True, slots=True)
class NamedQuietDate:
    """A quiet date as its owner sees it; `label` is their own name for it, or ""."""

    id: int
    span: QuietSpan
    label: str = field(repr=False)


def is_quiet(session: Session, person: Subscriber, on: date) -> bool:
    """Return whether a local date is a quiet one for a subscriber."""
    return quiet_dates.is_quiet(on, spans_of(session, person))


def spans_of(session: Session, person: Subscriber) -> tuple[QuietSpan, ...]:
    """Return a subscriber's quiet dates; this asks the database only if they have any."""
    return QuietDate.spans_of(session, [person.id]).get(person.id, ()) if person.has_quiet_dates else ()


def named_quiet_dates(session: Session, keyring: Keyring, person: Subscriber) -> list[NamedQuietDate]:
    """Return a subscriber's quiet dates with their labels opened, in the order of the year."""
    key = keyring.key_of(person)
    return [
        NamedQuietDate(
            row.id,
            row.span,
            "" if row.sealed_label is None else key.open_text(row.sealed_label, place=_place(row.id)),
        )
        for row in QuietDate.of_subscriber(session, person.id)
    ]


def add(
    session: Session, keyring: Keyring, person: Subscriber, span: QuietSpan, *, label: str, now: datetime
) -> int | NotAdded:
    """Add a quiet date of a subscriber, whose row must be locked; return its id, or why it was not added.

    One with the same days gets the new label.
    """
    if span.is_too_long:
        return NotAdded.TOO_LONG
    own = QuietDate.of_subscriber(session, person.id)
    row = next((each for each in own if each.span == span), None)
    if row is None:
        if len(own) >= MOST_QUIET_DATES:
            return NotAdded.TOO_MANY
        row = QuietDate(id=random_id(), subscriber_id=person.id, created_at=now)
        row.set_span(span)
        session.add(row)
    key = keyring.key_of(person)
    row.sealed_label = key.seal_text(label, place=_place(row.id), random=os.urandom) if label else None
    frequency.record_activity(session, person, now)
    _note_change(session, person)
    return row.id


def remove(session: Session, person: Subscriber, typed_id: str) -> None:
    """Remove the quiet date with this id from a subscriber's own, if it is still there."""
    for row in QuietDate.of_subscriber(session, person.id):
        if str(row.id) == typed_id:
            QuietDate.remove(session, person.id, row.id)
            _note_change(session, person)


def next_question_on(session: Session, person: Subscriber) -> date | None:
    """Return the local date of a subscriber's next question, which is never a quiet one; None if none is due."""
    if person.next_prompt_at is None or not person.wants_questions:
        return None
    schedule, spans = person.schedule, spans_of(session, person)
    slot = slot_at(schedule, person.next_prompt_at)
    last = slot.on + timedelta(days=quiet_dates.LONGEST_SEARCH_DAYS)
    while quiet_dates.is_quiet(slot.on, spans):
        if slot.on > last:
            return None
        slot = next_slot(schedule, slot.at)
    return slot.on


def _note_change(session: Session, person: Subscriber) -> None:
    session.flush()
    session.refresh(person, ["has_quiet_dates"])


def _place(quiet_date_id: int) -> str:
    return f"quiet_dates.label:{quiet_date_id}"
