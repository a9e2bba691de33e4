"""The claims on incoming mail: which worker processes it, what is given up after too many attempts, and what waits."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from service.db import database_now
from service.models.incoming.reply import Outcome, Reply
from service.models.unqueued import find_unqueued as find_unqueued_rows

MAX_ATTEMPTS = 5


def claim(session: Session, reply_id: int, lease: timedelta) -> Reply | None:
    """Claim a mail for this worker and count the attempt; None if it has an outcome or another worker holds it."""
    now = database_now(session)
    query = (
        update(Reply)
        .where(
            Reply.id == reply_id,
            Reply.outcome.is_(None),
            Reply.attempts < MAX_ATTEMPTS,
            or_(Reply.lease_until.is_(None), Reply.lease_until < now),
        )
        .values(attempts=Reply.attempts + 1, lease_until=now + lease)
        .returning(Reply.id)
        .execution_options(synchronize_session=False)
    )
    if session.scalar(query) is None:
        return None
    return session.get_one(Reply, reply_id)


def unprocessed(session: Session, reply_id: int, attempt: int) -> Reply | None:
    """Return, locked, a mail that has no outcome and was not claimed again after this attempt, or None."""
    return session.scalar(
        select(Reply)
        .where(Reply.id == reply_id, Reply.outcome.is_(None), Reply.attempts == attempt)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def mark_given_up(session: Session, keep_raw_until: datetime) -> int:
    """Set aside mails of which every attempt ended with its worker; return how many. The raw mail stays, sealed."""
    query = (
        update(Reply)
        .where(Reply.outcome.is_(None), Reply.attempts >= MAX_ATTEMPTS, Reply.lease_until < database_now(session))
        .values(outcome=Outcome.UNREADABLE, reason="every attempt died", kept_until=keep_raw_until)
        .returning(Reply.id)
        .execution_options(synchronize_session=False)
    )
    return len(session.scalars(query).all())


def find_unqueued(session: Session, now: datetime, patience: timedelta, limit: int) -> list[int]:
    """Return ids of mails without an outcome not enqueued within `patience`, and mark them as enqueued."""
    return find_unqueued_rows(
        session,
        Reply,
        Reply.outcome.is_(None) & (Reply.attempts < MAX_ATTEMPTS),
        Reply.received_at,
        now=now,
        patience=patience,
        limit=limit,
    )


def count_waiting(session: Session) -> tuple[int, datetime | None]:
    """Return how many mails have no outcome yet, and when the oldest of them came in."""
    query = select(func.count(), func.min(Reply.received_at)).where(Reply.outcome.is_(None))
    number, oldest_at = session.execute(query).one()
    return number, oldest_at
