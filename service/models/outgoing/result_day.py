"""The table of what became of all emails on one day (UTC), summed from the hours of each domain when those expire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Integer, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, insert_into

KEPT_FOR: Final = timedelta(days=30)
_DAY: Final = timedelta(days=1)
HOURS_A_DAY: Final = 24


class ResultDay(Base):
    """How many emails had a known result on one day, and how many were called spam; `day` counts from 1970-01-01."""

    __tablename__ = "result_days"

    day: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    results: Mapped[int]
    complaints: Mapped[int]

    @classmethod
    def add(cls, session: Session, by_day: Mapping[int, tuple[int, int]]) -> None:
        """Add (results, complaints) to each day."""
        for day, (results, complaints) in sorted(by_day.items()):
            insert = insert_into(session, cls).values(day=day, results=results, complaints=complaints)
            values = {"results": cls.results + results, "complaints": cls.complaints + complaints}
            session.execute(insert.on_conflict_do_update(index_elements=["day"], set_=values))

    @classmethod
    def total(cls, session: Session, now: datetime) -> tuple[int, int]:
        """Return (results, complaints) of the last 30 days, without what the hours still hold."""
        columns = select(func.sum(cls.results), func.sum(cls.complaints)).where(cls.day > _day(now - KEPT_FOR))
        results, complaints = session.execute(columns).one()
        return results or 0, complaints or 0

    @classmethod
    def prune(cls, session: Session, now: datetime) -> None:
        """Delete what is older than 30 days."""
        session.execute(delete(cls).where(cls.day <= _day(now - KEPT_FOR)))


def _day(at: datetime) -> int:
    return int(at.timestamp() // _DAY.total_seconds())
