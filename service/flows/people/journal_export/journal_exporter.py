"""The job of an export (`JournalExporter`): the file is written once, as a stream, and sealed while it is written."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from sqlalchemy.orm import Session

from service.clock import Clock
from service.core.sealed_chunks import ChunkSealer
from service.core.sealing import DataKey
from service.core.slots import request_slot
from service.db import Database
from service.flows.people.journal.photos.entry_photos import remove_objects
from service.flows.people.journal_export.export_order import ExportOrder
from service.flows.people.journal_export.exports import discard
from service.flows.people.journal_export.file_writer import JournalFileWriter
from service.job_queue import BackgroundJob, JobQueue
from service.models import (
    Delivery,
    DeliveryKind,
    ExportForm,
    ExportState,
    JournalExport,
    Keyring,
    NewDelivery,
    Subscriber,
)
from service.models.people.personal_data.journal_export import MOST_FAILURES
from service.storage import Storage

LEASE = timedelta(minutes=5)
KEPT = timedelta(days=7)
# From this attempt on, a photo or mail that cannot be read is left out and named: it may be lost for good.
SKIPS_FROM = 4
PARTS_AT_A_TIME = 100

log = structlog.get_logger()


class ExportEndedError(Exception):
    """Another worker has this export, or its owner is gone: leave it."""


class ExportInterruptedError(Exception):
    """This worker is about to end: another begins the export anew."""


@dataclass(frozen=True, slots=True)
class _ClaimedExport:
    """An export that this worker holds, with its owner and their key."""

    row: JournalExport
    person: Subscriber
    key: DataKey = field(repr=False)

    @property
    def name(self) -> str:
        """Return the name of the object that is written."""
        return self.row.object_name


@dataclass(slots=True)
class _Progress:
    """Counts the parts that are done, and passes them on from time to time."""

    passes_on: Callable[[int], None]
    waiting: int = 0

    def __call__(self, parts: int) -> None:
        """Count more parts."""
        self.waiting += parts
        if self.waiting >= PARTS_AT_A_TIME or not parts:
            self.passes_on(self.waiting)
            self.waiting = 0


@dataclass(frozen=True, slots=True)
class JournalExporter:
    """Does the work of exports; a worker has one for its whole life."""

    database: Database
    keyring: Keyring = field(repr=False)
    storage: Storage
    clock: Clock
    job_queue: JobQueue
    writer: JournalFileWriter
    stopping: Callable[[], bool] = lambda: False

    def work(self, export_id: int) -> list[int]:
        """Write an export; return the id of the email that says so, for the caller to enqueue.

        An attempt that fails leaves no object; the sweep has it done again.

        Raises:
            SealError, StorageError: something cannot be read or stored now; another attempt may succeed.
        """
        claimed = self._claim(export_id)
        if claimed is None:
            return []
        self._forget_attempt_before(claimed)
        if claimed.row.failures > MOST_FAILURES:
            log.error("export.given_up")
            self._give_up(claimed)
            return []
        try:
            return self._conclude(claimed, self._write(claimed))
        except ExportEndedError:
            return []
        except ExportInterruptedError:
            self._release(claimed)
            return []

    def _claim(self, export_id: int) -> _ClaimedExport | None:
        with self.database.write() as session:
            row = JournalExport.claim(session, export_id, LEASE)
            person = session.get(Subscriber, row.subscriber_id) if row else None
            if row is None or person is None:
                return None
            row.parts = self.writer.count_parts(session, person.id, ExportForm(row.form), row.period)
            row.parts_done = 0
            return _ClaimedExport(row, person, self.keyring.key_of(person))

    def _forget_attempt_before(self, claimed: _ClaimedExport) -> None:
        """Remove the object of an attempt that was killed while it wrote; there is none after any other end."""
        if claimed.row.attempts > 1:
            self.storage.remove(claimed.row.name_of_attempt(claimed.row.attempts - 1))

    def _write(self, claimed: _ClaimedExport) -> int:
        """Write and seal the file; return the size of its content in bytes."""
        with self.storage.writing(claimed.name) as file:
            sealer = ChunkSealer(claimed.key, claimed.name, os.urandom, file.write)
            self.writer.write(
                ExportOrder(
                    person=claimed.person,
                    form=ExportForm(claimed.row.form),
                    now=self.clock(),
                    write=sealer.write,
                    on_progress=_Progress(lambda parts: self._pass_on(claimed, parts)),
                    skips_unreadable=claimed.row.failures >= SKIPS_FROM,
                    period=claimed.row.period,
                )
            )
            sealer.finish()
        return sealer.size

    def _pass_on(self, claimed: _ClaimedExport, parts: int) -> None:
        if self.stopping():
            raise ExportInterruptedError
        with self.database.write() as session:
            row = self._locked(session, claimed)
            if row is None:
                raise ExportEndedError
            row.parts_done += parts

    def _conclude(self, claimed: _ClaimedExport, size_bytes: int) -> list[int]:
        """Record the file in place of earlier ones, and plan the email; without the claim, nothing is left of it."""
        unneeded, planned = {claimed.name}, list[int]()
        now = self.clock()
        with self.database.write() as session:
            row = self._locked(session, claimed)
            if row is not None:
                unneeded = _discard_earlier(session, row)
                row.stored_as, row.size_bytes, row.parts_done = claimed.name, size_bytes, row.parts
                row.conclude(ExportState.READY, now, now + KEPT)
                email = NewDelivery(
                    subscriber_id=row.subscriber_id,
                    kind=DeliveryKind.EXPORT,
                    slot=request_slot(row.id, now),
                    reference=row.id,
                    ready_at=now,
                    expires_at=now + KEPT,
                    planned_at=now,
                    enqueued_at=now,
                )
                planned = Delivery.plan(session, [email])
        # Only without an error: after one, the commit may still have succeeded.
        remove_objects(self.storage, unneeded)
        return planned

    def _give_up(self, claimed: _ClaimedExport) -> None:
        with self.database.write() as session:
            row = self._locked(session, claimed)
            if row is not None:
                row.conclude(ExportState.FAILED, self.clock(), self.clock() + KEPT)

    def _release(self, claimed: _ClaimedExport) -> None:
        with self.database.write() as session:
            row = self._locked(session, claimed)
            if row is not None:
                row.release(self.clock())
        self.job_queue.enqueue_background(BackgroundJob.EXPORTS, [claimed.row.id])

    def _locked(self, session: Session, claimed: _ClaimedExport) -> JournalExport | None:
        return JournalExport.claimed(session, claimed.row.id, claimed.row.attempts, LEASE)


def _discard_earlier(session: Session, row: JournalExport) -> set[str]:
    """Delete a person's earlier exports of the same form; return the names of their objects."""
    names: set[str] = set()
    for other in JournalExport.list_for(session, row.subscriber_id):
        if other.id != row.id and other.form == row.form:
            names |= discard(session, other)
    return names
