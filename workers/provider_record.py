"""Reading the provider's record in a thread beside the clock's ticks, so that a slow answer does not delay planning."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from service.flows.incoming.events.poll_events import poll_events
from service.flows.outgoing.settling.old_copy import OldCopyGuard
from service.flows.outgoing.settling.settle import Settler
from service.runtime import Runtime

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RecordReader:
    """Reads the provider's record for all flows that need it."""

    runtime: Runtime
    guard: OldCopyGuard
    settler: Settler

    def start(self, stop: threading.Event, every_seconds: float) -> threading.Thread:
        """Start and return a thread that reads every few seconds and ends soon after `stop` is set."""
        # A request in progress is abandoned when the process ends, because it only reads.
        thread = threading.Thread(target=self._run, args=(stop, every_seconds), name="provider-record", daemon=True)
        thread.start()
        return thread

    def read_once(self) -> None:
        """Compare, settle and poll what is due; an error in one does not stop the others, and is retried next time."""
        runtime = self.runtime
        _attempt(self.guard.compare)
        _attempt(self._settle)
        _attempt(lambda: poll_events(runtime.database, runtime.keyring, runtime.mailer, runtime.clock()))

    def _run(self, stop: threading.Event, every_seconds: float) -> None:
        while not stop.is_set():
            self.read_once()
            stop.wait(every_seconds)

    def _settle(self) -> None:
        self.runtime.job_queue.enqueue_deliveries(self.settler.settle().planned_again)


def _attempt(step: Callable[[], object]) -> None:
    try:
        step()
    except Exception as error:  # noqa: BLE001 - the thread must survive any error in one reading
        log.error("provider_record.failed", error=type(error).__name__)
