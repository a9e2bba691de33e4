"""The job of an import (`JournalImporter`): reading the file for its preview, bringing it in, and taking it back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import structlog
from sqlalchemy.orm import Session

from service.clock import Clock
from service.core.journal_import.detect import UNREADABLE
from service.core.journal_import.reading.imported import (
    ImportedDraft,
    ImportedEntry,
    ImportedExtras,
    ImportedQuestion,
    ImportItem,
    LeftOutEntry,
    RefusedFileError,
)
from service.core.sealing import DataKey
from service.core.settings.schedule import local_date
from service.db import Database
from service.flows.people.journal.photos.entry_photos import ProcessedPhoto, content_mac, remove_objects, store
from service.flows.people.journal.photos.photo_changes import LONGEST_DESCRIPTION, sealed_description
from service.flows.people.journal_import.import_chunk import BroughtEntry, ImportChunk
from service.flows.people.journal_import.import_extras import bring_drafts, bring_steps, take_back
from service.flows.people.journal_import.import_preview import OTHER_WORDS, ImportPreview, dated, make_preview
from service.flows.people.journal_import.import_upload import UNUSED_KEPT, ImportUploads
from service.flows.people.journal_import.known_entries import EntryStanding, KnownEntries
from service.job_queue import BackgroundJob, JobQueue
from service.mail.sandbox.journal_reader import JournalReader, SlowReadingError
from service.mail.sandbox.pictures import PictureRedrawer
from service.models import ImportedEntryRow, ImportState, JournalImport, Keyring, OwnQuestion, Subscriber
from service.models.people.personal_data.journal_import import MOST_FAILURES
from service.storage import Storage

LEASE = timedelta(minutes=5)
AT_A_TIME = timedelta(seconds=90)  # then others' jobs have their turn
UNDO_FOR = timedelta(days=30)
ENTRIES_TAKEN_BACK = 200
UNREADABLE_PHOTO = "a photo that couldn’t be read"
STOPPED_SHORT = "The rest of the file couldn’t be read."
MOST_SLOW = 2  # attempts in a row that end because reading takes too long
TOOK_TOO_LONG = "Reading this file took too long just now. It isn’t the file’s fault: upload it again later."
REST_TOOK_TOO_LONG = "Reading the rest took too long just now. Bring the file again later: nothing comes in twice."

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Claimed:
    """An import that this worker holds, with its owner and their key."""

    row: JournalImport
    person: Subscriber
    key: DataKey = field(repr=False)
    attempt: int
    today: date


@dataclass(frozen=True, slots=True)
class JournalImporter:
    """Does the work of imports; a worker has one for its whole life."""

    database: Database
    keyring: Keyring = field(repr=False)
    storage: Storage
    clock: Clock
    job_queue: JobQueue
    stopping: Callable[[], bool] = lambda: False
    pictures: PictureRedrawer = field(default_factory=PictureRedrawer, repr=False)

    def work(self, import_id: int) -> tuple[int, ...]:
        """Go on with an import, and enqueue it again if some of it is left; plan no delivery, ever.

        Raises:
            SealError, StorageError: the file cannot be read now; another attempt may succeed.
        """
        claimed = self._claim(import_id)
        if claimed is not None and self._go_on(claimed) and not self.stopping():
            self.job_queue.enqueue_background(BackgroundJob.IMPORTS, [import_id])
        return ()

    def _go_on(self, claimed: _Claimed) -> bool:
        """Do the next part of an import; return whether some of it is left for another job."""
        steps = {
            ImportState.UPLOADED: self._preview,
            ImportState.IMPORTING: self._bring,
            ImportState.UNDOING: self._take_back,
        }
        if claimed.row.failures > MOST_FAILURES and claimed.row.state != ImportState.UNDOING:
            log.error("import.given_up", state=claimed.row.state)
            self._end_early(claimed, UNREADABLE)
            return False
        try:
            return steps[ImportState(claimed.row.state)](claimed)
        except SlowReadingError:
            self._put_off(claimed)
            return False

    def _put_off(self, claimed: _Claimed) -> None:
        """Leave an import to the sweep, which has it tried again in a minute; end it where that was tried before."""
        with self.database.write() as session:
            row = self._locked(session, claimed)
            is_last = row is not None and row.failures >= MOST_SLOW
            if row is not None and not is_last:
                row.try_again(self.clock())
        if is_last:
            log.warning("import.too_slow", state=claimed.row.state)
            is_begun = claimed.row.state == ImportState.IMPORTING
            self._end_early(claimed, REST_TOOK_TOO_LONG if is_begun else TOOK_TOO_LONG)

    def _claim(self, import_id: int) -> _Claimed | None:
        with self.database.write() as session:
            row = JournalImport.claim(session, import_id, LEASE)
            person = session.get(Subscriber, row.subscriber_id) if row else None
            if row is None or person is None:
                return None
            today = local_date(self.clock(), person.zone)
            return _Claimed(row, person, self.keyring.key_of(person), row.attempts, today)

    @contextmanager
    def _reading(self, claimed: _Claimed) -> Iterator[JournalReader]:
        uploads = ImportUploads(self.keyring, self.storage)
        reader = JournalReader(uploads.open(claimed.key, claimed.row, claimed.person.time_zone))
        try:
            yield reader
        finally:
            reader.close()
            self.pictures.close()

    def _known(self, claimed: _Claimed, format_key: str) -> KnownEntries:
        with self.database.read() as session:
            return KnownEntries.load(session, self.keyring, claimed.person, format_key)

    def _preview(self, claimed: _Claimed) -> bool:
        try:
            with self._reading(claimed) as reader:
                kind = reader.open()
                known = self._known(claimed, kind.key)
                preview = make_preview(kind.title, reader.items(), known, claimed.today)
        except RefusedFileError as refused:
            self._end_early(claimed, str(refused))
            return False
        with self.database.write() as session:
            row = self._locked(session, claimed)
            if row is not None:
                row.found = preview.items
                preview.seal(claimed.key, row)
                row.conclude(ImportState.READY, self.clock(), self.clock() + UNUSED_KEPT)
        return False

    def _bring(self, claimed: _Claimed) -> bool:
        """Bring the next items in, chunk by chunk; return whether some are left for another job."""
        until = self.clock() + AT_A_TIME
        try:
            with self._reading(claimed) as reader:
                known = self._known(claimed, reader.open(claimed.row.position).key)
                chunk = ImportChunk(claimed.row.position)
                for item in reader.items(claimed.row.position):
                    self._take(claimed, reader, known, chunk, item)
                    if chunk.is_full:
                        if not self._written(claimed, chunk):
                            return False
                        chunk = ImportChunk(chunk.position)
                        if self.stopping() or self.clock() > until:
                            return self._release(claimed)
        except RefusedFileError:
            self._end_early(claimed, STOPPED_SHORT)
            return False
        self._written(claimed, chunk, is_last=True)
        return False

    def _take(
        self, claimed: _Claimed, reader: JournalReader, known: KnownEntries, chunk: ImportChunk, item: ImportItem
    ) -> None:
        """Add an item to the chunk: as an entry, as one that is here already, or as one that is left out."""
        position, chunk.position = chunk.position, chunk.position + 1
        if isinstance(item, ImportedQuestion):
            chunk.questions.append((position, item))
            return
        if isinstance(item, ImportedExtras):
            chunk.steps = known.new_steps(item)
            return
        entry = dated(item, claimed.today)
        if isinstance(entry, LeftOutEntry):
            chunk.left_out.append((position, entry))
            return
        if isinstance(entry, ImportedDraft):
            chunk.drafts += [] if known.has_draft(entry) else [entry]
            return
        standing = known.standing(entry)
        if standing is EntryStanding.HERE:
            chunk.already_here += 1
        elif standing is EntryStanding.CHANGED and not claimed.row.wants_changed:
            chunk.left_out.append((position, LeftOutEntry(entry.place, OTHER_WORDS, str(entry.on), entry.words)))
        else:
            known.add(entry)
            photos, unread = self._photos(claimed, reader, entry)
            if unread:
                entry = replace(entry, left_behind=(*entry.left_behind, *unread))
            chunk.brought.append(BroughtEntry(position, entry, photos, known.source_mac(entry)))

    def _photos(
        self, claimed: _Claimed, reader: JournalReader, entry: ImportedEntry
    ) -> tuple[tuple[ProcessedPhoto, ...], tuple[str, ...]]:
        """Return the photos of an entry, drawn anew and sealed, one at a time; and a name for each that cannot be."""
        photos: list[ProcessedPhoto] = []
        unread: list[str] = []
        for reference in entry.photos:
            data = reader.photo(reference)
            picture = next(self.pictures.redraw([data])) if data else None
            if data is None or picture is None:
                unread.append(UNREADABLE_PHOTO)
                continue
            mac = content_mac(self.keyring, claimed.person, data)
            stored = store(self.keyring, self.storage, claimed.person, picture, mac)
            said = entry.photo_descriptions.get(reference, "")[:LONGEST_DESCRIPTION]
            sealed = sealed_description(self.keyring, claimed.person, stored.id, said)
            photos.append(replace(stored, sealed_description=sealed))
        return tuple(photos), tuple(unread)

    def _written(self, claimed: _Claimed, chunk: ImportChunk, *, is_last: bool = False) -> bool:
        """Write a chunk; return False where another worker has taken over, and then nothing of it is left."""
        unneeded = chunk.object_names
        with self.database.write() as session:
            row = self._locked(session, claimed)
            if row is not None:
                chunk.write(session, row, claimed.person, claimed.key, self.clock())
                bring_steps(session, self.keyring, claimed.person, row, chunk.steps)
                bring_drafts(session, self.keyring, claimed.person, row, chunk.drafts)
                unneeded = self._concluded(row) if is_last else set()
        # Only without an error: after one, the commit may still have succeeded.
        remove_objects(self.storage, unneeded)
        return row is not None

    def _concluded(self, row: JournalImport) -> set[str]:
        """Mark an import as done; return the name of its file, which nothing needs any more."""
        names = {row.stored_as} if row.stored_as else set[str]()
        row.stored_as, row.found = None, row.brought + row.already_here + row.left_out
        row.conclude(ImportState.DONE, self.clock(), self.clock() + UNDO_FOR)
        return names

    def _end_early(self, claimed: _Claimed, reason: str) -> None:
        """End an import that cannot go on: refuse a file that was not imported, and report the rest of one that was."""
        names: set[str] = set()
        with self.database.write() as session:
            row = self._locked(session, claimed)
            if row is None:
                return
            if row.state == ImportState.IMPORTING:
                chunk = ImportChunk(row.position)
                chunk.left_out = [(row.position, LeftOutEntry("", reason))]
                chunk.position = row.position + 1
                chunk.write(session, row, claimed.person, claimed.key, self.clock())
                names = self._concluded(row)
            else:
                names = {row.stored_as} if row.stored_as else set()
                row.stored_as = None
                ImportPreview("", refused=reason).seal(claimed.key, row)
                row.conclude(ImportState.REFUSED, self.clock(), self.clock() + UNUSED_KEPT)
        remove_objects(self.storage, names)

    def _release(self, claimed: _Claimed) -> bool:
        with self.database.write() as session:
            row = self._locked(session, claimed)
            if row is not None:
                row.release(self.clock())
        return True

    def _take_back(self, claimed: _Claimed) -> bool:
        """Delete what an import brought, but for what was changed since."""
        since = claimed.row.started_at or claimed.row.created_at
        while True:
            with self.database.write() as session:
                row = self._locked(session, claimed)
                if row is None:
                    return False
                number, names = ImportedEntryRow.take_back(session, row.id, since, ENTRIES_TAKEN_BACK)
                if not number:
                    OwnQuestion.take_back(session, row.id)
                    take_back(session, self.keyring, claimed.person, row)
                    row.conclude(ImportState.UNDONE, self.clock(), self.clock() + UNDO_FOR)
                    return False
            remove_objects(self.storage, names)

    def _locked(self, session: Session, claimed: _Claimed) -> JournalImport | None:
        return JournalImport.claimed(session, claimed.row.id, claimed.attempt, LEASE)
