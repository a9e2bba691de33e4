"""On which day a letter reaches a person: a day brings one email, so it looks for a day without another."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta, timezone

DAYS_TRIED = 3
LATE_AFTER = timedelta(hours=24)
_FIRST_ZONE = timezone(timedelta(hours=14))  # where a date begins before it does anywhere else (Kiritimati)


def begins_at(on: date) -> datetime:
    """Return the instant (UTC) at which a date begins in the first of all zones."""
    return datetime.combine(on, time(), tzinfo=_FIRST_ZONE).astimezone(UTC)


def days_tried(first: date) -> list[date]:
    """Return the days on which a letter of the day `first` may reach somebody."""
    return [first + timedelta(days=number) for number in range(DAYS_TRIED)]


def letter_day(first: date, *, questions: Collection[date], others: Collection[date], is_daily: bool) -> date:
    """Return the day of a letter for one person: the first of three that has no other email.

    `questions` are the days with a question of the schedule, `others` those with an email that is not left out for a
    letter. Where every day has one, the letter takes the place of a question: of the first for somebody who gets one
    every day, else of the last.
    """
    days = days_tried(first)
    free = [day for day in days if day not in questions and day not in others]
    if free:
        return free[0]
    replaceable = [day for day in days if day not in others] or days[-1:]
    return replaceable[0 if is_daily else -1]
