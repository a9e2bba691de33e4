"""The table of heartbeats: when each part of the service last said that it is alive."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, insert_into


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
