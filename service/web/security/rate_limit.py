"""Limits on requests that need no account, per network and hour, counted in memory.

The counts are in memory because showing a page must not write a row. Each process counts separately, so a limit is
multiplied by the few web processes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

WINDOW = timedelta(hours=1)
NETWORKS_COUNTED = 10_000


@dataclass(slots=True)
class RateLimiter:
    """Counts requests by network hash in windows of an hour; networks not seen for longest are removed first."""

    limit: int
    _counts: OrderedDict[bytes, tuple[datetime, int]] = field(default_factory=OrderedDict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def allows(self, network: bytes, now: datetime) -> bool:
        """Count one request, and return whether it is within the limit."""
        with self._lock:
            began_at, count = self._counts.pop(network, (now, 0))
            if now - began_at >= WINDOW:
                began_at, count = now, 0
            self._counts[network] = began_at, count + 1
            while len(self._counts) > NETWORKS_COUNTED:
                self._counts.popitem(last=False)
            return count < self.limit
