"""Who gets a letter: those who confirmed letters before it began, are active, and may be written to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from service.core.settings.schedule import local_date
from service.core.slots import digest_slot
from service.models.letters.letter import Letter
from service.models.outgoing.deliveries.delivery import Delivery
from service.models.outgoing.deliveries.delivery_kind import DeliveryKind
from service.models.outgoing.deliveries.delivery_state import DeliveryState
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


def count_with_email(
    session: Session, at: datetime, kinds: Sequence[DeliveryKind], digests: Sequence[DeliveryKind]
) -> int:
    """Return how many people who get a letter at an instant have an email of these kinds on their date of it.

    Skipped ones are left out. `kinds` are those whose slot is the date, `digests` those whose slot is a month or year.
    """
    getting = (Subscriber.may_get_letters(at), ~_suppressed())
    by_day: dict[date, list[str]] = {}
    for name in session.scalars(select(Subscriber.time_zone).where(*getting).distinct()):
        by_day.setdefault(local_date(at, ZoneInfo(name)), []).append(name)
    found = 0
    for day, zones in by_day.items():
        # Two conditions, so that each is found by the key of deliveries: somebody has hundreds of them.
        had = or_(_has_delivery(kinds, day.isoformat()), _has_delivery(digests, digest_slot(day)))
        query = select(func.count()).select_from(Subscriber).where(*getting, Subscriber.time_zone.in_(zones), had)
        found += session.scalar(query) or 0
    return found


def _has_delivery(kinds: Sequence[DeliveryKind], slot: str | None) -> ColumnElement[bool]:
    """Return the condition that somebody has a delivery of these kinds in a slot, which holds for none without one."""
    return (
        select(Delivery.id)
        .where(
            Delivery.subscriber_id == Subscriber.id,
            Delivery.kind.in_(kinds),
            Delivery.slot == slot,
            Delivery.state != DeliveryState.SKIPPED,
        )
        .exists()
    )


def _suppressed() -> ColumnElement[bool]:
    return select(Suppression).where(Suppression.address_hash == Subscriber.address_hash).exists()
