"""The only place that reads the wall clock; everything else takes `now`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return this instant, aware, in UTC."""
    return datetime.now(UTC)
