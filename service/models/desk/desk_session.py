"""The tables of browsers at the desk: links to sign in with, and signed-in browsers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, Id, random_id

_BYTES = 32


class DeskLink(Base):
    """A link to sign in with, sent to one writer; it works once, in the browser that asked for it."""

    __tablename__ = "desk_links"

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    writer_hash: Mapped[bytes] = mapped_column(LargeBinary(_BYTES), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(_BYTES), unique=True)
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary(_BYTES))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    @classmethod
    def count_since(cls, session: Session, writer_hash: bytes, since: datetime) -> int:
        """Return how many links a writer has asked for since an instant."""
        query = select(func.count()).where(cls.writer_hash == writer_hash, cls.created_at > since)
        return session.scalar(query) or 0

    @classmethod
    def find_open(cls, session: Session, token_hash: bytes, now: datetime) -> DeskLink | None:
        """Return the link with this token if it can still be used, or None."""
        query = select(cls).where(cls.token_hash == token_hash, cls.used_at.is_(None), cls.expires_at > now)
        return session.scalar(query)

    @classmethod
    def mark_used(cls, session: Session, link_id: int, now: datetime) -> bool:
        """Mark a link as used; return False if it had been used before."""
        query = update(cls).where(cls.id == link_id, cls.used_at.is_(None)).values(used_at=now)
        query = query.returning(cls.id).execution_options(synchronize_session=False)
        return session.scalar(query) is not None

    @classmethod
    def prune(cls, session: Session, before: datetime) -> None:
        """Delete links that were asked for before an instant."""
        session.execute(delete(cls).where(cls.created_at < before))


class DeskSession(Base):
    """A browser that is signed in at the desk; its cookie holds a secret, of which this row has only the hash.

    `confirmed_at` is when a second factor, a code or a passkey, was last given in it.
    """

    __tablename__ = "desk_sessions"

    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(_BYTES), primary_key=True)
    writer_hash: Mapped[bytes] = mapped_column(LargeBinary(_BYTES), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]

    @classmethod
    def find(cls, session: Session, secret_hash: bytes, now: datetime) -> DeskSession | None:
        """Return the session that has not ended, or None."""
        row = session.get(cls, secret_hash)
        return row if row is not None and row.expires_at > now else None

    @classmethod
    def end(cls, session: Session, secret_hash: bytes) -> None:
        """Sign one browser out."""
        session.execute(delete(cls).where(cls.secret_hash == secret_hash))

    @classmethod
    def end_all(cls, session: Session, writer_hash: bytes) -> None:
        """Sign every browser of a writer out."""
        session.execute(delete(cls).where(cls.writer_hash == writer_hash))

    @classmethod
    def prune(cls, session: Session, now: datetime) -> None:
        """Delete sessions that have ended."""
        session.execute(delete(cls).where(cls.expires_at < now))
