"""The table of earlier wordings: what an entry said before its last change, kept for a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, Id, insert_into


class EarlierWording(Base):
    """The words of an entry before its last change."""

    __tablename__ = "earlier_wordings"
    __table_args__ = (Index("ix_earlier_wordings_kept_until", "kept_until"),)

    entry_id: Mapped[int] = mapped_column(
        Id, ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    sealed_words: Mapped[bytes] = mapped_column(LargeBinary)
    kept_until: Mapped[datetime]

    @classmethod
    def find(cls, session: Session, entry_id: int, now: datetime) -> EarlierWording | None:
        """Return the earlier wording of an entry, or None if there is none that is still kept."""
        found = session.get(cls, entry_id)
        return found if found is not None and found.kept_until > now else None

    @classmethod
    def of_entries(cls, session: Session, entry_ids: Sequence[int]) -> dict[int, EarlierWording]:
        """Return the earlier wordings that there are of these entries, by entry id."""
        return {row.entry_id: row for row in session.scalars(select(cls).where(cls.entry_id.in_(entry_ids)))}

    @classmethod
    def put(cls, session: Session, entry_id: int, sealed_words: bytes, kept_until: datetime) -> None:
        """Store the earlier wording of an entry in place of the one before it."""
        values = {"sealed_words": sealed_words, "kept_until": kept_until}
        insert = insert_into(session, cls).values(entry_id=entry_id, **values)
        session.execute(insert.on_conflict_do_update(index_elements=["entry_id"], set_=values))

    @classmethod
    def prune(cls, session: Session, now: datetime) -> None:
        """Delete what was kept long enough."""
        session.execute(delete(cls).where(cls.kept_until <= now))
