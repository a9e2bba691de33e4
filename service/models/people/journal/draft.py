"""The table of drafts: what a person has begun to write for a day, and not saved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ForeignKey, LargeBinary, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, Id, insert_into


class Draft(Base):
    """The words that a person keeps for later on the page where one writes, one draft for each day."""

    __tablename__ = "drafts"

    subscriber_id: Mapped[int] = mapped_column(
        Id, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    written_on: Mapped[date] = mapped_column(primary_key=True)
    sealed_words: Mapped[bytes] = mapped_column(LargeBinary)
    saved_at: Mapped[datetime]

    @classmethod
    def find(cls, session: Session, subscriber_id: int, on: date) -> Draft | None:
        """Return this person's draft for a local date, or None."""
        return session.get(cls, (subscriber_id, on), populate_existing=True)

    @classmethod
    def days(cls, session: Session, subscriber_id: int) -> Sequence[date]:
        """Return the local dates for which this person has drafts, the earliest first."""
        query = select(cls.written_on).where(cls.subscriber_id == subscriber_id)
        return session.scalars(query.order_by(cls.written_on)).all()

    @classmethod
    def list_for(cls, session: Session, subscriber_id: int) -> Sequence[Draft]:
        """Return this person's drafts, that of the earliest local date first."""
        query = select(cls).where(cls.subscriber_id == subscriber_id)
        return session.scalars(query.order_by(cls.written_on)).all()

    @classmethod
    def put(cls, session: Session, subscriber_id: int, on: date, sealed_words: bytes, now: datetime) -> None:
        """Store this person's draft for a local date in place of the one before it."""
        values = {"sealed_words": sealed_words, "saved_at": now}
        insert = insert_into(session, cls).values(subscriber_id=subscriber_id, written_on=on, **values)
        session.execute(insert.on_conflict_do_update(index_elements=["subscriber_id", "written_on"], set_=values))

    @classmethod
    def remove(cls, session: Session, subscriber_id: int, on: date) -> None:
        """Delete this person's draft for a local date, if there is one."""
        session.execute(delete(cls).where(cls.subscriber_id == subscriber_id, cls.written_on == on))
