"""Finding rows whose job may be lost, so that they are enqueued again."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Mapped, Session

from service.db import Base


def find_unqueued(
    session: Session,
    table: type[Base],
    waiting: ColumnElement[bool],
    oldest: Mapped[datetime],
    *,
    now: datetime,
    patience: timedelta,
    limit: int,
) -> list[int]:
    """Return ids of waiting rows not enqueued within `patience`, the oldest first, and mark them as enqueued."""
    columns = table.__table__.c
    due = (
        select(columns.id)
        .where(waiting, or_(columns.enqueued_at.is_(None), columns.enqueued_at < now - patience))
        .order_by(oldest)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = [*session.scalars(due)]
    if ids:
        session.execute(
            update(table)
            .where(columns.id.in_(ids))
            .values(enqueued_at=now)
            .execution_options(synchronize_session=False)
        )
    return ids
