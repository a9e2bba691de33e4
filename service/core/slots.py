"""Slots: the date, month, year or request that a delivery is for, and the month of its key."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

YEAR_LENGTH = len("2026")
MONTH_LENGTH = len("2026-01")
YEAR_GOES_ON = (1, 2)  # the month's digest is due on the 1st, and nobody gets two emails on one day
_LAST_MONTH = 12


def month_of(slot: str) -> int:
    """Return the month in which a slot lies, as yyyymm; 0 for slots that a person has only once ("first").

    A year's slot ("2026") counts as its December, so that its row is not deleted before the others of that year.
    """
    if len(slot) == YEAR_LENGTH and slot.isdecimal():
        return int(slot) * 100 + _LAST_MONTH
    try:
        first = date.fromisoformat(f"{slot[:MONTH_LENGTH]}-01")
    except ValueError:
        return 0
    return first.year * 100 + first.month


def request_slot(request_id: int, now: datetime) -> str:
    """Return the slot of an email that somebody asked for; a day may have several."""
    return f"{now.astimezone(UTC):%Y-%m-%d}/{request_id}"


def letter_slot(letter_id: int, frozen_at: datetime) -> str:
    """Return the slot of a letter: the date (UTC) on which its text was fixed, and its id, the same for everybody."""
    return f"{frozen_at.astimezone(UTC):%Y-%m-%d}/{letter_id}"


def month_slot(on: date) -> str | None:
    """Return the slot of the monthly email that is due on a local date, or None on any day but the 1st."""
    return month_before(on) if on.day == 1 else None


def digest_slot(on: date) -> str | None:
    """Return the slot of the digest that is due on a local date: the month's, or on 2 January the past year's."""
    if on.day == 1:
        return month_before(on)
    return str(on.year - 1) if (on.month, on.day) == YEAR_GOES_ON else None


def month_before(first: date) -> str:
    """Return the month before the one that begins on `first`, as a digest's slot names it: "2026-05"."""
    return (first - timedelta(days=1)).strftime("%Y-%m")
