"""How many scheduled emails may go within an hour: the rate that was set, and a warm-up for a new sending domain."""

from __future__ import annotations

from datetime import date

FIRST_RATE = 20
WARM_UP_DAYS = 14


def hourly_rate(today: date, *, most: int | None, warm_up_from: date | None) -> int | None:
    """Return how many scheduled emails may go within an hour on a day (UTC), or None for any number.

    A warm-up begins with 20 an hour on its first day and doubles every day, up to `most` or for 14 days. Receiving
    servers judge a domain that they have not seen by its first days, and refuse many emails at once.
    """
    if warm_up_from is None:
        return most
    days = max(0, (today - warm_up_from).days)
    if days >= WARM_UP_DAYS:
        return most
    warm = FIRST_RATE << days
    return warm if most is None else min(warm, most)
