"""Words about letters that both the pages of the desk and the commands say."""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from service.core.settings.schedule import place_name

# Why a letter is paused, by the stored reason.
PAUSE_REASONS: Final = MappingProxyType(
    {
        "by_hand": "by hand",
        "late": "it was more than a day late",
        "old_copy": "this database may be an old copy, and some of it may have gone",
        "policy": "too many receiving servers refused it",
        "addresses": "too many addresses do not exist",
        "complaints": "too many people called it spam",
        "checks": "a check of the doctor failed when it was to begin",
    }
)
# Why somebody who asked for letters gets none, by their status.
NO_LETTER_BECAUSE: Final = MappingProxyType(
    {
        "pending": "they have not confirmed their address",
        "resting": "they are resting",
        "stopped": "they stopped all emails",
        "suppressed": "their address bounced, or they complained",
    }
)
_IN_HOURS: Final = 120  # minutes


def begins_words(starts_at: datetime | None, zone: ZoneInfo, now: datetime) -> str:
    """Return when something begins, as `instant_words` does; "" if it has begun, or has no time."""
    return instant_words(starts_at, zone, now) if starts_at is not None and starts_at > now else ""


def instant_words(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Return when an instant is: in how many minutes or hours, in the writers' zone, and in UTC."""
    minutes = round((at - now).total_seconds() / 60)
    within = f"in {minutes} min" if minutes < _IN_HOURS else f"in {round(minutes / 60)} h"
    return f"{within}, at {at.astimezone(zone):%Y-%m-%d %H:%M} {place_name(zone)} time ({at:%H:%M} UTC)"
