"""How far the provider's suppression lists have been read, and which of our suppressions it has still to be told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import LargeBinary, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, insert_into
from service.models.people.addresses.suppression import Suppression
from service.models.people.subscription.subscriber import Subscriber


class SuppressionCursor(Base):
    """Where to go on in one of the provider's lists: after which address, which is sealed, and when."""

    __tablename__ = "suppression_cursors"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    sealed_after: Mapped[bytes | None] = mapped_column(LargeBinary)
    due_at: Mapped[datetime]

    @classmethod
    def take(cls, session: Session, names: Sequence[str], now: datetime, until: datetime) -> SuppressionCursor | None:
        """Return the list that has been due the longest, for this process alone until an instant, or None."""
        rows = [{"name": name, "sealed_after": None, "due_at": now} for name in names]
        session.execute(insert_into(session, cls).values(rows).on_conflict_do_nothing())
        due = select(cls).where(cls.name.in_(names), cls.due_at <= now).order_by(cls.due_at, cls.name).limit(1)
        cursor = session.scalar(due.with_for_update(skip_locked=True))
        if cursor is not None:
            cursor.due_at = until
        return cursor

    @classmethod
    def store(cls, session: Session, name: str, sealed_after: bytes | None, due_at: datetime) -> None:
        """Keep where to go on, and when."""
        query = update(cls).where(cls.name == name).values(sealed_after=sealed_after, due_at=due_at)
        session.execute(query.execution_options(synchronize_session=False))


def suppressions_to_push(session: Session, now: datetime, limit: int) -> list[tuple[Suppression, Subscriber]]:
    """Return suppressions that the provider has still to be told, with their people; others have no address left."""
    query = (
        select(Suppression, Subscriber)
        .join(Subscriber, Subscriber.address_hash == Suppression.address_hash)
        .where(Suppression.push_at <= now)
        .order_by(Suppression.push_at)
        .limit(limit)
    )
    return [(suppression, person) for suppression, person in session.execute(query)]


def push_later(session: Session, address_hash: bytes, at: datetime | None) -> None:
    """Set when the provider is to be told of a suppression; None says that it knows."""
    query = update(Suppression).where(Suppression.address_hash == address_hash).values(push_at=at)
    session.execute(query.execution_options(synchronize_session=False))
