"""Printing a book as PDF in a child process (`write_pdf`); the child's parts are in `book_printing`."""

from __future__ import annotations

import itertools
import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Final

from service.core.journal_export.book import TITLE
from service.core.journal_export.export_zip import ExportZip
from service.flows.people.journal_export import book_printing
from service.flows.people.journal_export.book_printing import DONE, ENTRIES, FONT_PACKAGES, OFFSET_BYTES, PART, PHOTO
from service.flows.people.journal_export.book_reading import BookReading
from service.flows.people.journal_export.book_texts import BookTexts
from service.flows.people.journal_export.export_order import ExportOrder
from service.mail.sandbox.child_process import ChildProcess, ChildTimeoutError, module_command

LONGEST_SIDE: Final = 1_200  # pixels; 260 an inch over the width of the text
ALL_PIXELS: Final = 100_000_000  # of all photos together: typst has each of them decoded in memory
ENTRIES_AT_A_TIME: Final = 100
PART_BYTES: Final = 1024 * 1024
ASK_SECONDS: Final = 60.0  # of the clock
SET_SECONDS: Final = 180.0  # less than the lease of an export
_NEEDED: Final = ("typst", "fontTools", *FONT_PACKAGES)


class BookNotPrintedError(Exception):
    """The process that sets the book ended, or took too long; another attempt may succeed."""


def can_print() -> bool:
    """Return whether this machine can print books: the extra `book` is installed, and the kernel is Linux."""
    return hasattr(os, "memfd_create") and all(map(find_spec, _NEEDED))


def longest_side(photos: int) -> int:
    """Return how many pixels the long side of each of so many photos may have."""
    return min(LONGEST_SIDE, math.isqrt(ALL_PIXELS // max(1, photos)))


def write_pdf(texts: BookTexts, order: ExportOrder, reading: BookReading) -> None:
    """Write a whole PDF. The words and photos are in the memory of the child alone, until it ends.

    Raises:
        BookNotPrintedError: it could not be set.
        SealError, StorageError: a photo cannot be read now; see `ExportOrder`.
    """
    for part in _pdf(texts, reading):
        order.write(part)


def write_pdfs(texts: BookTexts, order: ExportOrder, reading: BookReading) -> None:
    """Write a zip with a whole PDF for each year, set one after another; raises what `write_pdf` does."""
    size = reading.size()
    with ExportZip(order.write, order.now.astimezone(order.person.zone)) as archive:
        for period in order.period.years(size.first_on or order.today, size.last_on or order.today):
            year = reading.of(period)
            if year.size().entries:
                archive.add(f"{period.first.year}.pdf", _pdf(texts, year))


def _pdf(texts: BookTexts, reading: BookReading) -> Iterator[bytes]:
    """Set a book; yield its PDF in parts."""
    order, size = reading.order, reading.size()
    with _printer() as printer:
        side = longest_side(size.photos)
        entries = reading.entries(lambda _photo, data: printer.put_photo(data, side))
        while batch := list(itertools.islice(entries, ENTRIES_AT_A_TIME)):
            printer.ask(ENTRIES + json.dumps([entry.values() for entry in batch]).encode())
        order.on_progress(0)
        language, _, region = order.person.locale.partition("-")
        book = {
            "template": texts.pdf_template,
            "title": TITLE,
            "period": reading.period_in_words(size),
            "language": language,
            "region": region,
            "unreadable": reading.photos.unreadable,
        }
        yield from printer.set(book)


@dataclass(frozen=True, slots=True)
class BookPrinter:
    """One child, which sets one book."""

    child: ChildProcess = field(repr=False)

    def put_photo(self, data: bytes, side: int) -> tuple[str, int, int] | None:
        """Give the child a photo; return its name there and its size, or None if it cannot be decoded."""
        answer = self.ask(PHOTO + side.to_bytes(book_printing.SIDE_BYTES, "big") + data)
        if answer[:1] != DONE:
            return None
        name, width, height = json.loads(answer[1:])
        return name, width, height

    def set(self, book: Mapping[str, object]) -> Iterator[bytes]:
        """Set the book; yield the PDF in parts."""
        answer = self.ask(book_printing.SET + json.dumps(book).encode(), SET_SECONDS)
        size = int.from_bytes(answer[1:], "big")
        for start in range(0, size, PART_BYTES):
            yield self.ask(PART + start.to_bytes(OFFSET_BYTES, "big") + PART_BYTES.to_bytes(OFFSET_BYTES, "big"))

    def ask(self, question: bytes, seconds: float = ASK_SECONDS) -> bytes:
        """Return the child's answer.

        Raises:
            BookNotPrintedError: there was none.
        """
        try:
            return self.child.ask(question, seconds)
        except ChildTimeoutError:
            raise BookNotPrintedError from None


@contextmanager
def _printer() -> Iterator[BookPrinter]:
    child = ChildProcess(module_command(book_printing.__name__))
    try:
        yield BookPrinter(child)
    finally:
        child.close()
