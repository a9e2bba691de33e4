"""The table of quiet dates: days of every year on which somebody wants no question and no words brought back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, SmallInteger, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.core.settings.quiet_dates import MonthDay, QuietSpan
from service.db import Base, Id, random_id

_MONTH = 100


class QuietDate(Base):
    """A day of every year, or a span of them; its owner's name for it is sealed.

    `first_day` and `last_day` are a month and a day as one number: 312 is 12 March.
    """

    __tablename__ = "quiet_dates"

    id: Mapped[int] = mapped_column(Id, primary_key=True, default=random_id)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"), index=True)
    first_day: Mapped[int] = mapped_column(SmallInteger)
    last_day: Mapped[int] = mapped_column(SmallInteger)
    sealed_label: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]

    @property
    def span(self) -> QuietSpan:
        """Return the days of every year that are quiet."""
        return QuietSpan(MonthDay(*divmod(self.first_day, _MONTH)), MonthDay(*divmod(self.last_day, _MONTH)))

    def set_span(self, span: QuietSpan) -> None:
        """Store the days of every year that are quiet."""
        self.first_day, self.last_day = (day.month * _MONTH + day.day for day in (span.first, span.last))

    @classmethod
    def of_subscriber(cls, session: Session, subscriber_id: int) -> Sequence[QuietDate]:
        """Return a person's quiet dates, in the order of the year."""
        query = select(cls).where(cls.subscriber_id == subscriber_id)
        return session.scalars(query.order_by(cls.first_day, cls.last_day, cls.id)).all()

    @classmethod
    def spans_of(cls, session: Session, subscriber_ids: Iterable[int]) -> dict[int, tuple[QuietSpan, ...]]:
        """Return the quiet dates of those of these people who have any, by their id."""
        spans: dict[int, tuple[QuietSpan, ...]] = {}
        for row in session.scalars(select(cls).where(cls.subscriber_id.in_(list(subscriber_ids)))):
            spans[row.subscriber_id] = (*spans.get(row.subscriber_id, ()), row.span)
        return spans

    @classmethod
    def remove(cls, session: Session, subscriber_id: int, quiet_date_id: int) -> None:
        """Delete one of this person's quiet dates; never another person's."""
        session.execute(delete(cls).where(cls.id == quiet_date_id, cls.subscriber_id == subscriber_id))
