"""Writing a journal as one file (`JournalFileWriter`): our own zip or Day One's, which are streams, or a book."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from service.core.dates import full_date
from service.core.journal.entry_text import for_showing
from service.core.journal_export.book_period import BookPeriod
from service.core.journal_export.day_one_form import DAY_ONE_JOURNAL, DayOnePhoto, day_one_id, day_one_json
from service.core.journal_export.export_zip import MANIFEST, ExportZip
from service.core.journal_export.exported import ExportedEntry, journal_json
from service.core.library.prompts import Library
from service.core.month.month_markdown import MarkdownEntry, month_in_pieces
from service.core.sealing import SealError
from service.db import Database
from service.flows.people.journal.photos import entry_photos
from service.flows.people.journal_export.book_printer import write_pdf, write_pdfs
from service.flows.people.journal_export.book_reading import BookReading
from service.flows.people.journal_export.book_texts import BookTexts
from service.flows.people.journal_export.contents import JournalContents, StoredEntry
from service.flows.people.journal_export.epub_writer import write_epub
from service.flows.people.journal_export.export_order import PHOTO_PARTS, ExportOrder
from service.flows.people.journal_export.export_texts import ExportTexts, PageEntry, PagePhoto, in_pieces
from service.flows.people.journal_export.photo_reading import PhotoReading
from service.flows.people.personal_data.about_person import AboutPerson
from service.mail.inbound.eml import mail_file
from service.mail.inbound.inbound_mail import MalformedPostError, Post
from service.models import ExportForm, JournalSize, Keyring, Photo, Reply, Subscriber
from service.storage import Storage, StorageError

ABOUT: Final = "about-me.json"
_PASSES: Final = {ExportForm.OWN: 3}  # how many files have all entries; one in the other forms
_BOOKS: Final = {ExportForm.PDF: write_pdf, ExportForm.PDFS: write_pdfs, ExportForm.EPUB: write_epub}
_SUFFIXES: Final = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp"}

OpenMail = Callable[[Reply, Subscriber], Post]


@dataclass(frozen=True, slots=True)
class JournalFileWriter:
    """Writes exports; a worker has one for its whole life."""

    database: Database
    keyring: Keyring = field(repr=False)
    library: Library = field(repr=False)
    storage: Storage
    texts: ExportTexts = field(repr=False)
    book_texts: BookTexts = field(repr=False)
    open_mail: OpenMail = field(repr=False)

    @staticmethod
    def count_parts(session: Session, person_id: int, form: ExportForm, period: BookPeriod) -> int:
        """Return how many parts of work an export is, for its progress."""
        size = JournalSize.of(session, person_id, period)
        return PHOTO_PARTS * size.photos + _PASSES.get(form, 1) * size.entries

    def write(self, order: ExportOrder) -> None:
        """Write a whole file.

        Raises:
            SealError, StorageError: a photo or a mail cannot be read now; see `ExportOrder`.
            BookNotPrintedError: a PDF could not be set.
        """
        contents = JournalContents.of(self.database, self.keyring, self.library, order.person, order.period)
        photos = PhotoReading(self.database, self.keyring, self.storage, order.person, order.skips_unreadable)
        if order.form.is_book:
            _BOOKS[order.form](self.book_texts, order, BookReading(order, contents, photos))
            return
        with ExportZip(order.write, order.now.astimezone(order.person.zone)) as archive:
            writing = _Writing(self, order, contents, photos, archive)
            if order.form == ExportForm.OWN:
                writing.own()
            else:
                writing.day_one()


@dataclass(frozen=True, slots=True)
class _Writing:
    """One zip that is being written. `paths` and `day_one_photos` are of the photos that are in it, by their ids."""

    writer: JournalFileWriter
    order: ExportOrder
    contents: JournalContents
    photos: PhotoReading
    zip: ExportZip
    paths: dict[int, str] = field(default_factory=dict)
    day_one_photos: dict[int, DayOnePhoto] = field(default_factory=dict)

    def own(self) -> None:
        """Write our own form. The photos come first: the other files name only those that are there."""
        self._own_photos()
        self._mails()
        self._months()
        entries = (self.contents.opened(each, self.paths) for each in self._entries())
        contents = self.contents
        self.zip.add("journal.json", journal_json(entries, contents.steps(), contents.drafts(), contents.questions()))
        self.zip.add("index.html", self._texts.page(self._page_entries(), self.contents.months(), self.order.today))
        self.zip.add(ABOUT, self._about())
        values = {"on": self.order.today, "about": ABOUT, "manifest": MANIFEST, "unreadable": self.photos.unreadable}
        self.zip.add("README.txt", [self._texts.readme(values)])

    def day_one(self) -> None:
        """Write Day One's form: its journal, and the photos named by their MD5."""
        written: set[str] = set()
        for each, photo, data in self._photos():
            md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
            kind = photo.content_type.removeprefix("image/")
            one = DayOnePhoto(day_one_id(photo.id), md5, kind, photo.width, photo.height)
            if one.path not in written:
                self.zip.add_stored(one.path, data, each.row.written_on)
                written.add(one.path)
            self.day_one_photos[photo.id] = one
        self.zip.add(DAY_ONE_JOURNAL, day_one_json(self._day_one_entries()))

    @property
    def _texts(self) -> ExportTexts:
        return self.writer.texts

    def _photos(self) -> Iterator[tuple[StoredEntry, Photo, bytes]]:
        """Yield each photo with its bytes, in the order of the days."""
        for each in self.contents.stored():
            for photo in each.photos:
                data = self.photos.data(photo, each.row.written_on)
                if data is not None:
                    yield each, photo, data
                self.order.on_progress(PHOTO_PARTS)

    def _own_photos(self) -> None:
        numbers: dict[date, int] = {}
        for each, photo, data in self._photos():
            on = each.row.written_on
            numbers = {on: numbers.get(on, 0) + 1}  # days come in order, so one number is enough
            path = f"photos/{on.isoformat()}-{numbers[on]}.{_SUFFIXES.get(photo.content_type, 'jpg')}"
            self.zip.add_stored(path, data, on)
            self.paths[photo.id] = path

    def _mails(self) -> None:
        database, person = self.writer.database, self.order.person
        with database.read() as session:
            ids = Reply.ids_to_export(session, person.id)
        for number, reply_id in enumerate(ids, start=1):
            with database.read() as session:
                reply = Reply.find_own(session, person.id, reply_id)
            if reply is None or not reply.has_raw:
                continue
            on = reply.received_at.astimezone(person.zone).date()
            try:
                mail = mail_file(self.writer.open_mail(reply, person))
            except MalformedPostError:
                self.photos.unreadable.append(f"an email from {full_date(on)}")
                continue
            except (SealError, StorageError):
                if not self.order.skips_unreadable:
                    raise
                self.photos.unreadable.append(f"an email from {full_date(on)}")
                continue
            mark = "-rebuilt" if mail.is_rebuilt else ""
            self.zip.add(f"mails/{on.isoformat()}-{number}{mark}.eml", [mail.data])
            self.order.on_progress(0)

    def _entries(self) -> Iterator[StoredEntry]:
        for each in self.contents.stored():
            yield each
            self.order.on_progress(1)

    def _paths_of(self, each: StoredEntry) -> list[str]:
        return [self.paths[photo.id] for photo in each.photos if photo.id in self.paths]

    def _months(self) -> None:
        by_month = itertools.groupby(self._entries(), key=lambda each: each.row.written_on.replace(day=1))
        for month, entries in by_month:
            pieces = month_in_pieces(month, map(self._markdown, entries))
            self.zip.add(f"journal/{month.isoformat()[:7]}.md", in_pieces(pieces))

    def _markdown(self, each: StoredEntry) -> MarkdownEntry:
        return MarkdownEntry(
            written_on=each.row.written_on,
            question=self.contents.question_of(each.row),
            words=self.contents.shown_words(each.row),
            photos=tuple(f"../{path}" for path in self._paths_of(each)),
        )

    def _page_entries(self) -> Iterator[PageEntry]:
        last: date | None = None
        for each in self._entries():
            on = each.row.written_on
            ready = [photo for photo in each.photos if photo.id in self.paths]
            described = entry_photos.open_photos(self.contents.keyring, self.order.person, ready)
            photos = [
                PagePhoto(self.paths[photo.id], photo.width, photo.height, for_showing(open_photo.description))
                for photo, open_photo in zip(ready, described, strict=True)
            ]
            is_new_month = last is None or (on.year, on.month) != (last.year, last.month)
            yield PageEntry(
                on=on,
                is_new_month=is_new_month,
                is_new_day=on != last,
                question=self.contents.question_of(each.row),
                words=self.contents.shown_words(each.row),
                tags=self.contents.tags_of(each.row),
                photos=photos,
            )
            last = on

    def _day_one_entries(self) -> Iterator[tuple[ExportedEntry, list[DayOnePhoto]]]:
        ready = self.day_one_photos
        paths = {photo_id: photo.path for photo_id, photo in ready.items()}
        for each in self._entries():
            yield self.contents.opened(each, paths), [ready[photo.id] for photo in each.photos if photo.id in ready]

    def _about(self) -> Iterator[bytes]:
        with self.writer.database.read() as session:
            yield from AboutPerson(session, self.writer.keyring, self.order.person).json()
