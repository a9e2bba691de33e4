"""Entries and steps of the people in tests."""

from __future__ import annotations

from datetime import UTC, date, datetime

from service.core.journal.steps import StepState
from service.db import Database
from service.flows.people.journal import journal, steps
from service.models import Keyring, Subscriber


def write(
    database: Database,
    keyring: Keyring,
    person: Subscriber,
    on: date,
    words: str = "Soup, slowly.",
    prompt_id: str = "",
) -> int:
    """Store an entry of a local date, written at eight in the evening; return its id."""
    with database.write() as session:
        owner = session.get_one(Subscriber, person.id)
        entry = journal.add_entry(
            session,
            keyring,
            owner,
            journal.NewEntry(words=words, written_on=on, source="mail", prompt_id=prompt_id),
            _evening(on),
        )
        return entry.id


def take_step(database: Database, keyring: Keyring, person: Subscriber, words: str, on: date) -> int:
    """Store a step that was chosen and taken on a local date; return its id."""
    with database.write() as session:
        owner = session.get_one(Subscriber, person.id)
        step = steps.choose(session, keyring, owner, words, now=_evening(on))
        steps.answer(session, owner, step, StepState.TAKEN, _evening(on))
        return step.id


def _evening(on: date) -> datetime:
    return datetime(on.year, on.month, on.day, 20, 0, tzinfo=UTC)
