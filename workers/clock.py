"""The clock process: it ticks every few seconds; any number of clocks may run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from types import FrameType

import structlog
from sqlalchemy.exc import SQLAlchemyError

from service.flows.checks.before_letters import pause_over_failures
from service.flows.incoming.events.poll_events import webhook_is_silent
from service.flows.outgoing.settling.old_copy import OldCopyGuard
from service.flows.outgoing.tick import prune, tick
from service.runtime import Runtime
from service.storage import StorageError
from workers.provider_record import RecordReader

TICK_SECONDS = 15.0
PRUNE_EVERY = timedelta(hours=1)

log = structlog.get_logger()


def run(runtime: Runtime, *, every_seconds: float = TICK_SECONDS) -> None:
    """Tick until told to stop (SIGTERM or SIGINT); after an error, the next tick tries again."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _setting(stop))
    suppressions, doctor = runtime.suppression_sync(), runtime.doctor()
    pruned_at = runtime.clock() - PRUNE_EVERY
    guard = runtime.old_copy_guard()
    begin(runtime, guard)
    erase_again(runtime)
    RecordReader(runtime, guard, runtime.settler()).start(stop, every_seconds)
    while not stop.is_set():
        now = runtime.clock()
        try:
            guard.tick()
            runtime.keep_library_fresh()
            pause_over_failures(doctor, runtime.keyring, now)
            done = tick(
                runtime.database, runtime.library, runtime.job_queue, now=now, chunk=runtime.settings.chunk_size
            )
            if done.planned or done.enqueued_again or done.unknown:
                log.info("clock.tick", planned=done.planned, enqueued_again=done.enqueued_again, unknown=done.unknown)
            suppressions.run()
            if now - pruned_at >= PRUNE_EVERY:
                prune(runtime.database, runtime.storage, now=now)
                pruned_at = now
        except (SQLAlchemyError, StorageError) as error:
            log.error("clock.tick_failed", error=type(error).__name__)
        stop.wait(every_seconds)


def begin(runtime: Runtime, guard: OldCopyGuard) -> None:
    """Hold sending if the database may be an old copy, and log if the provider's events do not come by webhook."""
    try:
        guard.start()
        if not runtime.settings.is_local and webhook_is_silent(runtime.database, runtime.clock()):
            log.warning("events.none_by_webhook", consequence="the provider's record is read instead, every 15 minutes")
    except SQLAlchemyError as error:
        log.error("clock.start_failed", error=type(error).__name__)


def erase_again(runtime: Runtime) -> None:
    """Erase whoever an older copy of the database has brought back; after an error, the next start tries again."""
    try:
        runtime.eraser().erase_again()
    except (SQLAlchemyError, StorageError) as error:
        log.error("clock.erase_again_failed", error=type(error).__name__)


def _setting(stop: threading.Event) -> Callable[[int, FrameType | None], None]:
    def told(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    return told
