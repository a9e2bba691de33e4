"""When a feed is looked at again: every half hour, later after failures, and when its server asks to be left alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from service.core.feeds.feed_dates import read_date

EVERY: Final = timedelta(minutes=30)
LONGEST_WAIT: Final = timedelta(hours=24)
JITTER: Final = timedelta(minutes=5)  # so that not all feeds are asked at one moment
_MOST_DOUBLINGS: Final = 6


def wait_after(failures: int, retry_after: str, now: datetime) -> timedelta:
    """Return how long to wait after so many failures in a row; `Retry-After` counts within a day (RFC 9110)."""
    asked = _retry_after(retry_after, now) if failures else None
    if asked is not None:
        return min(max(asked, EVERY), LONGEST_WAIT)
    return min(EVERY * (1 << min(max(0, failures - 1), _MOST_DOUBLINGS)), LONGEST_WAIT)


def _retry_after(value: str, now: datetime) -> timedelta | None:
    value = value.strip()
    if value.isdecimal() and len(value) < len("10000000"):
        return timedelta(seconds=int(value))
    at = read_date(value) if value else None
    return at - now if at is not None else None
