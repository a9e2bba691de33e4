"""When a feed is looked at: every half hour, and later after failures; and when a post goes by itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from service.core.feeds.feed_dates import read_date
from service.core.settings.schedule import instant, local_date

EVERY: Final = timedelta(minutes=30)
LONGEST_WAIT: Final = timedelta(hours=24)
JITTER: Final = timedelta(minutes=5)  # so that not all feeds are asked at one moment
_MOST_DOUBLINGS: Final = 6
GOES_AFTER: Final = timedelta(minutes=60)
FIXED_BEFORE: Final = timedelta(minutes=5)  # so that the last look, with its pictures, is over when a post goes


def wait_after(failures: int, retry_after: str, now: datetime) -> timedelta:
    """Return how long to wait after so many failures in a row; `Retry-After` counts within a day (RFC 9110)."""
    asked = _retry_after(retry_after, now) if failures else None
    if asked is not None:
        return min(max(asked, EVERY), LONGEST_WAIT)
    return min(EVERY * (1 << min(max(0, failures - 1), _MOST_DOUBLINGS)), LONGEST_WAIT)


def goes_at(changed_at: datetime, zone: ZoneInfo, others: Iterable[datetime]) -> datetime:
    """Return when a post goes by itself: an hour after its last change, on a day of the zone on which no other goes."""
    at = changed_at + GOES_AFTER
    taken = {local_date(other, zone) for other in others}
    day, time_of_day = local_date(at, zone), at.astimezone(zone).time()
    while day in taken:
        day += timedelta(days=1)
        at = instant(day, time_of_day, zone)
    return at


def _retry_after(value: str, now: datetime) -> timedelta | None:
    value = value.strip()
    if value.isdecimal() and len(value) < len("10000000"):
        return timedelta(seconds=int(value))
    at = read_date(value) if value else None
    return at - now if at is not None else None
