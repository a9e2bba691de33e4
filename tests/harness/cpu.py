"""How much computing something costs, whatever else the machine does."""

from __future__ import annotations

import time
from collections.abc import Callable

TRIES = 3


def costs_less_than(seconds: float, work: Callable[[], object]) -> bool:
    """Return whether some work takes less CPU time than this, in the best of three tries.

    The time is that of this thread alone. A busy machine can only lengthen it, so one short try is a proof; work whose
    cost grows with the square of its input is long in each of them.
    """
    return any(_cpu_seconds(work) < seconds for _ in range(TRIES))


def _cpu_seconds(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return time.thread_time() - began
