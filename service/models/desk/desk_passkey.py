"""The table of the writers' passkeys: each is a second factor of one writer at the desk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import BigInteger, LargeBinary, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, Id, random_id

_HASH_BYTES = 32


class DeskPasskey(Base):
    """A passkey of a writer, found by the keyed hash of its credential id; its id, public key and name are sealed.

    `last_used_on` is a date in UTC.
    """

    __tablename__ = "desk_passkeys"

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    writer_hash: Mapped[bytes] = mapped_column(LargeBinary(_HASH_BYTES), index=True)
    credential_hash: Mapped[bytes] = mapped_column(LargeBinary(_HASH_BYTES), unique=True)
    sealed_credential_id: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_name: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    last_used_on: Mapped[date | None]

    @classmethod
    def of_writer(cls, session: Session, writer_hash: bytes) -> Sequence[DeskPasskey]:
        """Return a writer's passkeys, the oldest first."""
        query = select(cls).where(cls.writer_hash == writer_hash)
        return session.scalars(query.order_by(cls.created_at, cls.id)).all()

    @classmethod
    def is_known(cls, session: Session, credential_hash: bytes) -> bool:
        """Return whether a writer has this passkey."""
        return session.scalar(select(cls.id).where(cls.credential_hash == credential_hash)) is not None

    @classmethod
    def locked(cls, session: Session, writer_hash: bytes, credential_hash: bytes) -> DeskPasskey | None:
        """Return this passkey of this writer, locked, so that one answer at a time sets its counter; or None."""
        query = select(cls).where(cls.credential_hash == credential_hash, cls.writer_hash == writer_hash)
        return session.scalar(query.with_for_update())

    @classmethod
    def remove(cls, session: Session, writer_hash: bytes, passkey_id: int) -> bool:
        """Delete one of a writer's passkeys, never another writer's; return whether it was there."""
        query = delete(cls).where(cls.id == passkey_id, cls.writer_hash == writer_hash).returning(cls.id)
        return session.scalar(query) is not None

    @classmethod
    def remove_all(cls, session: Session, writer_hash: bytes) -> int:
        """Delete all passkeys of a writer; return how many there were."""
        return len(session.scalars(delete(cls).where(cls.writer_hash == writer_hash).returning(cls.id)).all())
