"""A worker's heartbeat: a thread that records in the database, every few seconds, that this process is alive."""

from __future__ import annotations

import secrets
import threading
from types import TracebackType

import structlog
from sqlalchemy.exc import SQLAlchemyError

from service.models import Heartbeat
from service.runtime import Runtime

EVERY_SECONDS = 20.0
PATIENCE_SECONDS = 3.0

log = structlog.get_logger()


class WorkerHeartbeat:
    """Records this worker's heartbeat while it is open, and removes it at the end; the queue names its kind."""

    def __init__(self, runtime: Runtime, queue_name: str, *, every_seconds: float = EVERY_SECONDS) -> None:
        self.runtime = runtime
        self.name = f"{queue_name}-{secrets.token_hex(4)}"
        self._every_seconds = every_seconds
        self._is_recorded = True
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._record_until_ended, name="heartbeat", daemon=True)

    def __enter__(self) -> WorkerHeartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(PATIENCE_SECONDS)
        if self._thread.is_alive():  # the database does not answer
            return
        try:
            self.runtime.write_counts()
            with self.runtime.database.write() as session:
                Heartbeat.remove(session, self.name)
        except SQLAlchemyError as removal_error:  # the clock deletes it when it is old
            log.warning("heartbeat.not_removed", name=self.name, error=type(removal_error).__name__)

    def _record_until_ended(self) -> None:
        while True:
            self._record()
            if self._ended.wait(self._every_seconds):
                return

    def _record(self) -> None:
        """Record a heartbeat and the counts; log a failure only once until it succeeds again."""
        try:
            self.runtime.write_counts()
            with self.runtime.database.write() as session:
                Heartbeat.record(session, self.name, self.runtime.clock())
            self._is_recorded = True
        except SQLAlchemyError as error:
            if self._is_recorded:
                log.error("heartbeat.not_recorded", name=self.name, error=type(error).__name__)
            self._is_recorded = False
