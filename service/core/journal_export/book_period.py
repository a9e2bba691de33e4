"""The period of a book: all local dates from one to another, both included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from service.core.dates import day_and_month

NO_DATE: Final = "Enter a date, or leave this empty"
WRONG_ORDER: Final = "Enter a date that is not before the first one"


class PeriodError(ValueError):
    """A date that cannot be taken; `end` is "first" or "last", the message is for whoever typed it."""

    def __init__(self, end: str, message: str) -> None:
        super().__init__(message)
        self.end = end


@dataclass(frozen=True, slots=True)
class BookPeriod:
    """The dates from `first` to `last`; without them, a whole journal."""

    first: date = date.min
    last: date = date.max

    @classmethod
    def parse(cls, first: str, last: str) -> BookPeriod:
        """Return the period between two dates as forms and commands write them (ISO 8601); empty is an open end.

        Raises:
            PeriodError: one of them is no date, or they are in the wrong order.
        """
        period = cls(_parsed(first, date.min, "first"), _parsed(last, date.max, "last"))
        if period.first > period.last:
            raise PeriodError("last", WRONG_ORDER)
        return period

    def limited_to(self, first: date, last: date) -> BookPeriod:
        """Return the period with its open ends replaced by these dates."""
        return BookPeriod(first if self.first == date.min else self.first, last if self.last == date.max else self.last)

    def years(self, first: date, last: date) -> Iterator[BookPeriod]:
        """Yield the part of the period in each year from that of one date to that of another."""
        for year in range(max(self.first, first).year, min(self.last, last).year + 1):
            yield BookPeriod(max(self.first, date(year, 1, 1)), min(self.last, date(year, 12, 31)))

    def __str__(self) -> str:
        """Return it in words: "1 March to 30 April 2026", "14 May 2026", "2026"; "" for a whole journal."""
        first, last = self.first, self.last
        if date.min == first or date.max == last:
            return ""
        end = f"{day_and_month(last)} {last.year}"
        if first == last:
            return end
        if first.year != last.year:
            return f"{day_and_month(first)} {first.year} to {end}"
        is_whole_year = (first.replace(month=1, day=1), last.replace(month=12, day=31)) == (first, last)
        return str(first.year) if is_whole_year else f"{day_and_month(first)} to {end}"


WHOLE_JOURNAL: Final = BookPeriod()


def _parsed(text: str, otherwise: date, end: str) -> date:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else otherwise
    except ValueError:
        raise PeriodError(end, NO_DATE) from None
