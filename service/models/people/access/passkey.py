"""The tables of passkeys, and of the challenges that were answered with one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, Id, insert_into, random_id

_HASH_BYTES = 32


class Passkey(Base):
    """A passkey of a subscriber, found by the keyed hash of its credential id; its id, public key and name are sealed.

    `last_used_on` is a local date of its owner.
    """

    __tablename__ = "passkeys"

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"), index=True)
    credential_hash: Mapped[bytes] = mapped_column(LargeBinary(_HASH_BYTES), unique=True)
    sealed_credential_id: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_name: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    last_used_on: Mapped[date | None]

    @classmethod
    def of_subscriber(cls, session: Session, subscriber_id: int) -> Sequence[Passkey]:
        """Return a person's passkeys, the oldest first."""
        query = select(cls).where(cls.subscriber_id == subscriber_id)
        return session.scalars(query.order_by(cls.created_at, cls.id)).all()

    @classmethod
    def is_known(cls, session: Session, credential_hash: bytes) -> bool:
        """Return whether somebody has this passkey."""
        return session.scalar(select(cls.id).where(cls.credential_hash == credential_hash)) is not None

    @classmethod
    def locked(cls, session: Session, credential_hash: bytes) -> Passkey | None:
        """Return this passkey, locked, so that its counter is compared and set by one sign-in at a time; or None."""
        return session.scalar(select(cls).where(cls.credential_hash == credential_hash).with_for_update())

    @classmethod
    def remove(cls, session: Session, subscriber_id: int, passkey_id: int) -> None:
        """Delete one of this person's passkeys; never another person's."""
        session.execute(delete(cls).where(cls.id == passkey_id, cls.subscriber_id == subscriber_id))

    @classmethod
    def remove_since(cls, session: Session, subscriber_id: int, since: datetime) -> None:
        """Delete the passkeys that a person added at an instant or later."""
        session.execute(delete(cls).where(cls.subscriber_id == subscriber_id, cls.created_at >= since))


class AnsweredChallenge(Base):
    """A challenge that was answered with a passkey, by its keyed hash, so that each is answered once."""

    __tablename__ = "answered_challenges"

    challenge_hash: Mapped[bytes] = mapped_column(LargeBinary(_HASH_BYTES), primary_key=True)
    answered_at: Mapped[datetime] = mapped_column(index=True)

    @classmethod
    def record(cls, session: Session, challenge_hash: bytes, now: datetime) -> bool:
        """Record that a challenge is answered; return False if it had been answered before."""
        values = {"challenge_hash": challenge_hash, "answered_at": now}
        record = insert_into(session, cls).values(values).on_conflict_do_nothing().returning(cls.challenge_hash)
        return session.scalar(record) is not None

    @classmethod
    def prune(cls, session: Session, before: datetime) -> None:
        """Delete challenges that were answered before an instant; they are too old to be accepted."""
        session.execute(delete(cls).where(cls.answered_at < before))
