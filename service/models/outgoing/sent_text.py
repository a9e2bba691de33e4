"""What went out in batches, kept once each, by which a reply's quotation is recognised."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, insert_into


class SentText(Base):
    """The text of a batch, with the placeholders of its recipients; nothing private stands in it."""

    __tablename__ = "sent_texts"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime]

    @classmethod
    def store(cls, session: Session, *, digest: bytes, subject: str, text: str, html: str, now: datetime) -> None:
        """Keep a text, unless it is there."""
        values = {"digest": digest, "subject": subject, "text": text, "html": html, "sent_at": now}
        session.execute(insert_into(session, cls).values(values).on_conflict_do_nothing())
