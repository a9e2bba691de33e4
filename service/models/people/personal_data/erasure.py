"""The tables of erasing: who has asked for it, and a mark of everybody who was erased, for after a restore."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import Exists, ForeignKey, Index, LargeBinary, delete, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from service.db import Base, Id, insert_into, random_id
from service.models.unqueued import find_unqueued


class Erasure(Base):
    """A subscriber who asked to be erased: from `due_at` on a job does it; from `begun_at` on nothing takes it back."""

    __tablename__ = "erasures"
    __table_args__ = (Index("ix_erasures_due_at", "due_at"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"), unique=True)
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]
    enqueued_at: Mapped[datetime | None]

    @classmethod
    def ask(cls, session: Session, subscriber_id: int, *, now: datetime, due_at: datetime) -> int:
        """Record that somebody is to be erased; return the id of the row, also if it was recorded before."""
        values = {"id": random_id(), "subscriber_id": subscriber_id, "asked_at": now, "due_at": due_at}
        insert = insert_into(session, cls).values(values)
        session.execute(insert.on_conflict_do_nothing(index_elements=["subscriber_id"]))
        return session.scalars(select(cls.id).where(cls.subscriber_id == subscriber_id)).one()

    @classmethod
    def of_subscriber(cls, session: Session, subscriber_id: int) -> Erasure | None:
        """Return the erasure that somebody asked for, or None."""
        return session.scalar(select(cls).where(cls.subscriber_id == subscriber_id))

    @classmethod
    def due(cls, session: Session, erasure_id: int, now: datetime) -> Erasure | None:
        """Return an erasure whose time has come, or None."""
        return session.scalar(select(cls).where(cls.id == erasure_id, cls.due_at <= now))

    @classmethod
    def hasten(cls, session: Session, subscriber_id: int, now: datetime) -> int:
        """Have somebody erased at once, whether they have asked before or not; return the id of the row."""
        row = session.get_one(cls, cls.ask(session, subscriber_id, now=now, due_at=now))
        row.due_at = min(row.due_at, now)
        return row.id

    @classmethod
    def begin(cls, session: Session, erasure_id: int, now: datetime) -> bool:
        """Record that an erasure has begun; return False if it is not due, or was taken back."""
        query = update(cls).where(cls.id == erasure_id, cls.due_at <= now)
        begun = query.values(begun_at=func.coalesce(cls.begun_at, now)).returning(cls.id)
        return session.scalar(begun.execution_options(synchronize_session=False)) is not None

    @classmethod
    def take_back(cls, session: Session, subscriber_id: int) -> bool:
        """Delete an erasure that has not begun; return whether there was one."""
        query = delete(cls).where(cls.subscriber_id == subscriber_id, cls.begun_at.is_(None)).returning(cls.id)
        return session.scalar(query.execution_options(synchronize_session=False)) is not None

    @classmethod
    def is_asked(cls, subscriber_id: InstrumentedAttribute[int]) -> Exists:
        """Return the condition that somebody is to be erased."""
        return select(cls.id).where(cls.subscriber_id == subscriber_id).exists()

    @classmethod
    def find_unqueued(cls, session: Session, now: datetime, patience: timedelta, limit: int) -> list[int]:
        """Return ids of erasures that are due and were not enqueued within `patience`, and mark them as enqueued."""
        return find_unqueued(session, cls, cls.due_at <= now, cls.due_at, now=now, patience=patience, limit=limit)


class Tombstone(Base):
    """That somebody was erased, by the keyed hash of their id: it finds them again in a restored database."""

    __tablename__ = "tombstones"

    id_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    erased_on: Mapped[date]

    @classmethod
    def add(cls, session: Session, id_hash: bytes, erased_on: date) -> None:
        """Record that the subscriber with this hash of their id was erased on a day (UTC)."""
        values = {"id_hash": id_hash, "erased_on": erased_on}
        session.execute(insert_into(session, cls).values(values).on_conflict_do_nothing())

    @classmethod
    def missing(cls, session: Session, id_hashes: Iterable[bytes]) -> set[bytes]:
        """Return which of these hashes are not recorded."""
        return set(id_hashes) - set(session.scalars(select(cls.id_hash)))
