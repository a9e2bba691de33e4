"""Limits on requests that need no account: how many a network may make in an hour, counted in this process's memory.

Memory, and not the database, because looking at a page must not write a row. Several processes each count for
themselves, which multiplies a limit and loosens none of them much.
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
    """Counts requests by network hash in windows of an hour; the networks that are longest unseen are forgotten."""

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
