"""What a benchmark spends: seconds of the clock and of the processor, and memory."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1e6


@dataclass
class Spent:
    """Seconds of the clock and of the processor, and the resident size of this process in MB: at first, at most.

    `child_cpu` is the processor's time of the child processes that ended meanwhile.
    """

    wall: float = 0.0
    cpu: float = 0.0
    child_cpu: float = 0.0
    memory_before: float = 0.0
    memory: float = 0.0

    @property
    def memory_in_words(self) -> str:
        """Return the highest size, and the one before."""
        return f"{self.memory:.0f} MB at most ({self.memory_before:.0f} before)"


@contextmanager
def timed() -> Iterator[Spent]:
    """Measure what is spent until the end of the block."""
    spent = Spent(memory_before=_resident("VmRSS"))
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the highest size is the present one again
    wall, start = time.perf_counter(), os.times()
    yield spent
    spent.wall, end = time.perf_counter() - wall, os.times()
    spent.cpu = end.user + end.system - start.user - start.system
    spent.child_cpu = end.children_user + end.children_system - start.children_user - start.children_system
    spent.memory = _resident("VmHWM")


def _resident(name: str) -> float:
    """Return a size of this process in MB, as Linux tells it."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(found[1]) * 1024 / MEGABYTE if found else 0.0
