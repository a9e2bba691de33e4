"""Changing one's settings, resting, stopping, and starting again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from service.core.frequency import once_a_week
from service.core.schedule import Schedule, local_date
from service.flows.people import frequency
from service.flows.people.consent import record_consent
from service.models import Subscriber, SubscriberStatus, Suppression

LONGEST_REST = timedelta(days=731)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Preferences:
    """Everything the settings page can change."""

    schedule: Schedule
    muted_themes: Sequence[str]
    wants_digest: bool
    wants_look_backs: bool
    wants_thread: bool
    is_discreet: bool
    help_country: str
    locale: str


class Rest(StrEnum):
    """How long a rest may be, besides until a date."""

    SKIP_ONE = "skip"
    WEEK = "week"
    TWO_WEEKS = "two_weeks"
    MONTH = "month"
    OPEN_ENDED = "open"


_WEEKS = {Rest.WEEK: timedelta(weeks=1), Rest.TWO_WEEKS: timedelta(weeks=2)}


@dataclass(frozen=True, slots=True)
class Resting:
    """The rest as it now stands: until a local date on which emails may come again, or open-ended."""

    until_on: date | None


@dataclass(frozen=True, slots=True)
class NothingToPause:
    """There is nothing to rest from or to wake: the person never confirmed, or has stopped."""


@dataclass(frozen=True, slots=True)
class InvalidPauseDate:
    """The date is not one that a rest can last until; `first` and `last` are."""

    first: date
    last: date


def change_preferences(session: Session, person: Subscriber, preferences: Preferences, now: datetime) -> None:
    """Take over new settings; the next emails follow them, without a second question on the same day.

    The days chosen now hold, also for somebody who was written to less often after silence.
    """
    frequency.record_activity(session, person, now)
    person.set_schedule(preferences.schedule)
    person.usual_days_mask = None
    person.muted_themes = list(preferences.muted_themes)
    person.wants_digest = preferences.wants_digest
    person.wants_look_backs = preferences.wants_look_backs
    person.wants_thread = preferences.wants_thread
    person.is_discreet = preferences.is_discreet
    person.help_country = preferences.help_country
    person.locale = preferences.locale
    frequency.schedule_next_emails(session, person, now)


def rest(
    session: Session, person: Subscriber, length: Rest | date, now: datetime
) -> Resting | InvalidPauseDate | NothingToPause:
    """Return the rest that begins now, for a length or until a local date."""
    if person.status not in {SubscriberStatus.ACTIVE, SubscriberStatus.RESTING}:
        return NothingToPause()
    today = local_date(now, person.zone)
    if not isinstance(length, Rest) and not today < length <= today + LONGEST_REST:
        return InvalidPauseDate(today + _DAY, today + LONGEST_REST)
    frequency.record_activity(session, person, now)
    until = _end_of(length, person, today) if isinstance(length, Rest) else length
    person.status = SubscriberStatus.RESTING
    person.resting_until_on = until
    frequency.schedule_next_emails(session, person, now)
    return Resting(until)


def resume(session: Session, person: Subscriber, now: datetime) -> bool:
    """End a rest, or a time of writing less often after silence; say whether there was one."""
    if frequency.record_activity(session, person, now):
        return True
    if person.status != SubscriberStatus.RESTING:
        return False
    person.status = SubscriberStatus.ACTIVE
    person.resting_until_on = None
    frequency.schedule_next_emails(session, person, now)
    return True


def restart(session: Session, person: Subscriber, now: datetime, *, source: str) -> bool:
    """Let the emails come again to somebody who stopped; say whether they had, and may be mailed."""
    if person.status != SubscriberStatus.STOPPED or Suppression.covers(session, person.address_hash):
        return False
    person.status = SubscriberStatus.ACTIVE
    frequency.schedule_next_emails(session, person, now)
    record_consent(session, person, "confirmed", source=source, now=now)
    return True


def switch_to_weekly(session: Session, person: Subscriber, now: datetime) -> None:
    """Let one question a week come: on Sunday if that is one of their days, or else on the first of them."""
    days = person.schedule.days
    weekly = once_a_week(days)
    if weekly == days:
        return
    person.usual_days_mask, person.days_mask = person.days_mask, weekly.mask
    frequency.schedule_next_emails(session, person, now)


def restore_usual_days(session: Session, person: Subscriber, now: datetime) -> bool:
    """Bring back the days that somebody had before they went weekly; say whether there were any."""
    if person.usual_days_mask is None:
        return False
    person.days_mask, person.usual_days_mask = person.usual_days_mask, None
    frequency.schedule_next_emails(session, person, now)
    return True


def stop(session: Session, person: Subscriber, now: datetime, *, source: str, network: bytes | None = None) -> bool:
    """Stop every email but what is asked for; say whether there was anything to stop.

    `source` says where it came from: "page", "link", "one_click", "reply", "address" or "provider".
    """
    if person.status not in {SubscriberStatus.ACTIVE, SubscriberStatus.RESTING}:
        return False
    frequency.record_activity(session, person, now)  # who comes back has their own days again
    person.status = SubscriberStatus.STOPPED
    person.resting_until_on = None
    person.schedule_next(now)
    record_consent(session, person, "stopped", source=source, now=now, network=network)
    return True


def _end_of(length: Rest, person: Subscriber, today: date) -> date | None:
    if length is Rest.OPEN_ENDED:
        return None
    if length in _WEEKS:
        return today + _WEEKS[length]
    if length is Rest.MONTH:
        return _same_day_next_month(today)
    if person.next_prompt_at is None:
        return person.resting_until_on
    return local_date(person.next_prompt_at, person.zone) + _DAY


def _same_day_next_month(today: date) -> date:
    first = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    last = (first + timedelta(days=32)).replace(day=1) - _DAY
    return last.replace(day=min(today.day, last.day))
