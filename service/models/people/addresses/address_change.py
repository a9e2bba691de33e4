"""The table of changes of address: for three days the former address is reserved, and can take the change back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Exists, ForeignKey, LargeBinary, delete, select, update
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from service.db import Base, Id, random_id
from service.models.people.subscription.subscriber import Subscriber
from service.models.people.subscription.subscriber_status import SubscriberStatus


class AddressChange(Base):
    """A person who has moved from an address; it is reserved for them as long as it is stored sealed.

    The keyed hash stays: a complaint about that address, which may come weeks later, is about this person.
    """

    __tablename__ = "address_changes"

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"), index=True)
    former_hash: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    sealed_former: Mapped[bytes | None] = mapped_column(LargeBinary)
    changed_at: Mapped[datetime]
    back_until: Mapped[datetime]

    @classmethod
    def of_subscriber(cls, session: Session, subscriber_id: int) -> Sequence[AddressChange]:
        """Return a person's changes, oldest first."""
        query = select(cls).where(cls.subscriber_id == subscriber_id)
        return session.scalars(query.order_by(cls.changed_at, cls.id)).all()

    @classmethod
    def to_take_back(cls, session: Session, subscriber_id: int, change_id: int, now: datetime) -> AddressChange | None:
        """Return one of a person's changes that its former address can take back, or None."""
        query = select(cls).where(cls.id == change_id, cls.subscriber_id == subscriber_id)
        return session.scalar(query.where(cls.back_until > now, cls.sealed_former.is_not(None)))

    @classmethod
    def all_to_take_back(cls, session: Session, subscriber_id: int, now: datetime) -> Sequence[AddressChange]:
        """Return those of a person's changes that their former addresses can take back, oldest first."""
        query = select(cls).where(cls.subscriber_id == subscriber_id)
        query = query.where(cls.back_until > now, cls.sealed_former.is_not(None))
        return session.scalars(query.order_by(cls.changed_at, cls.id)).all()

    @classmethod
    def may_be_taken_back(cls, subscriber_id: InstrumentedAttribute[int], now: datetime) -> Exists:
        """Return the condition that a former address of somebody can take a change back."""
        is_open = (cls.back_until > now, cls.sealed_former.is_not(None))
        return select(cls.id).where(cls.subscriber_id == subscriber_id, *is_open).exists()

    @classmethod
    def reserved_for(cls, session: Session, address_hash: bytes) -> int | None:
        """Return the id of the person for whom an address is reserved, or None."""
        query = select(cls.subscriber_id).where(cls.former_hash == address_hash, cls.sealed_former.is_not(None))
        return session.scalar(query.order_by(cls.changed_at.desc()).limit(1))

    @classmethod
    def reserved_among(cls, session: Session, address_hashes: Iterable[bytes]) -> set[bytes]:
        """Return those of these addresses that are reserved for somebody."""
        query = select(cls.former_hash).where(cls.former_hash.in_([*address_hashes]), cls.sealed_former.is_not(None))
        return set(session.scalars(query))

    @classmethod
    def find_person(cls, session: Session, address_hash: bytes) -> Subscriber | None:
        """Return the person with this address, else the last one who has moved from it, or None."""
        moved = select(cls.subscriber_id).where(cls.former_hash == address_hash)
        query = select(Subscriber).where(
            Subscriber.id == moved.order_by(cls.changed_at.desc()).limit(1).scalar_subquery()
        )
        return Subscriber.with_address(session, address_hash) or session.scalar(query)

    @classmethod
    def hashes_of(cls, session: Session, person: Subscriber) -> set[bytes]:
        """Return the hash of a person's address and of those that they have moved from and nobody else has now."""
        former = set(session.scalars(select(cls.former_hash).where(cls.subscriber_id == person.id)))
        elsewhere = Subscriber.with_addresses(session, former).keys() if former else set()
        return {person.address_hash, *(former - elsewhere)}

    @classmethod
    def has_had(cls, session: Session, subscriber_id: int, address_hash: bytes) -> bool:
        """Return whether a person has moved from this address."""
        query = select(cls.id).where(cls.subscriber_id == subscriber_id, cls.former_hash == address_hash)
        return session.scalar(query.limit(1)) is not None

    @classmethod
    def forget_since(cls, session: Session, subscriber_id: int, since: datetime) -> None:
        """Delete a person's changes of an instant and later ones."""
        query = delete(cls).where(cls.subscriber_id == subscriber_id, cls.changed_at >= since)
        session.execute(query.execution_options(synchronize_session=False))

    @classmethod
    def clear_unconfirmed(cls, session: Session, address_hash: bytes) -> None:
        """Delete a signup with this address that was never confirmed: anybody may have typed the address."""
        query = delete(Subscriber).where(
            Subscriber.address_hash == address_hash, Subscriber.status == SubscriberStatus.PENDING
        )
        session.execute(query.execution_options(synchronize_session=False))

    @classmethod
    def prune(cls, session: Session, now: datetime) -> None:
        """End the reservations whose time has passed: of those addresses only the hash stays."""
        query = update(cls).where(cls.back_until <= now, cls.sealed_former.is_not(None)).values(sealed_former=None)
        session.execute(query.execution_options(synchronize_session=False))
