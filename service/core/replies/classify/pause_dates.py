"""The end of a pause as people say it: "2 weeks", "a fortnight", "3 June", "Monday"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Self

MOST: Final = 1000
LEAP_CYCLE_YEARS: Final = 9  # within this many years every date occurs, even 29 February around 1900 or 2100
_DAY: Final = timedelta(days=1)
_MONTHS_A_YEAR: Final = 12
_WEEK: Final = 7
_YEARS: Final = range(2000, 2200)


@dataclass(frozen=True, slots=True)
class PauseDates:
    """The numbers, units and names of days of one language, in lower case."""

    numbers: Mapping[str, int]
    unit_days: Mapping[str, int]
    unit_months: Mapping[str, int]
    months: Mapping[str, int]
    weekdays: Sequence[str]
    tomorrow: frozenset[str]
    fillers: frozenset[str]
    ordinals: tuple[str, ...]

    @classmethod
    def of(cls, dates: Mapping[str, Any], lengths: Mapping[str, Any]) -> Self:
        """Return the words in the tables `dates` and `lengths` of a file of templates/commands/."""
        names = (dates["months"], dates["short_months"])
        return cls(
            numbers=lengths["numbers"],
            unit_days=lengths["days"],
            unit_months=lengths["months"],
            months={name: number for listed in names for number, name in enumerate(listed, start=1)},
            weekdays=tuple(dates["weekdays"]),
            tomorrow=frozenset(dates["tomorrow"]),
            fillers=frozenset(dates["fillers"]),
            ordinals=tuple(dates["ordinals"]),
        )

    def after(self, length: str, today: date) -> date | None:
        """Return the date that is "2 weeks" or "a month" after today, or None if the text is not a length."""
        said, _, unit = length.rpartition(" ")
        number = 1 if not said else self.numbers.get(said) or _number(said, most=MOST)
        if number is None:
            return None
        if unit in self.unit_days:
            return today + number * self.unit_days[unit] * _DAY
        if unit in self.unit_months:
            return months_after(today, number * self.unit_months[unit])
        return None

    def named(self, said: str, today: date) -> date | None:
        """Return the next date after today for "3 June", "June 3rd 2027", "June", "the 3rd" or "Monday"; or None."""
        words = [word for word in said.split() if word not in self.fillers]
        if len(words) == 1:
            return self._by_one_word(words[0], today)
        numbers = [number for word in words if (number := self._ordinal(word)) is not None]
        months = [self.months[word] for word in words if word in self.months]
        if len(months) != 1 or len(numbers) + 1 != len(words):
            return None
        match numbers:
            case [day]:
                return _next(today, day=day, month=months[0])
            case [day, year] if year in _YEARS:
                return _date(year, months[0], day)
        return None

    def _by_one_word(self, word: str, today: date) -> date | None:
        if word in self.tomorrow:
            return today + _DAY
        if word in self.weekdays:
            return today + ((self.weekdays.index(word) - today.weekday() - 1) % _WEEK + 1) * _DAY
        if word in self.months:
            return _next(today, day=1, month=self.months[word])
        if (day := self._ordinal(word)) is not None:
            return _next(today, day=day)
        try:
            return date.fromisoformat(word)
        except ValueError:
            return None

    def _ordinal(self, word: str) -> int | None:
        for ending in self.ordinals:
            word = word.removesuffix(ending)
        return _number(word, most=_YEARS.stop)


def _number(word: str, *, most: int) -> int | None:
    is_short = word.isdecimal() and len(word) <= len(str(most))
    return int(word) if is_short and 0 < int(word) <= most else None


def _next(today: date, *, day: int, month: int | None = None) -> date | None:
    """Return the next date after today with this day, of this month or of any."""
    for ahead in range(LEAP_CYCLE_YEARS * _MONTHS_A_YEAR):
        first = months_after(today.replace(day=1), ahead)
        found = _date(first.year, first.month, day) if month in {None, first.month} else None
        if found and found > today:
            return found
    return None


def months_after(day: date, months: int) -> date:
    """Return the same day some months later, or the last day of that month if it is shorter."""
    number = day.year * _MONTHS_A_YEAR + day.month - 1 + months
    year, month = divmod(number, _MONTHS_A_YEAR)
    next_first = date(year + (month + 1) // _MONTHS_A_YEAR, (month + 1) % _MONTHS_A_YEAR + 1, 1)
    last = next_first - _DAY
    return last.replace(day=min(day.day, last.day))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
