"""How much of a journal there is in a period, for an export's progress and limits; never for a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.core.journal_export.book_period import BookPeriod
from service.models.people.journal.entry import Entry
from service.models.people.journal.photo import Photo


@dataclass(frozen=True, slots=True)
class JournalSize:
    """The number of entries and photos, the bytes of the sealed words, and the first and last day with an entry."""

    entries: int
    photos: int
    sealed_bytes: int
    first_on: date | None
    last_on: date | None

    @classmethod
    def of(cls, session: Session, subscriber_id: int, period: BookPeriod) -> JournalSize:
        """Return the size of what a person has of a period."""
        of_period = (
            Entry.subscriber_id == subscriber_id,
            Entry.deleted_at.is_(None),
            Entry.written_on.between(period.first, period.last),
        )
        length = func.length(Entry.sealed_words) + func.coalesce(func.length(Entry.sealed_over), 0)
        parts = (
            func.count(),
            func.coalesce(func.sum(length), 0),
            func.min(Entry.written_on),
            func.max(Entry.written_on),
        )
        entries, sealed_bytes, first_on, last_on = session.execute(select(*parts).where(*of_period)).one()
        photos = (
            select(func.count(Photo.id)).join(Entry, Entry.id == Photo.entry_id).where(*of_period, Photo.is_there())
        )
        return cls(entries, session.scalar(photos) or 0, int(sealed_bytes), first_on, last_on)
