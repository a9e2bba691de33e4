"""The table of emails requested on a page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Index, LargeBinary, SmallInteger, String, delete, func, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, Id, random_id
from service.models.unqueued import find_unqueued

LOCK_BYTES = 8


class MailRequestKind(StrEnum):
    """What was asked for."""

    SIGNUP = "signup"
    SIGN_IN = "sign_in"
    IMPORT = "import"
    JOIN = "join"


class MailRequest(Base):
    """An email that somebody requested on a page, or that asks somebody on an imported list.

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
    def count_of_kind(cls, session: Session, kind: MailRequestKind, since: datetime) -> int:
        """Return how many requests of a kind were made since an instant, by everybody."""
        query = select(func.count()).where(cls.kind == kind, cls.created_at > since)
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
    def void_sign_ins(cls, session: Session, address_hashes: Iterable[bytes], now: datetime) -> None:
        """Make every sign-in link to these addresses invalid that has not been used."""
        query = update(cls).where(cls.address_hash.in_([*address_hashes]), cls.used_at.is_(None)).values(used_at=now)
        session.execute(query.where(cls.kind == MailRequestKind.SIGN_IN).execution_options(synchronize_session=False))

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
