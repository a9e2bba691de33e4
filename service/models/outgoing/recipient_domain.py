"""The tables about recipient domains, by keyed hash: what became of our emails there, and which are paused."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Delete, Integer, LargeBinary, String, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.core.sending.domain_results import COUNTED_FOR, DomainResults, PauseReason
from service.db import Base, insert_into
from service.models.outgoing.result_day import HOURS_A_DAY, ResultDay

_HOUR = timedelta(hours=1)


class DomainHour(Base):
    """What became of the emails to one domain within one hour."""

    __tablename__ = "domain_hours"

    domain_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    hour: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, index=True)
    results: Mapped[int]
    refusals: Mapped[int]
    complaints: Mapped[int]

    @classmethod
    def add(cls, session: Session, domain_hash: bytes, at: datetime, found: DomainResults) -> None:
        """Count more results, known at an instant."""
        counts = {"results": found.results, "refusals": found.refusals, "complaints": found.complaints}
        insert = insert_into(session, cls).values(domain_hash=domain_hash, hour=_hour(at), **counts)
        session.execute(
            insert.on_conflict_do_update(
                index_elements=["domain_hash", "hour"],
                set_={name: getattr(cls, name) + number for name, number in counts.items()},
            )
        )

    @classmethod
    def recent(cls, session: Session, domain_hash: bytes, now: datetime) -> DomainResults:
        """Return what became of the emails to a domain in the last 24 hours."""
        query = select(func.sum(cls.results), func.sum(cls.refusals), func.sum(cls.complaints)).where(
            cls.domain_hash == domain_hash, cls.hour > _hour(now - COUNTED_FOR)
        )
        results, refusals, complaints = session.execute(query).one()
        return DomainResults(results or 0, refusals or 0, complaints or 0)

    @classmethod
    def forget(cls, session: Session, domain_hash: bytes) -> None:
        """Reset the count of a domain's results; the sums by day keep them."""
        cls._sum_by_day(session, delete(cls).where(cls.domain_hash == domain_hash))

    @classmethod
    def prune(cls, session: Session, now: datetime) -> None:
        """Delete what is not counted by domain any more, and add it to the sums by day."""
        cls._sum_by_day(session, delete(cls).where(cls.hour <= _hour(now - COUNTED_FOR)))

    @classmethod
    def total(cls, session: Session) -> tuple[int, int]:
        """Return (results, complaints) of all hours that are kept."""
        results, complaints = session.execute(select(func.sum(cls.results), func.sum(cls.complaints))).one()
        return results or 0, complaints or 0

    @classmethod
    def _sum_by_day(cls, session: Session, rows: Delete) -> None:
        by_day: dict[int, tuple[int, int]] = {}
        deleted = rows.returning(cls.hour, cls.results, cls.complaints).execution_options(synchronize_session=False)
        for hour, results, complaints in session.execute(deleted):
            day = hour // HOURS_A_DAY
            before = by_day.get(day, (0, 0))
            by_day[day] = (before[0] + results, before[1] + complaints)
        ResultDay.add(session, by_day)


class DomainPause(Base):
    """A recipient domain that gets no questions for now; its name is sealed under the service's key."""

    __tablename__ = "domain_pauses"

    domain_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    sealed_domain: Mapped[bytes] = mapped_column(LargeBinary)
    reason: Mapped[str] = mapped_column(String(16))
    paused_at: Mapped[datetime]
    probe_at: Mapped[datetime]
    results: Mapped[int]
    refusals: Mapped[int]
    complaints: Mapped[int]

    @property
    def found(self) -> DomainResults:
        """Return the results for which the domain was paused."""
        return DomainResults(self.results, self.refusals, self.complaints)

    @classmethod
    def add(cls, session: Session, pause: DomainPause) -> bool:
        """Pause a domain; return whether it was not paused already."""
        values = {column.name: getattr(pause, column.name) for column in cls.__table__.columns}
        insert = insert_into(session, cls).values(values).on_conflict_do_nothing()
        return session.scalar(insert.returning(cls.domain_hash)) is not None

    @classmethod
    def all(cls, session: Session) -> list[DomainPause]:
        """Return every paused domain, the one that was paused first at the front."""
        return list(session.scalars(select(cls).order_by(cls.paused_at, cls.domain_hash)))

    @classmethod
    def hashes(cls, session: Session) -> frozenset[bytes]:
        """Return the hashes of the domains that are paused."""
        return frozenset(session.scalars(select(cls.domain_hash)))

    @classmethod
    def take_probe(cls, session: Session, domain_hash: bytes, now: datetime, next_at: datetime) -> bool:
        """Return whether one email may go now as a test of the domain; the next one may go at `next_at`.

        Complaints do not come from the provider's rules, so a domain that is paused for them gets no such email.
        """
        query = (
            update(cls)
            .where(cls.domain_hash == domain_hash, cls.probe_at <= now, cls.reason == PauseReason.REFUSED)
            .values(probe_at=next_at)
            .returning(cls.domain_hash)
            .execution_options(synchronize_session=False)
        )
        return session.scalar(query) is not None

    @classmethod
    def end(cls, session: Session, domain_hash: bytes) -> bool:
        """Let questions go to a domain again; return whether it was paused."""
        query = delete(cls).where(cls.domain_hash == domain_hash).returning(cls.domain_hash)
        return session.scalar(query.execution_options(synchronize_session=False)) is not None

    @classmethod
    def count_by_reason(cls, session: Session) -> dict[str, int]:
        """Return how many domains are paused for each reason."""
        return {row[0]: row[1] for row in session.execute(select(cls.reason, func.count()).group_by(cls.reason))}


def _hour(at: datetime) -> int:
    return int(at.timestamp() // _HOUR.total_seconds())
