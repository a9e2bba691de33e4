"""What a person does with exports: ask for one, fetch its file, delete it."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sqlalchemy.orm import Session

from service.core.journal_export.book_period import WHOLE_JOURNAL, BookPeriod
from service.core.sealed_chunks import SealedChunks
from service.core.sealing import DataKey
from service.models import ExportForm, ExportState, JournalExport, JournalSize, Subscriber
from service.storage import Storage

# The PDF of so much takes about a gigabyte of memory while it is set.
MOST_PDF_ENTRIES: Final = 4_000
MOST_PDF_PHOTOS: Final = 600
MOST_PDF_SEALED_BYTES: Final = 8_000_000
NOTHING_TO_PRINT: Final = "There’s nothing in the journal for that time"
TOO_MUCH_TO_PRINT: Final = "One year of that is more than a PDF can hold. Choose a shorter time, such as a month"
_FILE_NAMES: Final = {
    ExportForm.OWN: "small-steps-export.zip",
    ExportForm.DAY_ONE: "small-steps-day-one.zip",
    ExportForm.PDF: "journal.pdf",
    ExportForm.PDFS: "journal-by-year.zip",
    ExportForm.EPUB: "journal.epub",
}


def ask(
    session: Session, person: Subscriber, form: ExportForm, now: datetime, period: BookPeriod = WHOLE_JOURNAL
) -> JournalExport | None:
    """Record that a person wants an export, for a job; None if one of theirs is under way, which is enough.

    Only a book may be of a period. The caller has locked the person's row.
    """
    earlier = JournalExport.list_for(session, person.id)
    if any(row.state == ExportState.WAITING for row in earlier):
        return None
    row = JournalExport(subscriber_id=person.id, form=form, created_at=now, enqueued_at=now)
    row.first_on = None if period.first == date.min else period.first
    row.last_on = None if period.last == date.max else period.last
    session.add(row)
    session.flush()
    return row


def discard(session: Session, row: JournalExport) -> set[str]:
    """Delete an export that has ended; return the names of its objects, to remove after the commit."""
    names = {row.stored_as} if row.stored_as else set()
    session.delete(row)
    return names


def form_of_book(session: Session, person: Subscriber, form: ExportForm, period: BookPeriod) -> tuple[ExportForm, str]:
    """Return the form in which a book can be made, and the sentence that says why there can be none, "" if there can.

    What is too much for one PDF is made as a PDF for each year.
    """
    size = JournalSize.of(session, person.id, period)
    if size.first_on is None or size.last_on is None:
        return form, NOTHING_TO_PRINT
    if not form.is_printed or not is_too_much_for_a_pdf(size):
        return form, ""
    years = (JournalSize.of(session, person.id, year) for year in period.years(size.first_on, size.last_on))
    return ExportForm.PDFS, TOO_MUCH_TO_PRINT if any(map(is_too_much_for_a_pdf, years)) else ""


def is_too_much_for_a_pdf(size: JournalSize) -> bool:
    """Return whether one PDF of so much would take more memory than a worker should."""
    return size.entries > MOST_PDF_ENTRIES or size.photos > MOST_PDF_PHOTOS or size.sealed_bytes > MOST_PDF_SEALED_BYTES


def file_name(row: JournalExport) -> str:
    """Return the name under which a browser stores an export."""
    return _FILE_NAMES[ExportForm(row.form)]


def content_type(row: JournalExport) -> str:
    """Return the content type of an export."""
    return {"pdf": "application/pdf", "epub": "application/epub+zip"}.get(row.form, "application/zip")


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
