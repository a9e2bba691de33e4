"""The table of aliases: other addresses that a subscriber writes from, sealed and found by keyed hash."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, insert_into
from service.models.people.subscription.subscriber import Subscriber


class Alias(Base):
    """An address that counts as a person's own: they may write from it, but we never write to it.

    The oldest rows have only the hash of the address.
    """

    __tablename__ = "aliases"

    address_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"), index=True)
    sealed_address: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]

    @classmethod
    def add(
        cls, session: Session, address_hash: bytes, subscriber_id: int, sealed_address: bytes, now: datetime
    ) -> None:
        """Add an address to this person's; one that is already another person's stays theirs.

        One of theirs of which only the hash is known becomes readable.
        """
        values = {"address_hash": address_hash, "subscriber_id": subscriber_id, "created_at": now}
        insert = insert_into(session, cls).values(**values, sealed_address=sealed_address)
        is_unreadable = (cls.subscriber_id == subscriber_id) & cls.sealed_address.is_(None)
        session.execute(
            insert.on_conflict_do_update(
                index_elements=["address_hash"], set_={"sealed_address": sealed_address}, where=is_unreadable
            )
        )

    @classmethod
    def of_subscriber(cls, session: Session, subscriber_id: int) -> Sequence[Alias]:
        """Return a person's aliases, in the order in which they were added."""
        query = select(cls).where(cls.subscriber_id == subscriber_id)
        return session.scalars(query.order_by(cls.created_at, cls.address_hash)).all()

    @classmethod
    def owner_id(cls, session: Session, address_hash: bytes) -> int | None:
        """Return the id of the person whose alias this address is, or None.

        The address of a confirmed subscriber is nobody's alias. The subscribers are asked each time, so that this holds
        also for an alias that was added while its address was being confirmed.
        """
        has_own_journal = Subscriber.is_confirmed(address_hash).exists()
        return session.scalar(select(cls.subscriber_id).where(cls.address_hash == address_hash, ~has_own_journal))

    @classmethod
    def release(cls, session: Session, address_hash: bytes, *, besides: int) -> int | None:
        """Delete an alias, unless it belongs to `besides`; return the id of its owner, or None."""
        query = delete(cls).where(cls.address_hash == address_hash, cls.subscriber_id != besides)
        return session.scalar(query.returning(cls.subscriber_id).execution_options(synchronize_session=False))

    @classmethod
    def remove_since(cls, session: Session, subscriber_id: int, since: datetime) -> None:
        """Delete the aliases that a person added at an instant or later."""
        session.execute(delete(cls).where(cls.subscriber_id == subscriber_id, cls.created_at >= since))

    @classmethod
    def remove(cls, session: Session, address_hash: bytes, subscriber_id: int) -> None:
        """Delete an alias of this person."""
        session.execute(delete(cls).where(cls.address_hash == address_hash, cls.subscriber_id == subscriber_id))
