"""Writing a book as an EPUB 3.3: a page for each year, a chapter for each month."""

from __future__ import annotations

import itertools
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date
from typing import Final

from service.core.dates import month_name
from service.core.journal_export.book import BookEntry
from service.core.journal_export.epub_zip import PACKAGE, EpubZip
from service.flows.people.journal_export.book_reading import BookReading
from service.flows.people.journal_export.book_texts import BookTexts
from service.flows.people.journal_export.export_order import ExportOrder
from service.models import Photo

FOLDER: Final = PACKAGE.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class _Chapter:
    """A page that the contents name, and the pages below it."""

    name: str
    title: str
    months: list[_Chapter] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _EpubPhoto:
    name: str
    content_type: str


def write_epub(texts: BookTexts, order: ExportOrder, reading: BookReading) -> None:
    """Write a whole EPUB; one month of it is in memory at a time.

    Raises:
        SealError, StorageError: a photo cannot be read now; see `ExportOrder`.
    """
    with EpubZip(order.write, order.now) as archive:
        _EpubWriting(texts, order, reading, archive).write()


@dataclass(frozen=True, slots=True)
class _EpubWriting:
    """One EPUB that is being written."""

    texts: BookTexts
    order: ExportOrder
    reading: BookReading
    zip: EpubZip
    pages: list[str] = field(default_factory=list)
    years: list[_Chapter] = field(default_factory=list)
    photos: list[_EpubPhoto] = field(default_factory=list)

    def write(self) -> None:
        """Write all files; those that name the others come last."""
        period = self.reading.period_in_words(self.reading.size())
        self._add_page("title.xhtml", "title.xhtml", period=period)
        months = itertools.groupby(self.reading.entries(self._put_photo), key=lambda entry: entry.on.replace(day=1))
        for month, entries in months:
            self._add_month(month, list(entries))
        unreadable = self.reading.photos.unreadable
        if unreadable:
            self._add_page("left_out.xhtml", "left_out.xhtml", unreadable=unreadable)
        self._add("book.css", "book.css")
        self._add("nav.xhtml", "nav.xhtml", years=self.years, unreadable=unreadable)
        self._add(
            PACKAGE.removeprefix(f"{FOLDER}/"),
            "package.opf",
            identifier=uuid.UUID(bytes=os.urandom(16), version=4).urn,
            period=period,
            modified=self.order.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            pages=self.pages,
            photos=self.photos,
        )

    def _put_photo(self, photo: Photo, data: bytes) -> tuple[str, int, int]:
        kind = photo.content_type.removeprefix("image/")
        name = f"photos/{len(self.photos) + 1}.{kind}"
        self.zip.add_stored(f"{FOLDER}/{name}", data)
        self.photos.append(_EpubPhoto(name, photo.content_type))
        return name, photo.width, photo.height

    def _add_month(self, month: date, entries: Sequence[BookEntry]) -> None:
        if not self.years or self.years[-1].title != str(month.year):
            year = _Chapter(f"{month.year}.xhtml", str(month.year))
            self.years.append(year)
            self._add_page(year.name, "year.xhtml", year=year.title)
        chapter = _Chapter(f"{month.isoformat()[:7]}.xhtml", f"{month_name(month)} {month.year}")
        self.years[-1].months.append(chapter)
        self._add_page(chapter.name, "month.xhtml", month=chapter.title, entries=entries)

    def _add_page(self, name: str, template: str, **values: object) -> None:
        self.pages.append(name)
        self._add(name, template, **values)

    def _add(self, name: str, template: str, **values: object) -> None:
        text = self.texts.epub_file(template, locale=self.order.person.locale, **values)
        self.zip.add(f"{FOLDER}/{name}", text)
