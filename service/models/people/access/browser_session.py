"""The table of signed-in browsers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base


class BrowserSession(Base):
    """A signed-in browser; its cookie holds a secret, of which this row has only the hash."""

    __tablename__ = "browser_sessions"

    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(40), default="", server_default="")

    @classmethod
    def owner_id(cls, session: Session, secret_hash: bytes, now: datetime) -> int | None:
        """Return the id of the person who is signed in here, or None."""
        row = session.get(cls, secret_hash)
        return row.subscriber_id if row and row.expires_at > now else None

    @classmethod
    def opened_at(cls, session: Session, secret_hash: bytes) -> datetime | None:
        """Return when this browser signed in, or None."""
        row = session.get(cls, secret_hash)
        return row.created_at if row else None

    @classmethod
    def of_subscriber(cls, session: Session, subscriber_id: int, now: datetime) -> Sequence[BrowserSession]:
        """Return the sessions of a person that have not expired, the newest first."""
        own = select(cls).where(cls.subscriber_id == subscriber_id, cls.expires_at > now)
        return session.scalars(own.order_by(cls.created_at.desc(), cls.secret_hash)).all()

    @classmethod
    def end(cls, session: Session, secret_hash: bytes) -> None:
        """Sign one browser out."""
        session.execute(delete(cls).where(cls.secret_hash == secret_hash))

    @classmethod
    def end_all(cls, session: Session, subscriber_id: int) -> None:
        """Sign every browser of a person out."""
        session.execute(delete(cls).where(cls.subscriber_id == subscriber_id))

    @classmethod
    def end_others(cls, session: Session, subscriber_id: int, secret_hash: bytes) -> None:
        """Sign every browser of a person out but this one."""
        session.execute(delete(cls).where(cls.subscriber_id == subscriber_id, cls.secret_hash != secret_hash))

    @classmethod
    def prune(cls, session: Session, now: datetime) -> Sequence[bytes]:
        """Delete sessions that have expired."""
        return session.scalars(delete(cls).where(cls.expires_at < now).returning(cls.secret_hash)).all()
