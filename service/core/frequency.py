"""When questions slow down: once a week after silence, and none after more of it."""

from __future__ import annotations

from enum import StrEnum

from service.core.schedule import Days

WEEKLY_AFTER = 8
REST_AFTER = 16
SUNDAY = 6


class SlowDown(StrEnum):
    """How much less often somebody is written to, by our doing and not by their own choice."""

    WEEKLY = "weekly"
    REST = "rest"


def slow_down_due(unanswered: int, days: Days, slow_down_stage: SlowDown | None) -> SlowDown | None:
    """Return the stage that is due after so many questions in a row without a sign of the person, or None.

    `days` are those on which questions come now. Once a week comes first, and is left out where that is their rhythm
    already; then a rest. Each is due once: a sign of them makes `unanswered` 0 and `eased` None.
    """
    if slow_down_stage is SlowDown.REST or unanswered < WEEKLY_AFTER:
        return None
    if slow_down_stage is None and len([*days]) > 1:
        return SlowDown.WEEKLY
    return SlowDown.REST if unanswered >= REST_AFTER else None


def once_a_week(days: Days) -> Days:
    """Return one day of these: Sunday if it is among them, or else the first."""
    return Days.of(SUNDAY if max(days) == SUNDAY else min(days))
