"""The table of the provider's webhook tokens that were used, so that each is used once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy import delete as sql_delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, insert_into


class WebhookToken(Base):
    """A provider's webhook token that was used, bound to the content it came with."""

    __tablename__ = "webhook_tokens"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    content_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    spent_at: Mapped[datetime] = mapped_column(index=True)

    @classmethod
    def spend(cls, session: Session, token_hash: bytes, content_hash: bytes, now: datetime) -> bool:
        """Use a token for some content; return False if it was used before."""
        values = {"token_hash": token_hash, "content_hash": content_hash, "spent_at": now}
        spend = insert_into(session, cls).values(values).on_conflict_do_nothing().returning(cls.token_hash)
        return session.scalar(spend) is not None

    @classmethod
    def prune(cls, session: Session, before: datetime) -> None:
        """Delete tokens used before an instant; their signatures are too old to be accepted."""
        session.execute(sql_delete(cls).where(cls.spent_at < before))
