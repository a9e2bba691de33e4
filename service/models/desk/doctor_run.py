"""The table of the doctor's last run: when it was, and which checks failed. It holds one row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Text, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, Id, random_id


class DoctorRun(Base):
    """The last run of the doctor. Nothing in it is private: the names of the checks that failed."""

    __tablename__ = "doctor_runs"

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    at: Mapped[datetime]
    failures: Mapped[str] = mapped_column(Text)

    @property
    def failed_checks(self) -> list[str]:
        """Return the names of the checks that failed."""
        return [str(name) for name in json.loads(self.failures)]

    @classmethod
    def record(cls, session: Session, failed_checks: Sequence[str], now: datetime) -> None:
        """Record a run in place of the one before."""
        session.execute(delete(cls))
        session.add(cls(at=now, failures=json.dumps([*failed_checks])))
        session.flush()

    @classmethod
    def last(cls, session: Session) -> DoctorRun | None:
        """Return the last run, or None if there was none."""
        return session.scalar(select(cls).order_by(cls.at.desc()).limit(1))
