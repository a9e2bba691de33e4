"""The tables of emails requested on a page, of signed-in browsers, and of heartbeats."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, SmallInteger, String, delete, func, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, Id, insert_into, random_id
from service.models.unqueued import find_unqueued

LOCK_BYTES = 8


class MailRequestKind(StrEnum):
    """What was asked for."""

    SIGNUP = "signup"
    SIGN_IN = "sign_in"


class MailRequest(Base):
    """An email that somebody requested on a page.

    The page writes this one row for any address, and a job does the rest, so the page takes the same time for known
    and unknown addresses. `used_at` makes a sign-in link single use.
    """

    __tablename__ = "mail_requests"
    __table_args__ = (
        Index("ix_mail_requests_network_hash_created_at", "network_hash", "created_at"),
        Index("ix_mail_requests_address_hash_created_at", "address_hash", "created_at"),
        Index("ix_mail_requests_kind_created_at", "kind", "created_at"),
        Index(
            "ix_mail_requests_waiting",
            "created_at",
            postgresql_where=text("done_at IS NULL"),
            sqlite_where=text("done_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    kind: Mapped[str] = mapped_column(String(8))
    address_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    sealed_form: Mapped[bytes | None] = mapped_column(LargeBinary)
    network_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    wrong_codes: Mapped[int] = mapped_column(SmallInteger, default=0)
    created_at: Mapped[datetime]
    enqueued_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]

    @classmethod
    def count_recent(cls, session: Session, network_hash: bytes, since: datetime) -> int:
        """Return how many requests a network made since an instant; its other requests wait for this transaction."""
        if session.get_bind().dialect.name == "postgresql":
            lock = int.from_bytes(network_hash[:LOCK_BYTES], "big", signed=True)
            session.execute(select(func.pg_advisory_xact_lock(lock)))
        query = select(func.count()).where(cls.network_hash == network_hash, cls.created_at > since)
        return session.scalar(query) or 0

    @classmethod
    def count_from_network(cls, session: Session, address_hash: bytes, network_hash: bytes, since: datetime) -> int:
        """Return how many emails one network has requested for an address since an instant, this request included."""
        query = select(func.count()).where(
            cls.address_hash == address_hash, cls.network_hash == network_hash, cls.created_at > since
        )
        return session.scalar(query) or 0

    @classmethod
    def count_signups(cls, session: Session, since: datetime) -> int:
        """Return how many signups were requested since an instant, by everybody."""
        query = select(func.count()).where(cls.kind == MailRequestKind.SIGNUP, cls.created_at > since)
        return session.scalar(query) or 0

    @classmethod
    def lock_unprocessed(cls, session: Session, request_id: int) -> MailRequest | None:
        """Return, locked, a request that is not processed yet, or None."""
        return session.scalar(select(cls).where(cls.id == request_id, cls.done_at.is_(None)).with_for_update())

    @classmethod
    def try_code(cls, session: Session, request_id: int, limit: int) -> bool:
        """Count one try at a request's code; return whether it is one of the first `limit`."""
        query = (
            update(cls)
            .where(cls.id == request_id, cls.wrong_codes < limit, cls.used_at.is_(None))
            .values(wrong_codes=cls.wrong_codes + 1)
            .returning(cls.id)
            .execution_options(synchronize_session=False)
        )
        return session.scalar(query) is not None

    @classmethod
    def mark_used(cls, session: Session, request_id: int, now: datetime) -> bool:
        """Mark a request's sign-in as used; return False if it had been used before."""
        query = (
            update(cls)
            .where(cls.id == request_id, cls.used_at.is_(None))
            .values(used_at=now)
            .returning(cls.id)
            .execution_options(synchronize_session=False)
        )
        return session.scalar(query) is not None

    @classmethod
    def find_unqueued(cls, session: Session, now: datetime, patience: timedelta, limit: int) -> list[int]:
        """Return ids of unprocessed requests that were not enqueued within `patience`, and mark them as enqueued."""
        return find_unqueued(
            session, cls, cls.done_at.is_(None), cls.created_at, now=now, patience=patience, limit=limit
        )

    @classmethod
    def prune(cls, session: Session, before: datetime) -> None:
        """Delete requests made before an instant."""
        session.execute(delete(cls).where(cls.created_at < before))


class BrowserSession(Base):
    """A signed-in browser; its cookie holds a secret, of which this row has only the hash."""

    __tablename__ = "browser_sessions"

    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    @classmethod
    def owner_id(cls, session: Session, secret_hash: bytes, now: datetime) -> int | None:
        """Return the id of the person who is signed in here, or None."""
        row = session.get(cls, secret_hash)
        return row.subscriber_id if row and row.expires_at > now else None

    @classmethod
    def end(cls, session: Session, secret_hash: bytes) -> None:
        """Sign one browser out."""
        session.execute(delete(cls).where(cls.secret_hash == secret_hash))

    @classmethod
    def end_all(cls, session: Session, subscriber_id: int) -> None:
        """Sign every browser of a person out."""
        session.execute(delete(cls).where(cls.subscriber_id == subscriber_id))

    @classmethod
    def prune(cls, session: Session, now: datetime) -> Sequence[bytes]:
        """Delete sessions that have expired."""
        return session.scalars(delete(cls).where(cls.expires_at < now).returning(cls.secret_hash)).all()


class Heartbeat(Base):
    """The time of the last heartbeat of a part of the service."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    at: Mapped[datetime]

    @classmethod
    def record(cls, session: Session, name: str, now: datetime) -> None:
        """Record a heartbeat of a part."""
        insert = insert_into(session, cls).values(name=name, at=now)
        session.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"at": now}))

    @classmethod
    def record_if_older(cls, session: Session, name: str, now: datetime, every: timedelta) -> bool:
        """Record that a part has run, unless it has within `every`; say whether it was this call that did."""
        insert = insert_into(session, cls).values(name=name, at=now)
        is_older = cls.at <= now - every
        recorded = insert.on_conflict_do_update(index_elements=["name"], set_={"at": now}, where=is_older)
        return session.scalar(recorded.returning(cls.name)) is not None

    @classmethod
    def remove(cls, session: Session, name: str) -> None:
        """Forget a part that has ended."""
        session.execute(delete(cls).where(cls.name == name))

    @classmethod
    def prune(cls, session: Session, before: datetime) -> None:
        """Forget processes, whose names end in a random number ("send-1f2e3d4c"), that were last alive before this."""
        session.execute(delete(cls).where(cls.name.contains("-"), cls.at < before))

    @classmethod
    def read_all(cls, session: Session) -> dict[str, datetime]:
        """Return when each part was last alive, by name."""
        return {row[0]: row[1] for row in session.execute(select(cls.name, cls.at).order_by(cls.name))}

    @classmethod
    def last_at(cls, session: Session, name: str) -> datetime | None:
        """Return the time of a part's last heartbeat, or None."""
        row = session.get(cls, name)
        return row.at if row else None
