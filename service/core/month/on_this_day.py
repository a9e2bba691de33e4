"""On this day: the same day in earlier years, and which entries of it may be shown again."""

from __future__ import annotations

from calendar import isleap
from datetime import date
from typing import TYPE_CHECKING, Final

from service.core.library.own_question import own_id_of

if TYPE_CHECKING:
    from service.core.month.resurfacing import AnsweredPrompt

FIRST_YEAR: Final = 1900  # nobody writes of an earlier day
_FEBRUARY, _LAST_OF_FEBRUARY, _LEAP_DAY = 2, 28, 29


def same_day_in_earlier_years(today: date) -> list[date]:
    """Return this day in every earlier year, newest first; 28 February of a common year also stands for the 29th."""
    days = [today.day]
    if (today.month, today.day) == (_FEBRUARY, _LAST_OF_FEBRUARY) and not isleap(today.year):
        days.insert(0, _LEAP_DAY)
    return [
        date(year, today.month, day)
        for year in range(today.year - 1, FIRST_YEAR - 1, -1)
        for day in days
        if (today.month, day) != (_FEBRUARY, _LEAP_DAY) or isleap(year)
    ]


def may_be_looked_back_at(prompt_id: str | None, prompt: AnsweredPrompt | None) -> bool:
    """Return whether an entry may be shown on its day in later years: never an answer to a question about a hurt.

    What answers a question that is not known here may be such an answer; but what answers one of the person's own is as
    what they wrote without a question.
    """
    if prompt is not None:
        return prompt.theme != "hurt"
    return not prompt_id or own_id_of(prompt_id) is not None
