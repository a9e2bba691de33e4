"""Writing less often: the stage that silence leads to, and the one sign of a person that takes it back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from service.core.easing import Ease, ease_due, once_a_week
from service.core.schedule import Days, Slot, local_date
from service.models import Delivery, Kind, Status, Subscriber

NOTICE_LATEST = timedelta(days=7)


def stage_due(person: Subscriber) -> Ease | None:
    """Return the stage that is due for a person, in place of their next question, or None."""
    return ease_due(person.unanswered, Days(person.days_mask), _stage_of(person))


def eased_columns(person: Subscriber, stage: Ease) -> dict[str, Any]:
    """Return what a stage makes of a person's row, without the next time.

    Once a week keeps their own days aside. A rest puts them back, so that what is aside during one can only be what
    they chose themselves by going weekly.
    """
    days, usual = person.days_mask, person.usual_days_mask
    if stage is Ease.WEEKLY:
        days, usual = once_a_week(Days(days)).mask, days
    elif _stage_of(person) is Ease.WEEKLY:
        days, usual = _own_days(person), None
    return {
        "row_id": person.id,
        "status": Status.RESTING if stage is Ease.REST else Status.ACTIVE,
        "resting_until_on": None,
        "days_mask": days,
        "usual_days_mask": usual,
        "eased": stage,
    }


def notice_row(person: Subscriber, stage: Ease, slot: Slot, now: datetime) -> dict[str, Any]:
    """Return the delivery of the one email that says so, in the place of a slot's question."""
    return {
        "subscriber_id": person.id,
        "kind": Kind.NOTICE,
        "slot": slot.on.isoformat(),
        "detail": stage,
        "ready_at": slot.at,
        "expires_at": slot.at + NOTICE_LATEST,
        "planned_at": now,
        "rung_at": now,
    }


def restore(session: Session, person: Subscriber, now: datetime) -> bool:
    """Take a sign of a person, whose row is locked; say whether it ended a time of writing less often.

    Their own days come again, and they are active if it was silence that let them rest: a rest of their own choice
    goes on.
    """
    stage, person.eased, person.unanswered = _stage_of(person), None, 0
    if stage is None:
        return False
    if stage is Ease.WEEKLY:
        person.days_mask, person.usual_days_mask = _own_days(person), None
    elif person.status == Status.RESTING:
        person.status, person.resting_until_on = Status.ACTIVE, None
    look_ahead(session, person, now)
    return True


def look_ahead(session: Session, person: Subscriber, now: datetime) -> None:
    """Set a person's next times anew, without a second question on the same day."""
    today = local_date(now, person.zone)
    had = Delivery.planned_kinds(session, [person.id], (Kind.PROMPT, Kind.WELCOME), today.isoformat())
    person.look_ahead(now, not_on=today if had else None)


def own_days(person: Subscriber) -> Days:
    """Return the days a person chose, on which questions come again after a sign of them."""
    return Days(_own_days(person) if _stage_of(person) is Ease.WEEKLY else person.days_mask)


def _stage_of(person: Subscriber) -> Ease | None:
    return Ease(person.eased) if person.eased else None


def _own_days(person: Subscriber) -> int:
    return person.usual_days_mask or person.days_mask
