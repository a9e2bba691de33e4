"""Reading the entries of a book, with their photos put into the book on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from service.core.journal_export.book import PHOTO, BookEntry, BookPhoto, book_entry, one_line
from service.core.journal_export.book_period import BookPeriod
from service.flows.people.journal.photos import entry_photos
from service.flows.people.journal_export.contents import JournalContents, StoredEntry
from service.flows.people.journal_export.export_order import PHOTO_PARTS, ExportOrder
from service.flows.people.journal_export.photo_reading import PhotoReading
from service.models import JournalSize, Photo

# Puts a photo into the book; it returns the name that the photo has there and its size, or None where it has no place.
PutPhoto = Callable[[Photo, bytes], tuple[str, int, int] | None]


@dataclass(frozen=True, slots=True)
class BookReading:
    """The entries of the period of an order."""

    order: ExportOrder
    contents: JournalContents
    photos: PhotoReading

    def of(self, period: BookPeriod) -> BookReading:
        """Return the reading of another period; photos that cannot be read are named for each by itself."""
        return BookReading(
            replace(self.order, period=period),
            replace(self.contents, period=period),
            replace(self.photos, unreadable=[]),
        )

    def size(self) -> JournalSize:
        """Return how much there is in the period."""
        with self.contents.database.read() as session:
            return JournalSize.of(session, self.order.person.id, self.order.period)

    def period_in_words(self, size: JournalSize) -> str:
        """Return the period, with the first and the last entry's day for an open end; "" for an empty journal."""
        return str(self.order.period.limited_to(size.first_on or date.min, size.last_on or date.max))

    def entries(self, put: PutPhoto) -> Iterator[BookEntry]:
        """Yield the entries in the order of their days; the photos of each are put into the book before.

        Raises:
            SealError, StorageError: a photo cannot be read now; see `ExportOrder`.
        """
        for each in self.contents.stored():
            photos = list(self._photos(each, put))
            words = self.contents.shown_words(each.row)
            yield book_entry(each.row.written_on, self.contents.question_of(each.row), words, photos)
            self.order.on_progress(1)

    def _photos(self, each: StoredEntry, put: PutPhoto) -> Iterator[BookPhoto]:
        opened = entry_photos.open_photos(self.contents.keyring, self.order.person, each.photos)
        for photo, open_photo in zip(each.photos, opened, strict=True):
            data = self.photos.data(photo, each.row.written_on)
            if data is not None:
                placed = put(photo, data)
                if placed is None:
                    self.photos.leave_out(each.row.written_on)
                else:
                    name, width, height = placed
                    yield BookPhoto(name, one_line(open_photo.description) or PHOTO, width, height)
            self.order.on_progress(PHOTO_PARTS)
