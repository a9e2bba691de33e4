"""The table of full mailboxes: refusals in a row, until a delivery succeeds."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, SmallInteger, case, delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, Id, insert_into

REFUSALS = 3
REFUSED_FOR = timedelta(days=30)


class FullMailbox(Base):
    """How often in a row, and since when, somebody's mailbox was full."""

    __tablename__ = "full_mailboxes"

    subscriber_id: Mapped[int] = mapped_column(
        Id, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    refusals: Mapped[int] = mapped_column(SmallInteger)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]

    @property
    def is_abandoned(self) -> bool:
        """Return whether the mailbox seems abandoned: three refusals in a row, the first and last 30 days apart."""
        return self.refusals >= REFUSALS and self.last_at - self.first_at >= REFUSED_FOR

    @classmethod
    def record_refusal(cls, session: Session, subscriber_id: int, at: datetime) -> FullMailbox:
        """Count one more refusal at an instant, and return the row as it is now."""
        insert = insert_into(session, cls).values(subscriber_id=subscriber_id, refusals=1, first_at=at, last_at=at)
        # Events may come in any order.
        first_at = case((insert.excluded.first_at < cls.first_at, insert.excluded.first_at), else_=cls.first_at)
        last_at = case((insert.excluded.last_at > cls.last_at, insert.excluded.last_at), else_=cls.last_at)
        session.execute(
            insert.on_conflict_do_update(
                index_elements=["subscriber_id"],
                set_={"refusals": cls.refusals + 1, "first_at": first_at, "last_at": last_at},
            )
        )
        return session.get_one(cls, subscriber_id, populate_existing=True)

    @classmethod
    def forget(cls, session: Session, subscriber_id: int, delivered_at: datetime) -> None:
        """Reset the count after a delivery at an instant, unless the refusals are newer."""
        session.execute(delete(cls).where(cls.subscriber_id == subscriber_id, cls.first_at <= delivered_at))
