"""Quiet dates: days of every year on which no question comes, and whose words are not brought back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from service.core.dates import MONTHS, day_and_month

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_SPAN_DAYS: Final = 92
LONGEST_SEARCH_DAYS: Final = 366
_LEAP_YEAR: Final = 2000
_SHORTEST_NAME: Final = 3
_BETWEEN: Final = re.compile(r"[\s/.,-]+")
_NUMBER: Final = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)?")
_NOT_SAID: Final = frozenset({"", "the", "of"})
_DAY: Final = timedelta(days=1)


class MonthDay(NamedTuple):
    """A day of every year; the earlier one is the smaller."""

    month: int
    day: int

    @classmethod
    def of(cls, on: date) -> MonthDay:
        """Return the month and the day of a date."""
        return cls(on.month, on.day)

    @classmethod
    def parse(cls, text: str) -> MonthDay | None:
        """Return the day in "12 March", "March 12th" or "12/3" (the day first, as in Britain), or None."""
        words = [word for word in _BETWEEN.split(text.casefold()) if word not in _NOT_SAID]
        if len(words) != 2:  # noqa: PLR2004  (a day and a month)
            return None
        first, second = words
        if _NUMBER.fullmatch(second) and not _NUMBER.fullmatch(first):
            first, second = second, first
        day, month = _NUMBER.fullmatch(first), _month(second)
        if day is None or month is None:
            return None
        try:
            return cls.of(date(_LEAP_YEAR, month, int(day[1])))
        except ValueError:
            return None

    def __str__(self) -> str:
        """Return it in words: "12 March"."""
        return day_and_month(self._in_a_leap_year)

    @property
    def _in_a_leap_year(self) -> date:
        return date(_LEAP_YEAR, self.month, self.day)

    def days_until(self, other: MonthDay) -> int:
        """Return how many days pass until the next `other`; 0 if it is the same day."""
        return (other._in_a_leap_year - self._in_a_leap_year).days % LONGEST_SEARCH_DAYS


@dataclass(frozen=True, slots=True)
class QuietSpan:
    """One quiet date, or the days from `first` to `last`, both included; a span may go over the New Year."""

    first: MonthDay
    last: MonthDay

    @property
    def is_too_long(self) -> bool:
        """Return whether the span is longer than a quiet date may be."""
        return self.first.days_until(self.last) >= LONGEST_SPAN_DAYS

    def __str__(self) -> str:
        """Return it in words: "12 March", "20 December to 3 January"."""
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"

    def covers(self, on: date) -> bool:
        """Return whether a date is in the span; 29 February is 28 February in a year that does not have it."""
        day = MonthDay.of(on)
        if day == (2, 28) and (on + _DAY).day == 1:
            return self._has(day) or self._has(MonthDay(2, 29))
        return self._has(day)

    def _has(self, day: MonthDay) -> bool:
        if self.first <= self.last:
            return self.first <= day <= self.last
        return day >= self.first or day <= self.last


def is_quiet(on: date, spans: Iterable[QuietSpan]) -> bool:
    """Return whether a local date is one of these quiet dates."""
    return any(span.covers(on) for span in spans)


def first_other_day(on: date, spans: Iterable[QuietSpan]) -> date | None:
    """Return the first date from `on` that is not quiet, or None if there is none within a year."""
    found = tuple(spans)
    days = (on + number * _DAY for number in range(LONGEST_SEARCH_DAYS + 1))
    return next((day for day in days if not is_quiet(day, found)), None)


def _month(word: str) -> int | None:
    """Return the number of a month that is named, shortened to three letters or more, or written as a number."""
    if number := _NUMBER.fullmatch(word):
        return int(number[1])
    if len(word) < _SHORTEST_NAME:
        return None
    return next((number for number, name in enumerate(MONTHS, start=1) if name.casefold().startswith(word)), None)
