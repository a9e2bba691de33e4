"""Who gets a letter: those who confirmed letters before it began, are active, and may be written to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from service.models.letters.letter import Letter
from service.models.people.addresses.suppression import Suppression
from service.models.people.subscription.subscriber import Subscriber
from service.models.people.subscription.subscriber_status import SubscriberStatus


def next_people(session: Session, letter: Letter, limit: int) -> Sequence[Subscriber]:
    """Return up to `limit` people who get a letter and stand behind its cursor, in the order of their ids."""
    assert letter.starts_at is not None
    return people_after(session, letter.cursor or 0, letter.starts_at, limit)


def people_after(session: Session, subscriber_id: int, starts_at: datetime, limit: int) -> Sequence[Subscriber]:
    """Return up to `limit` people with greater ids who get a letter that begins at an instant."""
    query = select(Subscriber).where(
        Subscriber.id > subscriber_id, Subscriber.may_get_letters(starts_at), ~_suppressed()
    )
    return session.scalars(query.order_by(Subscriber.id).limit(limit)).all()


def count_wanting(session: Session) -> dict[str, int]:
    """Return how many people asked for letters, by what becomes of them: their status, or "suppressed"."""
    asked = (Subscriber.wants_letters, Subscriber.letters_confirmed_at.is_not(None))
    query = select(Subscriber.status, func.count()).where(*asked, ~_suppressed()).group_by(Subscriber.status)
    counts = {str(row[0]): row[1] for row in session.execute(query)}
    barred = session.scalar(select(func.count()).select_from(Subscriber).where(*asked, _suppressed())) or 0
    return {status.value: counts.get(status.value, 0) for status in SubscriberStatus} | {"suppressed": barred}


def _suppressed() -> ColumnElement[bool]:
    return select(Suppression).where(Suppression.address_hash == Subscriber.address_hash).exists()
