"""The table of round trips: test mails of the service to its own reply domain, and what came back of each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.db import Base, Id, random_id


class RoundTrip(Base):
    """One test mail: when it was sent, when the event of its delivery came, and when it arrived as incoming mail."""

    __tablename__ = "round_trips"

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    sent_at: Mapped[datetime] = mapped_column(index=True)
    event_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]

    @property
    def is_complete(self) -> bool:
        """Return whether both its event and the mail itself have come."""
        return self.event_at is not None and self.arrived_at is not None

    @classmethod
    def begin(cls, session: Session, now: datetime) -> int:
        """Record a test mail that is about to be sent; return its id."""
        trip = cls(sent_at=now)
        session.add(trip)
        session.flush()
        return trip.id

    @classmethod
    def find(cls, session: Session, trip_id: int) -> RoundTrip | None:
        """Return a test mail, or None."""
        return session.get(cls, trip_id)

    @classmethod
    def newest(cls, session: Session) -> RoundTrip | None:
        """Return the newest test mail, or None."""
        return session.scalar(select(cls).order_by(cls.sent_at.desc(), cls.id).limit(1))

    @classmethod
    def note_event(cls, session: Session, trip_id: int, now: datetime) -> None:
        """Note that the provider has said that a test mail was delivered."""
        query = update(cls).where(cls.id == trip_id, cls.event_at.is_(None)).values(event_at=now)
        session.execute(query.execution_options(synchronize_session=False))

    @classmethod
    def note_arrival(cls, session: Session, trip_id: int, now: datetime) -> None:
        """Note that a test mail has arrived."""
        query = update(cls).where(cls.id == trip_id, cls.arrived_at.is_(None)).values(arrived_at=now)
        session.execute(query.execution_options(synchronize_session=False))

    @classmethod
    def forget(cls, session: Session, trip_id: int) -> None:
        """Forget a test mail that the provider did not take."""
        session.execute(delete(cls).where(cls.id == trip_id))

    @classmethod
    def prune(cls, session: Session, before: datetime) -> None:
        """Delete the test mails from before an instant."""
        session.execute(delete(cls).where(cls.sent_at < before))
