"""What subscribers change about their emails: preferences, a rest, a stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from service.core.settings.consent import ConsentEvent
from service.core.settings.frequency import once_a_week
from service.core.settings.schedule import Schedule, local_date
from service.flows.people.settings import consent, frequency, quiet_dates
from service.flows.people.settings.consent import record_consent
from service.models import Subscriber, SubscriberStatus, Suppression

MAX_REST = timedelta(days=731)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Preferences:
    """All that the settings page can change; at least one of questions and letters is wanted."""

    wants_questions: bool
    wants_letters: bool
    schedule: Schedule
    muted_themes: Sequence[str]
    wants_digest: bool
    wants_look_backs: bool
    wants_thread: bool
    is_discreet: bool
    help_country: str
    locale: str

    def names_of_changes(self, earlier: Preferences) -> tuple[str, ...]:
        """Return the names of the fields whose values differ from earlier preferences, in the order of the page."""
        changed = [each.name for each in fields(self) if getattr(self, each.name) != getattr(earlier, each.name)]
        return tuple(changed)


class Rest(StrEnum):
    """The lengths of a rest that can be chosen by name; a rest may also last until a date."""

    SKIP_ONE = "skip"
    WEEK = "week"
    TWO_WEEKS = "two_weeks"
    MONTH = "month"
    OPEN_ENDED = "open"


_WEEKS = {Rest.WEEK: timedelta(weeks=1), Rest.TWO_WEEKS: timedelta(weeks=2)}


@dataclass(frozen=True, slots=True)
class Resting:
    """A rest that has begun: until a local date on which emails may come again, or open-ended if None."""

    until_on: date | None


@dataclass(frozen=True, slots=True)
class NothingToPause:
    """No rest can begin: the subscriber has never confirmed, or has stopped."""


@dataclass(frozen=True, slots=True)
class InvalidPauseDate:
    """The date is not possible as the end of a rest; `first` and `last` are the earliest and the latest."""

    first: date
    last: date


def preferences_of(person: Subscriber) -> Preferences:
    """Return a subscriber's preferences, with the days that they chose, also during a slow-down."""
    return Preferences(
        wants_questions=person.wants_questions,
        wants_letters=person.wants_letters,
        schedule=replace(person.schedule, days=frequency.chosen_days(person)),
        muted_themes=list(person.muted_themes),
        wants_digest=person.wants_digest,
        wants_look_backs=person.wants_look_backs,
        wants_thread=person.wants_thread,
        is_discreet=person.is_discreet,
        help_country=person.help_country,
        locale=person.locale,
    )


def change_preferences(
    session: Session, person: Subscriber, preferences: Preferences, now: datetime
) -> tuple[str, ...]:
    """Store new preferences and reschedule the next emails, without a second prompt on the same day.

    Return the names of the fields of `Preferences` that changed. The days chosen now replace the days of a slow-down
    as well. Questions or letters that are turned on or off here leave a line in the consent log.
    """
    changed = preferences.names_of_changes(preferences_of(person))
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
    change_questions = consent.confirm_questions if preferences.wants_questions else consent.withdraw_questions
    change_questions(session, person, now, source="page")
    change_letters = consent.confirm_letters if preferences.wants_letters else consent.withdraw_letters
    change_letters(session, person, now, source="page")
    frequency.schedule_next_emails(session, person, now)
    return changed


def change_zone(session: Session, person: Subscriber, zone: ZoneInfo, now: datetime) -> None:
    """Store another time zone and reschedule the next emails."""
    person.set_schedule(replace(person.schedule, zone=zone))
    frequency.schedule_next_emails(session, person, now)


def rest(
    session: Session, person: Subscriber, length: Rest | date, now: datetime
) -> Resting | InvalidPauseDate | NothingToPause:
    """Begin a rest for a length or until a local date; return it, or why it cannot begin."""
    if person.status not in {SubscriberStatus.ACTIVE, SubscriberStatus.RESTING}:
        return NothingToPause()
    today = local_date(now, person.zone)
    if not isinstance(length, Rest) and not today < length <= today + MAX_REST:
        return InvalidPauseDate(today + _DAY, today + MAX_REST)
    frequency.record_activity(session, person, now)
    until = _rest_until(session, length, person, today) if isinstance(length, Rest) else length
    person.status = SubscriberStatus.RESTING
    person.resting_until_on = until
    frequency.schedule_next_emails(session, person, now)
    return Resting(until)


def resume(session: Session, person: Subscriber, now: datetime) -> bool:
    """End a rest or a slow-down; return whether there was one."""
    if frequency.record_activity(session, person, now):
        return True
    if person.status != SubscriberStatus.RESTING:
        return False
    person.status = SubscriberStatus.ACTIVE
    person.resting_until_on = None
    frequency.schedule_next_emails(session, person, now)
    return True


def restart(session: Session, person: Subscriber, now: datetime, *, source: str) -> bool:
    """Make a stopped subscriber active again; return whether they had stopped and their address may be mailed.

    They get what they got before, and the consent log a line for each of it.
    """
    if person.status != SubscriberStatus.STOPPED or Suppression.covers(session, person.address_hash):
        return False
    person.status = SubscriberStatus.ACTIVE
    frequency.schedule_next_emails(session, person, now)
    if person.wants_letters:
        person.letters_confirmed_at = now
    for stream in person.streams:
        record_consent(session, person, ConsentEvent.CONFIRMED, stream, source=source, now=now)
    return True


def switch_to_weekly(session: Session, person: Subscriber, now: datetime) -> None:
    """Reduce a subscriber's days to one a week: Sunday if that is one of their days, else the first of them."""
    days = person.schedule.days
    weekly = once_a_week(days)
    if weekly == days:
        return
    person.usual_days_mask, person.days_mask = person.days_mask, weekly.mask
    frequency.schedule_next_emails(session, person, now)


def restore_usual_days(session: Session, person: Subscriber, now: datetime) -> bool:
    """Restore the days from before the subscriber switched to weekly; return whether there were any."""
    if person.usual_days_mask is None:
        return False
    person.days_mask, person.usual_days_mask = person.usual_days_mask, None
    frequency.schedule_next_emails(session, person, now)
    return True


def stop(session: Session, person: Subscriber, now: datetime, *, source: str, network: bytes | None = None) -> bool:
    """Stop every email except those the subscriber asks for; return whether there was anything to stop.

    `source` is "page", "link", "one_click", "reply", "address" or "provider"; `network` is a keyed hash.
    """
    if person.status not in {SubscriberStatus.ACTIVE, SubscriberStatus.RESTING}:
        return False
    frequency.record_activity(session, person, now)  # restores the usual days for a later restart
    person.status = SubscriberStatus.STOPPED
    person.resting_until_on = None
    person.schedule_next(now)
    for stream in person.streams:
        record_consent(session, person, ConsentEvent.STOPPED, stream, source=source, now=now, network=network)
    return True


def _rest_until(session: Session, length: Rest, person: Subscriber, today: date) -> date | None:
    if length is Rest.OPEN_ENDED:
        return None
    if length in _WEEKS:
        return today + _WEEKS[length]
    if length is Rest.MONTH:
        return _same_day_next_month(today)
    skipped_on = quiet_dates.next_question_on(session, person)
    return person.resting_until_on if skipped_on is None else skipped_on + _DAY


def _same_day_next_month(today: date) -> date:
    first_day = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    last_day = (first_day + timedelta(days=32)).replace(day=1) - _DAY
    return last_day.replace(day=min(today.day, last_day.day))
