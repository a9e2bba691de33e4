"""The table of texts that went out in batches, by which a reply's quotation is recognised."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import LargeBinary, Text, delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, insert_into

NOTED_EVERY = timedelta(days=1)


class SentText(Base):
    """The text of a batch, with the placeholders of its recipients; it holds nothing private."""

    __tablename__ = "sent_texts"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime]

    @classmethod
    def store(cls, session: Session, *, digest: bytes, subject: str, text: str, html: str, now: datetime) -> None:
        """Keep a text; of one that is there, note about once a day when it was sent again."""
        values = {"digest": digest, "subject": subject, "text": text, "html": html, "sent_at": now}
        insert = insert_into(session, cls).values(values)
        is_older = cls.sent_at < now - NOTED_EVERY
        session.execute(insert.on_conflict_do_update(index_elements=["digest"], set_={"sent_at": now}, where=is_older))

    @classmethod
    def prune(cls, session: Session, before: datetime) -> None:
        """Forget texts that were last sent before an instant."""
        session.execute(delete(cls).where(cls.sent_at < before))
