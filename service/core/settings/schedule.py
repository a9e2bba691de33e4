"""Schedules: local days and a local time of day in an IANA zone, as instants in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from service.core.dates import listed

DAY_ENDS_AT = time(4, 0)
FIRST_LIGHT = time(8, 0)
EVERY_DAY = 0b1111111
LONGEST_SEARCH_DAYS = 60
_NOT_PLACES = frozenset({"localtime", "posixrules", "Factory"})
_DAY = timedelta(days=1)
_DAY_NAMES = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
NOON, EVENING, NIGHT = 12, 18, 21


class Rhythm(StrEnum):
    """The three rhythms offered at signup; settings allow any set of days."""

    THREE = "three"
    SUNDAYS = "sundays"
    DAILY = "daily"

    @property
    def days(self) -> Days:
        """Return the days of the week of this rhythm."""
        return {Rhythm.THREE: Days.of(0, 2, 4), Rhythm.SUNDAYS: Days.of(6), Rhythm.DAILY: Days(EVERY_DAY)}[self]


@dataclass(frozen=True, slots=True)
class Days:
    """A set of days of the week as a bit mask, Monday the lowest bit."""

    mask: int

    def __post_init__(self) -> None:
        """Refuse an empty set, after which no question would ever come."""
        if not 0 < self.mask <= EVERY_DAY:
            raise ValueError("choose at least one day of the week")

    @classmethod
    def of(cls, *weekdays: int) -> Days:
        """Return the set of these weekdays, Monday being 0."""
        return cls(sum(1 << day for day in frozenset(weekdays)))

    def __contains__(self, on: date) -> bool:
        return bool(self.mask >> on.weekday() & 1)

    def __iter__(self) -> Iterator[int]:
        return (day for day in range(7) if self.mask >> day & 1)

    def __str__(self) -> str:
        if self.mask == EVERY_DAY:
            return "every day"
        return "on " + listed([_DAY_NAMES[day] for day in self])


@dataclass(frozen=True, slots=True)
class Schedule:
    """Local days of the week, a local time of day, an IANA zone."""

    days: Days
    at: time
    zone: ZoneInfo

    def __str__(self) -> str:
        """Return it in words: "on Mondays at 8 in the morning, London time"."""
        return f"{self.days} at {spoken_time(self.at)}, {place_name(self.zone)} time"


@dataclass(frozen=True, slots=True)
class Slot:
    """One local date of a schedule and the UTC instant at which its email is due."""

    on: date
    at: datetime


def next_slot(schedule: Schedule, after: datetime) -> Slot:
    """Return the first slot of the schedule that is due after `after` (aware).

    A wall time that a clock change skips moves later by the length of the gap; one that happens twice counts once,
    the first time (PEP 495, fold=0). A local date that a zone never had (Samoa, 30 December 2011) has no slot.

    Raises:
        ValueError: `after` is naive.
    """
    for on in _dates_from(after, schedule.zone):
        if on in schedule.days and _exists(on, schedule.zone):
            at = instant(on, schedule.at, schedule.zone)
            if at > after:
                return Slot(on, at)
    raise ValueError("no slot of this schedule lies ahead")


def next_month_slot(schedule: Schedule, after: datetime) -> Slot:
    """Return the first local 1st of a month after `after`, at the schedule's time of day.

    Raises:
        ValueError: `after` is naive.
    """
    for on in _dates_from(after, schedule.zone):
        if on.day == 1 and _exists(on, schedule.zone):
            at = instant(on, schedule.at, schedule.zone)
            if at > after:
                return Slot(on, at)
    raise ValueError("no first of a month lies ahead")


def slot_at(schedule: Schedule, at: datetime) -> Slot:
    """Return the slot that is due at this instant or, if the schedule has changed since, the next one."""
    return next_slot(schedule, at - timedelta(microseconds=1))


def instant(on: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the UTC instant of a wall time; a skipped one moves later by the gap, a repeated one is the first."""
    return datetime.combine(on, at, tzinfo=zone).replace(fold=0).astimezone(UTC)


def local_date(at: datetime, zone: ZoneInfo) -> date:
    """Return the calendar date of an instant in a zone."""
    return at.astimezone(zone).date()


def writing_date(at: datetime, zone: ZoneInfo) -> date:
    """Return the local day that words sent at this instant belong to; a day ends at four in the morning."""
    local = at.astimezone(zone)
    return local.date() - _DAY if local.time() < DAY_ENDS_AT else local.date()


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """Return every IANA name that is a place or an old name of one, sorted ("Asia/Calcutta" too)."""
    return tuple(sorted(available_timezones() - _NOT_PLACES))


def find_zone(name: str) -> ZoneInfo | None:
    """Return the zone of that name, or None; names compare as typed, as browsers give them."""
    return ZoneInfo(name) if name in _zone_set() else None


def place_name(zone: ZoneInfo) -> str:
    """Return how a person would say the zone: "London", "Buenos Aires"."""
    return zone.key.rpartition("/")[2].replace("_", " ")


def spoken_time(at: time) -> str:
    """Return a time of day in words: "8 in the morning", "half past 6 in the evening", "noon"."""
    if at == time(12, 0):
        return "noon"
    if at == time(0, 0):
        return "midnight"
    hour = (at.hour - 1) % 12 + 1
    shown = {0: f"{hour}", 30: f"half past {hour}"}.get(at.minute, f"{hour}:{at.minute:02d}")
    return f"{shown} {_part_of_day(at.hour)}"


def _part_of_day(hour: int) -> str:
    if hour < NOON:
        return "in the morning"
    if hour < EVENING:
        return "in the afternoon"
    return "in the evening" if hour < NIGHT else "at night"


@lru_cache(maxsize=1)
def _zone_set() -> frozenset[str]:
    return frozenset(zone_names())


def _dates_from(after: datetime, zone: ZoneInfo) -> Iterator[date]:
    if after.tzinfo is None:
        raise ValueError("an instant must be aware")
    # One day early: a gap over midnight can put a date's instant on the next local date.
    first = local_date(after, zone) - _DAY
    return (first + n * _DAY for n in range(LONGEST_SEARCH_DAYS))


def _exists(on: date, zone: ZoneInfo) -> bool:
    ends = (time(0, 0), time(23, 59, 59))
    return any(local_date(instant(on, end, zone), zone) == on for end in ends)
