"""The consent log: what was agreed to, in which wording, when, and from where."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, Id, random_id


class Consent(Base):
    """One line of an append-only log: what a person agreed to, in which wording, when, and from where."""

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_address_hash", "address_hash"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    address_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    event: Mapped[str] = mapped_column(String(16))
    wording: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(String(16))
    network_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    at: Mapped[datetime]

    @classmethod
    def for_address(cls, session: Session, address_hash: bytes) -> list[Consent]:
        """Return an address's lines, oldest first."""
        return list(session.scalars(select(cls).where(cls.address_hash == address_hash).order_by(cls.at)))
