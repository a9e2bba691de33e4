"""The tables of how much may be sent: what the provider was found to take, and what went within an hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Integer, String, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, insert_into

SENDING_KEPT = timedelta(days=7)
_HOUR = timedelta(hours=1)


class LimitName(StrEnum):
    """What the provider limits: the recipients of one request, or those of a stretch of time."""

    BATCH = "batch"
    QUOTA = "quota"


class ProviderLimit(Base):
    """The most recipients of a request that the provider was found to take, until it is tried with more."""

    __tablename__ = "provider_limits"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    size: Mapped[int]
    until: Mapped[datetime]

    @classmethod
    def all(cls, session: Session) -> dict[LimitName, tuple[int, datetime]]:
        """Return the limits that are known, as (size, until)."""
        return {LimitName(row.name): (row.size, row.until) for row in session.scalars(select(cls))}

    @classmethod
    def store(cls, session: Session, name: LimitName, size: int, until: datetime) -> None:
        """Keep what was found, for every worker."""
        insert = insert_into(session, cls).values(name=name, size=size, until=until)
        session.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"size": size, "until": until}))

    @classmethod
    def forget(cls, session: Session, name: LimitName) -> None:
        """Drop a limit that does not hold any more."""
        session.execute(delete(cls).where(cls.name == name))


class SendingHour(Base):
    """How many emails were handed over within one hour, by all workers together."""

    __tablename__ = "sending_hours"

    hour: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    emails: Mapped[int]
    letters: Mapped[int] = mapped_column(default=0, server_default="0")

    @classmethod
    def take(cls, session: Session, now: datetime, wanted: int, most: int) -> int:
        """Return how many of the emails wanted may go within this hour, and count them."""
        hour = _hour(now)
        session.execute(insert_into(session, cls).values(hour=hour, emails=0).on_conflict_do_nothing())
        used = session.scalars(select(cls.emails).where(cls.hour == hour).with_for_update()).one()
        granted = max(0, min(wanted, most - used))
        if granted:
            query = update(cls).where(cls.hour == hour).values(emails=cls.emails + granted)
            session.execute(query.execution_options(synchronize_session=False))
        return granted

    @classmethod
    def take_letters(cls, session: Session, now: datetime, wanted: int, most: int) -> int:
        """Return how many of the letters wanted may go within this hour, and count them as letters."""
        hour = _hour(now)
        session.execute(insert_into(session, cls).values(hour=hour, emails=0, letters=0).on_conflict_do_nothing())
        used = session.scalars(select(cls.letters).where(cls.hour == hour).with_for_update()).one()
        granted = max(0, min(wanted, most - used))
        query = update(cls).where(cls.hour == hour).values(letters=cls.letters + granted)
        session.execute(query.execution_options(synchronize_session=False))
        return granted

    @classmethod
    def give_letters_back(cls, session: Session, now: datetime, letters: int) -> None:
        """Take letters out of the count of this hour."""
        query = update(cls).where(cls.hour == _hour(now), cls.letters >= letters).values(letters=cls.letters - letters)
        session.execute(query.execution_options(synchronize_session=False))

    @classmethod
    def count(cls, session: Session, now: datetime, emails: int) -> None:
        """Count emails that go in any case."""
        insert = insert_into(session, cls).values(hour=_hour(now), emails=emails)
        session.execute(insert.on_conflict_do_update(index_elements=["hour"], set_={"emails": cls.emails + emails}))

    @classmethod
    def give_back(cls, session: Session, now: datetime, emails: int) -> None:
        """Take emails out of the count of this hour; those counted in an earlier hour stay there."""
        query = update(cls).where(cls.hour == _hour(now), cls.emails >= emails).values(emails=cls.emails - emails)
        session.execute(query.execution_options(synchronize_session=False))

    @classmethod
    def prune(cls, session: Session, now: datetime) -> None:
        """Delete the counts that are older than a week."""
        session.execute(delete(cls).where(cls.hour < _hour(now - SENDING_KEPT)))

    @classmethod
    def recent(cls, session: Session, now: datetime) -> list[tuple[datetime, int]]:
        """Return the hours of the last week in which emails went, by their beginning, with their numbers, in order."""
        query = select(cls.hour, cls.emails).where(cls.hour >= _hour(now - SENDING_KEPT), cls.emails > 0)
        rows = session.execute(query.order_by(cls.hour))
        return [(datetime.fromtimestamp(row[0] * _HOUR.total_seconds(), UTC), row[1]) for row in rows]


def next_hour(now: datetime) -> datetime:
    """Return the instant at which the next hour begins."""
    return now - timedelta(seconds=now.timestamp() % _HOUR.total_seconds()) + _HOUR


def _hour(at: datetime) -> int:
    return int(at.timestamp() // _HOUR.total_seconds())
