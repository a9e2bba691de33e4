"""The table of data keys, each wrapped by the master keys; without it, a copy of all other tables opens nothing."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, ForeignKey, LargeBinary, bindparam, delete, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from service.core.sealing import NAME_BYTES
from service.db import Base, Id, insert_into


class WrappedDataKey(Base):
    """The key under which everything of one subscriber is sealed; without this row none of it can be opened."""

    __tablename__ = "data_keys"

    subscriber_id: Mapped[int] = mapped_column(Id, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)

    @classmethod
    def add(cls, session: Session, subscriber_id: int, wrapped: bytes) -> None:
        """Store the key of a subscriber whose row has been written."""
        session.execute(insert_into(session, cls).values(subscriber_id=subscriber_id, wrapped=wrapped))

    @classmethod
    def destroy(cls, session: Session, subscriber_id: int) -> bool:
        """Delete a subscriber's key, and with it the means to open what is theirs; return whether it was there."""
        query = delete(cls).where(cls.subscriber_id == subscriber_id).returning(cls.subscriber_id)
        return session.scalar(query.execution_options(synchronize_session=False)) is not None

    @classmethod
    def of_other_masters(cls, session: Session, name: bytes, after_id: int, limit: int) -> Sequence[tuple[int, bytes]]:
        """Lock keys that another master key than this one wraps; return (subscriber, wrapped key), in the order of ids.

        Keys that another transaction deletes are left out: waiting for several of them could end in a deadlock.
        """
        query = (
            select(cls.subscriber_id, cls.wrapped)
            .where(cls.subscriber_id > after_id, master_name(cls.wrapped) != name)
            .order_by(cls.subscriber_id)
            .limit(limit)
        )
        return [(row.subscriber_id, row.wrapped) for row in session.execute(query.with_for_update(skip_locked=True))]

    @classmethod
    def number_of_other_masters(cls, session: Session, name: bytes) -> int:
        """Return how many keys another master key than this one wraps."""
        return session.scalars(select(func.count()).where(master_name(cls.wrapped) != name)).one()

    @classmethod
    def replace_many(cls, session: Session, rows: Sequence[tuple[int, bytes, bytes]]) -> None:
        """Store keys in another wrapping: (subscriber, wrapped key, as it was before); others are left alone."""
        table = cls.__table__
        query = (
            update(cls)
            .where(table.c.subscriber_id == bindparam("owner"), table.c.wrapped == bindparam("before"))
            .values(wrapped=bindparam("again"))
            .execution_options(synchronize_session=None)
        )
        if rows:
            values = [{"owner": owner, "again": again, "before": before} for owner, again, before in rows]
            session.connection().execute(query, values)


def master_name(wrapped: InstrumentedAttribute[bytes]) -> ColumnElement[bytes]:
    """Return the name of the master key that wraps the key of this column."""
    return func.substr(wrapped, 1, NAME_BYTES, type_=LargeBinary)


def number_by_master(session: Session, wrapped: InstrumentedAttribute[bytes]) -> dict[bytes, int]:
    """Return how many keys of this column each master key wraps, by the name of the master key."""
    name = master_name(wrapped)
    query = select(name, func.count()).group_by(name)
    return {row[0]: row[1] for row in session.execute(query)}
