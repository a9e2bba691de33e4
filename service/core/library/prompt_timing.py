"""When a prompt comes: from which day, in which season, or never again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

# It is today or tomorrow somewhere on earth, so the day after has begun for nobody: every process reads the change
# before it plans that day, and the ranking of a day is one and the same for all.
_NOT_BEGUN: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class PromptTiming:
    """What holds for a prompt from the local date `valid_from` on, until a later timing takes its place.

    A season is from `first_on` to `last_on`, both included; None leaves that side open.
    """

    valid_from: date
    first_on: date | None = None
    last_on: date | None = None
    is_retired: bool = False

    def allows(self, on: date) -> bool:
        """Return whether the prompt may come on a local date."""
        begun = self.first_on is None or self.first_on <= on
        return begun and (self.last_on is None or on <= self.last_on) and not self.is_retired

    @property
    def season(self) -> tuple[date, date] | None:
        """Return the first and last day of a season that has an end, or None."""
        return (self.first_on or self.valid_from, self.last_on) if self.last_on is not None else None


def timing_on(timings: Sequence[PromptTiming], on: date) -> PromptTiming | None:
    """Return the timing that holds on a local date, of some in the order of `valid_from`; None before the first."""
    return next((timing for timing in reversed(timings) if timing.valid_from <= on), None)


def next_valid_from(now: datetime) -> date:
    """Return the first local date that a change made now may hold for: the day after tomorrow, in UTC."""
    return now.astimezone(UTC).date() + _NOT_BEGUN
