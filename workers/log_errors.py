"""Logging a job's errors by type and place only, since the traceback that RQ stores may contain words."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import structlog

log = structlog.get_logger()


def log_errors(job: Callable[[list[int]], None]) -> Callable[[list[int]], None]:
    """Return the job with its errors logged by type and place; the sweep enqueues unfinished work again."""

    @wraps(job)
    def run(ids: list[int]) -> None:
        try:
            job(ids)
        except Exception as error:  # noqa: BLE001 - the queue would store the traceback, which may contain words
            log.error("job.failed", job=job.__name__, ids=len(ids), error=type(error).__name__, at=place_of(error))

    return run


def place_of(error: Exception) -> str:
    """Return the module and line where an error was raised, which contain nobody's words."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}" if trace else "?"
