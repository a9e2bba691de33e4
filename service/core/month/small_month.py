"""A small month: the days of one month, as the page of a year shows twelve of them."""

from __future__ import annotations

from calendar import Calendar
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from service.core.dates import ordinals_listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class SmallMonth:
    """A month by its first day, with the days on which something was written, in order."""

    first: date
    written: tuple[date, ...] = field(repr=False)

    @property
    def days(self) -> Sequence[bool | None]:
        """Return for each day, from a Monday on, whether it was written; None for days before the first."""
        written = {day.day for day in self.written}
        numbers = [*Calendar().itermonthdays(self.first.year, self.first.month)]
        end = numbers.index(max(numbers)) + 1
        return [number in written if number else None for number in numbers[:end]]

    @property
    def sentence(self) -> str:
        """Name the days: "the 2nd, 5th to 7th and 9th"; empty for a month without any."""
        return f"the {ordinals_listed(self.written)}" if self.written else ""


def small_months(year: int, written: Iterable[date]) -> list[SmallMonth]:
    """Return the twelve months of a year with the days on which something was written."""
    by_month: dict[int, list[date]] = defaultdict(list)
    for day in sorted(written):
        by_month[day.month].append(day)
    return [SmallMonth(date(year, month, 1), tuple(by_month[month])) for month in range(1, 13)]
