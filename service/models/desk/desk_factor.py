"""The table of second factors: what an authenticator app of a writer shares with us, sealed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, LargeBinary, SmallInteger, delete, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base


class DeskFactor(Base):
    """The second factor of one writer, from the one-time code of the server's command until it is reset.

    `last_step` is the time step (RFC 6238) of the last code that was accepted: a code works once.
    """

    __tablename__ = "desk_factors"

    writer_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    enrol_code_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    enrol_until: Mapped[datetime | None]
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary)
    enrolled_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    wrong_codes: Mapped[int] = mapped_column(SmallInteger, default=0)
    wrong_since: Mapped[datetime | None]

    @classmethod
    def of(cls, session: Session, writer_hash: bytes) -> DeskFactor | None:
        """Return a writer's second factor, locked, or None."""
        return session.get(cls, writer_hash, with_for_update=True)

    @classmethod
    def accept_step(cls, session: Session, writer_hash: bytes, step: int) -> bool:
        """Record the time step of a code; return False if this code or a later one was accepted before."""
        query = update(cls).where(cls.writer_hash == writer_hash, cls.last_step < step).values(last_step=step)
        query = query.returning(cls.last_step).execution_options(synchronize_session=False)
        return session.scalar(query) is not None

    @classmethod
    def remove(cls, session: Session, writer_hash: bytes) -> bool:
        """Delete a writer's second factor; return whether there was one."""
        query = delete(cls).where(cls.writer_hash == writer_hash).returning(cls.last_step)
        return session.scalar(query) is not None
