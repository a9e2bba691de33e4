"""Deleting entries: for a day or longer their owner can put one back; nothing shows it, and then it is erased."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from service.db import Database
from service.flows.people.journal.photos import entry_photos
from service.flows.people.journal.time_to_put_back import KEPT, TimeToPutBack
from service.models import Entry, OwnQuestion, Reply, Subscriber
from service.models.people.journal import deleted_rows
from service.storage import Storage


@dataclass(frozen=True, slots=True)
class DeletedEntry:
    """An entry that can be put back; `deleted_at` and `until` are its owner's local times."""

    id: int
    written_on: date
    prompt_id: str | None
    deleted_at: datetime
    until: datetime


def delete(session: Session, entry: Entry, now: datetime) -> None:
    """Delete an entry, so that nothing shows it from now on; its words and photos stay sealed meanwhile."""
    entry.deleted_at = now
    reply = Reply.find_by_entry(session, entry.subscriber_id, entry.id)
    if reply is not None:
        reply.end_choice()


def find(session: Session, person: Subscriber, entry_id: int, now: datetime) -> DeletedEntry | None:
    """Return a deleted entry of a person that can be put back, or None."""
    return next((deleted for deleted in list_deleted(session, person, now) if deleted.id == entry_id), None)


def list_deleted(session: Session, person: Subscriber, now: datetime) -> list[DeletedEntry]:
    """Return a person's deleted entries that can be put back, the one that was deleted last first."""
    time = TimeToPutBack.of(session, person, now)
    return [
        DeletedEntry(
            entry.id,
            entry.written_on,
            entry.prompt_id,
            entry.deleted_at.astimezone(person.zone),
            time.until(entry.deleted_at).astimezone(person.zone),
        )
        for entry in Entry.deleted_after(session, person.id, time.after)
        if entry.deleted_at is not None
    ]


def put_back(session: Session, person: Subscriber, entry_id: int, now: datetime) -> bool:
    """Put a deleted entry of a person back, if its time is not over; return whether it was put back."""
    if find(session, person, entry_id, now) is None:
        return False
    entry = Entry.find_deleted(session, person.id, entry_id)
    assert entry is not None
    entry.deleted_at = None
    return True


def prune_deleted(database: Database, storage: Storage, now: datetime, limit: int) -> bool:
    """Erase up to `limit` entries whose time is over, with their photos; return whether there may be more.

    Removed own questions that no entry answers any more go with them.
    """
    names: set[str] = set()
    with database.write() as session:
        entries = deleted_rows.entries_to_erase(session, now - KEPT, limit, now=now)
        for entry in entries:
            person = session.get_one(Subscriber, entry.subscriber_id)
            names |= entry_photos.remove_entry(session, person, entry.id)
        OwnQuestion.drop_unanswered(session)
    entry_photos.remove_objects(storage, names)
    return len(entries) == limit
