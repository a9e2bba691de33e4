"""The table of data keys, each wrapped by the master keys; without it, a copy of all other tables opens nothing."""

from __future__ import annotations

from sqlalchemy import ForeignKey, LargeBinary, delete
from sqlalchemy.orm import Mapped, Session, mapped_column

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
