"""The table of drafts of entries: words that a person has begun to change an entry to, and not saved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, Id, insert_into
from service.models.people.journal.entry import Entry


class EntryDraft(Base):
    """The words that a person keeps for later on the page where an entry is changed, one draft for each entry."""

    __tablename__ = "entry_drafts"

    entry_id: Mapped[int] = mapped_column(
        Id, ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    sealed_words: Mapped[bytes] = mapped_column(LargeBinary)
    saved_at: Mapped[datetime]

    @classmethod
    def find(cls, session: Session, entry_id: int) -> EntryDraft | None:
        """Return the draft of an entry, or None."""
        return session.get(cls, entry_id, populate_existing=True)

    @classmethod
    def of_entries(cls, session: Session, entry_ids: Sequence[int]) -> dict[int, EntryDraft]:
        """Return the drafts that there are of these entries, by entry id."""
        return {row.entry_id: row for row in session.scalars(select(cls).where(cls.entry_id.in_(entry_ids)))}

    @classmethod
    def entries_with_one(cls, session: Session, subscriber_id: int) -> Sequence[Entry]:
        """Return this person's entries that have a draft, that of the earliest local date first."""
        query = select(Entry).join(cls, cls.entry_id == Entry.id)
        query = query.where(Entry.subscriber_id == subscriber_id, Entry.is_there())
        return session.scalars(query.order_by(Entry.written_on, Entry.created_at, Entry.id)).all()

    @classmethod
    def put(cls, session: Session, entry_id: int, sealed_words: bytes, now: datetime) -> None:
        """Store the draft of an entry in place of the one before it."""
        values = {"sealed_words": sealed_words, "saved_at": now}
        insert = insert_into(session, cls).values(entry_id=entry_id, **values)
        session.execute(insert.on_conflict_do_update(index_elements=["entry_id"], set_=values))

    @classmethod
    def remove(cls, session: Session, entry_id: int) -> None:
        """Delete the draft of an entry, if there is one."""
        session.execute(delete(cls).where(cls.entry_id == entry_id))
