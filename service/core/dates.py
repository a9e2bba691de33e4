"""Dates in British English, as pages and emails say them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
RUN: Final = 3


def month_name(day: date) -> str:
    """Return "May"."""
    return MONTHS[day.month - 1]


def day_and_month(day: date) -> str:
    """Return "14 May"."""
    return f"{day.day} {month_name(day)}"


def weekday_and_date(day: date) -> str:
    """Return "Thursday 14 May"."""
    return f"{WEEKDAYS[day.weekday()]} {day_and_month(day)}"


def full_date(day: date) -> str:
    """Return "Thursday 14 May 2026"."""
    return f"{weekday_and_date(day)} {day.year}"


def ordinal(number: int) -> str:
    """Return "1st", "2nd", "11th", "23rd"."""
    last_two = number % 100
    teens = range(11, 14)
    ending = "th" if last_two in teens else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def listed(parts: Sequence[str]) -> str:
    """Return "a", "a and b", or "a, b and c"."""
    if len(parts) <= 1:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def ordinals_listed(days: Sequence[date]) -> str:
    """Return "2nd, 5th to 7th and 9th" for days of one month in order; three in a row or more become a run."""
    return _runs_listed({day.day for day in days}, ordinal)


def months_listed(months: Sequence[date]) -> str:
    """Return "March, May and August to December" for months of one year; three in a row or more become a run."""
    return _runs_listed({month.month for month in months}, lambda number: MONTHS[number - 1])


def _runs_listed(numbers: set[int], said: Callable[[int], str]) -> str:
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts: list[str] = []
    for run in runs:
        if len(run) >= RUN:
            parts.append(f"{said(run[0])} to {said(run[-1])}")
        else:
            parts.extend(said(number) for number in run)
    return listed(parts)
