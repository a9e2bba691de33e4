"""Keeping quiet dates: what asks or looks back is not sent on one, but on the first other day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from service.core.settings.quiet_dates import QuietSpan, first_other_day, is_quiet
from service.core.settings.schedule import instant, local_date
from service.core.slots import YEAR_GOES_ON
from service.db import Database
from service.flows.outgoing.email_builder import OutgoingDelivery
from service.models import Delivery, DeliveryClaim, DeliveryKind, QuietDate, Subscriber
from service.models.outgoing.deliveries import delivery_claims

# What waits for another day. A prompt is left out instead, since the next one comes by itself.
WAITING_KINDS = (DeliveryKind.STEP_FOLLOW_UP, DeliveryKind.DIGEST, DeliveryKind.YEAR, DeliveryKind.QUIET_MONTH)
_REASON = "a quiet date"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class KeptQuiet:
    """What may go now, and how many emails of the others were planned for another day or left out."""

    ready: Sequence[OutgoingDelivery]
    planned_again: int = 0
    skipped: int = 0


def keep_quiet(database: Database, built: Sequence[OutgoingDelivery], now: datetime) -> KeptQuiet:
    """Return the claimed deliveries that may go now; plan for another day, or skip, what may not on a quiet date."""
    concerned = {
        outgoing.delivery.subscriber_id
        for outgoing in built
        if outgoing.delivery.kind in (DeliveryKind.PROMPT, *WAITING_KINDS)
    }
    if not concerned:
        return KeptQuiet(built)
    with database.read() as session:
        spans = QuietDate.spans_of(session, concerned)
        people = Subscriber.by_ids(session, spans)
    quiet = [
        outgoing.delivery
        for outgoing in built
        if (person := people.get(outgoing.delivery.subscriber_id))
        and outgoing.delivery.kind in (DeliveryKind.PROMPT, *WAITING_KINDS)
        and is_quiet(local_date(now, person.zone), spans[person.id])
    ]
    if not quiet:
        return KeptQuiet(built)
    planned_again = skipped = 0
    with database.write() as session:
        for delivery in quiet:
            person = people[delivery.subscriber_id]
            if _wait(session, delivery, person, spans[person.id], now):
                planned_again += 1
            else:
                skipped += delivery_claims.mark_skipped(session, [_claim(delivery)], _REASON)
    ids = {delivery.id for delivery in quiet}
    ready = [outgoing for outgoing in built if outgoing.delivery.id not in ids]
    return KeptQuiet(ready, planned_again, skipped)


def _wait(session: Session, delivery: Delivery, person: Subscriber, spans: Sequence[QuietSpan], now: datetime) -> bool:
    """Plan a delivery for the first other day, at the person's time; return whether it waits for one."""
    if delivery.kind not in WAITING_KINDS:
        return False
    on = _free_day(delivery, local_date(now, person.zone), spans)
    if on is None:
        return False
    ready_at = instant(on, person.send_time, person.zone)
    expires_at = delivery.expires_at and delivery.expires_at + (ready_at - delivery.ready_at)
    delivery_claims.postpone(session, [_claim(delivery)], ready_at=ready_at, expires_at=expires_at, reason=_REASON)
    return True


def _free_day(delivery: Delivery, today: date, spans: Sequence[QuietSpan]) -> date | None:
    """Return the first other day; a month's digest and a year's never wait for the same one."""
    on = first_other_day(today, spans)
    if on is None:
        return None
    is_taken = is_quiet(on.replace(month=1, day=1), spans) if delivery.kind == DeliveryKind.YEAR else _is_of_year(on)
    return first_other_day(on + _DAY, spans) if is_taken else on


def _is_of_year(on: date) -> bool:
    """Return whether the digest of the past year is due on a date."""
    return (on.month, on.day) == YEAR_GOES_ON


def _claim(delivery: Delivery) -> DeliveryClaim:
    return DeliveryClaim(delivery.id, delivery.attempt)
