"""Slowing questions down after silence, and the activity that ends it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from service.core.frequency import SlowDown, once_a_week, slow_down_due
from service.core.schedule import Days, local_date
from service.models import Delivery, DeliveryKind, Subscriber, SubscriberStatus


def slow_down_stage_due(person: Subscriber) -> SlowDown | None:
    """Return the stage that is due for a person, in place of their next question, or None."""
    return slow_down_due(person.unanswered, Days(person.days_mask), _stage_of(person))


def slowed_columns(person: Subscriber, stage: SlowDown) -> dict[str, Any]:
    """Return what a stage makes of a person's row, without the next time.

    Once a week keeps their own days aside. A rest puts them back, so that what is aside during one can only be what
    they chose themselves by going weekly.
    """
    days, usual = person.days_mask, person.usual_days_mask
    if stage is SlowDown.WEEKLY:
        days, usual = once_a_week(Days(days)).mask, days
    elif _stage_of(person) is SlowDown.WEEKLY:
        days, usual = _own_days(person), None
    return {
        "row_id": person.id,
        "status": SubscriberStatus.RESTING if stage is SlowDown.REST else SubscriberStatus.ACTIVE,
        "resting_until_on": None,
        "days_mask": days,
        "usual_days_mask": usual,
        "slow_down_stage": stage,
    }


def record_activity(session: Session, person: Subscriber, now: datetime) -> bool:
    """Take a sign of a person, whose row is locked; say whether it ended a time of writing less often.

    Their own days come again, and they are active if it was silence that let them rest: a rest of their own choice
    goes on.
    """
    stage, person.slow_down_stage, person.unanswered = _stage_of(person), None, 0
    if stage is None:
        return False
    if stage is SlowDown.WEEKLY:
        person.days_mask, person.usual_days_mask = _own_days(person), None
    elif person.status == SubscriberStatus.RESTING:
        person.status, person.resting_until_on = SubscriberStatus.ACTIVE, None
    schedule_next_emails(session, person, now)
    return True


def schedule_next_emails(session: Session, person: Subscriber, now: datetime) -> None:
    """Set a person's next times anew, without a second question on the same day."""
    today = local_date(now, person.zone)
    had = Delivery.subscribers_with(
        session, [person.id], (DeliveryKind.PROMPT, DeliveryKind.WELCOME), today.isoformat()
    )
    person.schedule_next(now, not_on=today if had else None)


def chosen_days(person: Subscriber) -> Days:
    """Return the days a person chose, on which questions come again after a sign of them."""
    return Days(_own_days(person) if _stage_of(person) is SlowDown.WEEKLY else person.days_mask)


def _stage_of(person: Subscriber) -> SlowDown | None:
    return SlowDown(person.slow_down_stage) if person.slow_down_stage else None


def _own_days(person: Subscriber) -> int:
    return person.usual_days_mask or person.days_mask
