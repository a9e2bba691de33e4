"""How often a subscriber is written to: slowing down after silence, and back to normal after any activity."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from service.core.settings.frequency import SlowDown, once_a_week, slow_down_due
from service.core.settings.schedule import Days, local_date
from service.models import Delivery, DeliveryKind, DeliveryState, Subscriber, SubscriberStatus


def slow_down_stage_due(person: Subscriber) -> SlowDown | None:
    """Return the slow-down stage that is due instead of a subscriber's next prompt, or None."""
    return slow_down_due(person.unanswered, Days(person.days_mask), _stage_of(person))


def slowed_columns(person: Subscriber, stage: SlowDown) -> dict[str, Any]:
    """Return the columns that a slow-down stage changes on a subscriber's row, except the next due time.

    The weekly stage saves the usual days in `usual_days_mask`. The rest stage restores them, so that during a rest this
    column can only hold the days that the subscriber replaced by choosing weekly.
    """
    days, usual = person.days_mask, person.usual_days_mask
    if stage is SlowDown.WEEKLY:
        days, usual = once_a_week(Days(days)).mask, days
    elif _stage_of(person) is SlowDown.WEEKLY:
        days, usual = _usual_days(person), None
    return {
        "row_id": person.id,
        "status": SubscriberStatus.RESTING if stage is SlowDown.REST else SubscriberStatus.ACTIVE,
        "resting_until_on": None,
        "days_mask": days,
        "usual_days_mask": usual,
        "slow_down_stage": stage,
    }


def record_activity(session: Session, person: Subscriber, now: datetime) -> bool:
    """Record activity of a subscriber, whose row must be locked; return whether it ended a slow-down.

    The usual days are restored. A rest that silence led to ends; a rest that the subscriber chose continues.
    """
    stage, person.slow_down_stage, person.unanswered = _stage_of(person), None, 0
    if stage is None:
        return False
    if stage is SlowDown.WEEKLY:
        person.days_mask, person.usual_days_mask = _usual_days(person), None
    elif person.status == SubscriberStatus.RESTING:
        person.status, person.resting_until_on = SubscriberStatus.ACTIVE, None
    schedule_next_emails(session, person, now)
    return True


def schedule_next_emails(session: Session, person: Subscriber, now: datetime) -> None:
    """Set a subscriber's next due times, without a second prompt on the same day."""
    today = local_date(now, person.zone)
    had_prompt = Delivery.subscribers_with(session, [person.id], (DeliveryKind.PROMPT,), today.isoformat())
    person.schedule_next(now, not_on=today if had_prompt or _had_welcome(session, person, today) else None)


def chosen_days(person: Subscriber) -> Days:
    """Return the days that a subscriber chose, on which prompts come again after activity."""
    return Days(_usual_days(person) if _stage_of(person) is SlowDown.WEEKLY else person.days_mask)


def _had_welcome(session: Session, person: Subscriber, today: date) -> bool:
    welcome = Delivery.newest_about(session, person.id, DeliveryKind.WELCOME)
    return welcome is not None and welcome.on == today and welcome.state != DeliveryState.SKIPPED


def _stage_of(person: Subscriber) -> SlowDown | None:
    return SlowDown(person.slow_down_stage) if person.slow_down_stage else None


def _usual_days(person: Subscriber) -> int:
    return person.usual_days_mask or person.days_mask
