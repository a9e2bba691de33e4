"""The consent log: what was agreed to, in which wording, when, and from where."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.core.settings.consent import ConsentEvent, Stream
from service.db import Base, Id, random_id


class Consent(Base):
    """One line of an append-only log: what a person agreed to, in which wording, when, and from where."""

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_address_hash", "address_hash"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    address_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    stream: Mapped[str] = mapped_column(String(16), server_default=text("'questions'"))
    event: Mapped[str] = mapped_column(String(16))
    wording: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(String(16))
    network_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    at: Mapped[datetime]

    @classmethod
    def for_address(cls, session: Session, address_hash: bytes) -> list[Consent]:
        """Return an address's lines, oldest first."""
        return cls.for_addresses(session, [address_hash])

    @classmethod
    def for_addresses(cls, session: Session, address_hashes: Iterable[bytes]) -> list[Consent]:
        """Return the lines of several addresses, oldest first."""
        return list(session.scalars(select(cls).where(cls.address_hash.in_([*address_hashes])).order_by(cls.at)))

    @classmethod
    def newest(cls, session: Session, address_hash: bytes, stream: Stream) -> Consent | None:
        """Return the newest line about a stream that agrees, withdraws or takes back, or None.

        That somebody entered the address on a page says nothing yet, and is left out.
        """
        query = select(cls).where(
            cls.address_hash == address_hash, cls.stream == stream, cls.event != ConsentEvent.ASKED
        )
        return session.scalar(query.order_by(cls.at.desc()).limit(1))

    @classmethod
    def stopped_among(cls, session: Session, address_hashes: Iterable[bytes]) -> set[bytes]:
        """Return those of these addresses whose newest line, apart from being entered on a page, is a stop."""
        query = select(cls.address_hash, cls.event).where(
            cls.address_hash.in_([*address_hashes]), cls.event != ConsentEvent.ASKED
        )
        newest = {row.address_hash: row.event for row in session.execute(query.order_by(cls.at))}
        return {address_hash for address_hash, event in newest.items() if event == ConsentEvent.STOPPED}
