"""When questions slow down: once a week after silence, and none after more of it."""

from __future__ import annotations

from enum import StrEnum

from service.core.settings.schedule import Days

WEEKLY_AFTER = 8
REST_AFTER = 16
SUNDAY = 6


class SlowDown(StrEnum):
    """How far the questions are slowed down for a silent person, independent of the days that they chose."""

    WEEKLY = "weekly"
    REST = "rest"


def slow_down_due(unanswered: int, days: Days, slow_down_stage: SlowDown | None) -> SlowDown | None:
    """Return the stage that is due after this many unanswered questions in a row, or None.

    `days` are the days on which questions come now. The first stage is one question a week, left out for a person
    who already has that; the second is a rest. Each is due once: anything that the person does sets `unanswered` to
    0 and `slow_down_stage` to None.
    """
    if slow_down_stage is SlowDown.REST or unanswered < WEEKLY_AFTER:
        return None
    if slow_down_stage is None and len([*days]) > 1:
        return SlowDown.WEEKLY
    return SlowDown.REST if unanswered >= REST_AFTER else None


def once_a_week(days: Days) -> Days:
    """Return the day that remains when questions come once a week: Sunday if it is among these, or else the first."""
    return Days.of(SUNDAY if max(days) == SUNDAY else min(days))
