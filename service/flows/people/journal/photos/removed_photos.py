"""Removing photos: for a day or longer their owner can put one back; nothing shows it, and then it is erased."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from service.db import Database
from service.flows.people.journal import deleted_entries, journal
from service.flows.people.journal.photos import entry_photos
from service.flows.people.journal.time_to_put_back import KEPT, TimeToPutBack
from service.models import Entry, Keyring, Photo, Subscriber
from service.models.people.journal import deleted_rows
from service.storage import Storage


@dataclass(frozen=True, slots=True)
class RemovedPhoto:
    """A photo that can be put back; `until` is its owner's local time."""

    id: int
    until: datetime


def remove(session: Session, keyring: Keyring, person: Subscriber, photo: Photo, now: datetime) -> Entry:
    """Remove a photo, so that nothing shows it from now on, and return its entry.

    If nothing else is in the entry, the entry is deleted with it instead, and can be put back with it.
    """
    entry = session.get_one(Entry, photo.entry_id)
    [opened] = journal.open_entries(keyring, person, [entry])
    others = [each for each in Photo.list_for_entries(session, person.id, [entry.id]) if each.id != photo.id]
    if opened.words or opened.has_more or others:
        photo.removed_at = now
    else:
        deleted_entries.delete(session, entry, now)
    return entry


def list_removed(session: Session, person: Subscriber, entry_id: int, now: datetime) -> list[RemovedPhoto]:
    """Return the removed photos of an entry that can be put back, the one that was removed last first."""
    time = TimeToPutBack.of(session, person, now)
    return [
        RemovedPhoto(photo.id, time.until(photo.removed_at).astimezone(person.zone))
        for photo in Photo.removed_after(session, person.id, entry_id, time.after)
        if photo.removed_at is not None
    ]


def put_back(session: Session, person: Subscriber, photo_id: int, now: datetime) -> None:
    """Put a removed photo of a person back, if its time is not over."""
    photo = Photo.find_removed(session, person.id, photo_id, TimeToPutBack.of(session, person, now).after)
    if photo is not None:
        photo.removed_at = None


def prune_removed(database: Database, storage: Storage, now: datetime, limit: int) -> bool:
    """Erase up to `limit` photos whose time is over; return whether there may be more."""
    with database.write() as session:
        photos = deleted_rows.photos_to_erase(session, now - KEPT, limit, now=now)
        names = {photo.stored_as for photo in photos}
        for photo in photos:
            session.delete(photo)
    entry_photos.remove_objects(storage, names)
    return len(photos) == limit
