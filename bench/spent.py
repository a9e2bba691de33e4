"""What a benchmark spends: seconds of the clock and of the processor, and memory."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

MEGABYTE = 1e6


@dataclass
class Spent:
    """Seconds of the clock and of the processor."""

    wall: float = 0.0
    cpu: float = 0.0


def highest_memory() -> float:
    """Return the highest resident size of this process so far, in MB (Linux gives it in kB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MEGABYTE


@contextmanager
def timed() -> Iterator[Spent]:
    """Measure what is spent until the end of the block."""
    spent = Spent()
    wall, cpu = time.perf_counter(), time.process_time()
    yield spent
    spent.wall, spent.cpu = time.perf_counter() - wall, time.process_time() - cpu
