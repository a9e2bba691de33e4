"""Logging a job's errors by name and place, since a traceback that RQ keeps can hold words."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import structlog

log = structlog.get_logger()


def log_errors(job: Callable[[list[int]], None]) -> Callable[[list[int]], None]:
    """Return the job with its errors logged by their name and place; the sweep brings back what was left undone."""

    @wraps(job)
    def run(ids: list[int]) -> None:
        try:
            job(ids)
        except Exception as error:  # noqa: BLE001 - the queue would keep the traceback, with whatever it shows
            log.error("job.failed", job=job.__name__, ids=len(ids), error=type(error).__name__, at=place_of(error))

    return run


def place_of(error: Exception) -> str:
    """Return the module and line where an error was raised: enough to find it, nothing anybody wrote."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}" if trace else "?"
