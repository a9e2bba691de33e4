"""What a person does with exports: ask for one, see how far it is, fetch its file, delete it."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from service.core.sealed_chunks import SealedChunks
from service.core.sealing import DataKey
from service.models import ExportForm, ExportState, JournalExport, Subscriber
from service.storage import Storage


def ask(session: Session, person: Subscriber, form: ExportForm, now: datetime) -> JournalExport | None:
    """Record that a person wants an export, for a job; None if one of theirs is under way, which is enough.

    The caller has locked the person's row.
    """
    earlier = JournalExport.list_for(session, person.id)
    if any(row.state == ExportState.WAITING for row in earlier):
        return None
    row = JournalExport(subscriber_id=person.id, form=form, created_at=now, enqueued_at=now)
    session.add(row)
    session.flush()
    return row


def discard(session: Session, row: JournalExport) -> set[str]:
    """Delete an export that has ended; return the names of its objects, to remove after the commit."""
    names = {row.stored_as} if row.stored_as else set()
    session.delete(row)
    return names


def file_name(row: JournalExport) -> str:
    """Return the name under which a browser stores an export."""
    return "small-steps-export.zip" if row.form == ExportForm.OWN else "small-steps-day-one.zip"


def open_file(storage: Storage, key: DataKey, row: JournalExport) -> ExportFile:
    """Return the file of a finished export, to read from any place.

    Raises:
        StorageError: the store does not give it now.
    """
    name = row.stored_as or ""
    size = storage.size_of(name)
    chunks = SealedChunks(key, name, size, lambda offset, length: storage.get_range(name, offset, length))
    return ExportFile(chunks)


@dataclass
class ExportFile(io.RawIOBase):
    """The content of an export as a file that can be read from any place; opened chunk by chunk, in memory alone."""

    chunks: SealedChunks = field(repr=False)
    _at: int = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the place that is read next."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, and return it."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.chunks.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: memoryview | bytearray) -> int:  # type: ignore[override]  # any writable buffer
        """Read what fits; raises SealError and StorageError."""
        data = self.chunks.read(self._at, len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
