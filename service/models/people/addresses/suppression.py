"""The table of addresses to which we must not send."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, LargeBinary, String, delete, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, insert_into


class SuppressionReason(StrEnum):
    """Why we send no mail to an address."""

    BOUNCED = "bounced"
    COMPLAINED = "complained"


class Suppression(Base):
    """An address to which we must not send, by keyed hash; from `push_at` on the provider is to be told of it."""

    __tablename__ = "suppressions"
    __table_args__ = (
        Index(
            "ix_suppressions_push_at",
            "push_at",
            postgresql_where=text("push_at IS NOT NULL"),
            sqlite_where=text("push_at IS NOT NULL"),
        ),
    )

    address_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    reason: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    push_at: Mapped[datetime | None]

    @classmethod
    def add(
        cls,
        session: Session,
        address_hash: bytes,
        reason: SuppressionReason,
        at: datetime,
        *,
        push_at: datetime | None = None,
    ) -> None:
        """Suppress an address; an earlier reason is kept, except that a complaint replaces a bounce.

        `push_at` is when the provider is to be told, unless it is the one that said so.
        """
        values = {"address_hash": address_hash, "reason": reason, "at": at, "push_at": push_at}
        insert = insert_into(session, cls).values(values)
        session.execute(
            insert.on_conflict_do_update(
                index_elements=["address_hash"],
                set_={"reason": reason, "at": at},
                where=(cls.reason == SuppressionReason.BOUNCED) & (insert.excluded.reason != cls.reason),
            )
        )

    @classmethod
    def covers(cls, session: Session, address_hash: bytes) -> bool:
        """Return whether an address is suppressed."""
        return session.get(cls, address_hash) is not None

    @classmethod
    def among(cls, session: Session, address_hashes: Iterable[bytes]) -> set[bytes]:
        """Return those of these addresses that are suppressed."""
        return set(session.scalars(select(cls.address_hash).where(cls.address_hash.in_([*address_hashes]))))

    @classmethod
    def count_by_reason(cls, session: Session) -> dict[str, int]:
        """Return how many addresses are suppressed for each reason."""
        return {row[0]: row[1] for row in session.execute(select(cls.reason, func.count()).group_by(cls.reason))}

    @classmethod
    def take_back(cls, session: Session, address_hash: bytes, reason: SuppressionReason, at: datetime) -> None:
        """Delete the suppression of an address that was made for this reason at this instant, if it still stands so."""
        session.execute(delete(cls).where(cls.address_hash == address_hash, cls.reason == reason, cls.at == at))
