"""The process that prints books: nothing of a book is on a disk, and nothing that it is told harms more than itself."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.flows.people.journal_export import book_printing
from service.flows.people.journal_export.book_printer import (
    ALL_PIXELS,
    LONGEST_SIDE,
    BookNotPrintedError,
    BookPrinter,
    longest_side,
)
from service.flows.people.journal_export.book_printing import ENTRIES
from service.flows.people.journal_export.exports import (
    MOST_PDF_ENTRIES,
    MOST_PDF_PHOTOS,
    MOST_PDF_SEALED_BYTES,
    is_too_much_for_a_pdf,
)
from service.mail.sandbox.child_process import ChildProcess, module_command
from service.models import ExportForm, JournalSize, Subscriber
from tests.harness.journals import exports
from tests.harness.journals.journals import photo
from tests.harness.sending import open_sending_harness

CANARY = b"kettle sang"


@pytest.fixture
def printer() -> Iterator[BookPrinter]:
    child = ChildProcess(module_command(book_printing.__name__))
    yield BookPrinter(child)
    child.close()


def test_a_photo_is_taken_smaller_and_what_is_none_is_refused(printer: BookPrinter) -> None:
    assert printer.put_photo(b"\xff\xd8\xff no photo", 100) is None
    assert printer.put_photo(b"", 100) is None
    placed = printer.put_photo(photo("teal"), 32)
    assert placed is not None
    assert max(placed[1:]) == 32


def test_a_process_that_ends_is_an_attempt_that_failed(printer: BookPrinter) -> None:
    with pytest.raises(BookNotPrintedError):
        printer.ask(ENTRIES + b"{")
    with pytest.raises(BookNotPrintedError):
        printer.ask(ENTRIES + b"[]", seconds=0.0)


def test_all_photos_together_stay_below_what_memory_has_room_for() -> None:
    assert longest_side(0) == longest_side(10) == LONGEST_SIDE
    assert all(longest_side(count) ** 2 * count <= ALL_PIXELS for count in (100, 250, MOST_PDF_PHOTOS))


@pytest.mark.parametrize(
    ("entries", "photos", "sealed_bytes", "is_too_much"),
    [
        (MOST_PDF_ENTRIES, MOST_PDF_PHOTOS, MOST_PDF_SEALED_BYTES, False),
        (MOST_PDF_ENTRIES + 1, 0, 0, True),
        (1, MOST_PDF_PHOTOS + 1, 0, True),
        (1, 0, MOST_PDF_SEALED_BYTES + 1, True),
    ],
)
def test_a_pdf_has_limits(entries: int, photos: int, sealed_bytes: int, *, is_too_much: bool) -> None:
    assert is_too_much_for_a_pdf(JournalSize(entries, photos, sealed_bytes, None, None)) is is_too_much


def test_no_word_of_a_book_is_in_a_file_while_it_is_made(migrated_sqlite: Path, tmp_path: Path) -> None:
    file = tmp_path / "smallsteps.db"
    file.write_bytes(migrated_sqlite.read_bytes())
    began = time.time()
    with open_sending_harness(f"sqlite:///{file}", tmp_path, redis_url="redis://127.0.0.1:1") as harness:
        (member,) = harness.members("ana@example.com")
        with harness.runtime.database.write() as session:
            person = session.get_one(Subscriber, member.id)
            exports.fill(harness.runtime, session, person, harness.clock())
        opened: set[str] = set()
        found: set[str] = set()

        def look(_part: bytes) -> None:
            opened.update(_opened_by_children())
            found.update(_files_with_the_canary([tmp_path, Path("/tmp"), Path("/dev/shm")], began))

        exports.write(harness.runtime, person, ExportForm.PDF, look)
    assert found == set()
    assert len([name for name in opened if name.startswith("/memfd:photo")]) == 1  # the name of all photos
    assert {name for name in opened if not name.startswith(("/memfd:", "pipe:", "/dev/null", "/dev/pts"))} == set()


def _opened_by_children() -> Iterator[str]:
    """Yield the names of the files that the processes which print books have open."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            if book_printing.__name__.encode() not in (folder / "cmdline").read_bytes():
                continue
            if f"\nPPid:\t{os.getpid()}\n" not in (folder / "status").read_text():
                continue
            names = [str(each.readlink()) for each in (folder / "fd").iterdir() if int(each.name) != 2]  # 2 is stderr
        except OSError:
            continue
        yield from (name.removesuffix(" (deleted)") for name in names)


def _files_with_the_canary(folders: list[Path], since: float) -> Iterator[str]:
    for folder in folders:
        paths = folder.rglob("*") if folder.parts[:2] != ("/", "tmp") or len(folder.parts) > 2 else folder.iterdir()
        for path in paths:
            try:
                if path.is_file() and path.stat().st_mtime >= since - 1 and CANARY in path.read_bytes():
                    yield str(path)
            except OSError:
                continue
