"""The clock of every test that needs to move the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass
class MovableClock:
    """A clock that stands still until a test moves it; the only fake that tests pass to the service."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def move(self, by: timedelta) -> None:
        self.now += by
