"""Journal files read in the killable child, which asks for their bytes range by range."""

from __future__ import annotations

import io
import json
import os
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.core.journal_import import detect
from service.core.journal_import.detect import TOO_MUCH, UNKNOWN, UNREADABLE
from service.core.journal_import.reading.import_files import ImportFiles
from service.core.journal_import.reading.imported import ImportItem, JournalFormat, LeftOutEntry, RefusedFileError
from service.mail.sandbox.child_process import ChildProcess
from service.mail.sandbox.journal_reader import JournalFile, JournalReader, SlowReadingError
from service.mail.sandbox.journal_reading import JournalServer
from tests.harness.journals.journals import entries_in, journal, photo, zipped

ENTRY = {"uuid": "A", "creationDate": "2024-05-01T10:00:00Z", "timeZone": "UTC", "text": "Words."}


@pytest.fixture
def readers() -> Iterator[list[JournalReader]]:
    made: list[JournalReader] = []
    yield made
    for reader in made:
        reader.close()


def reader_of(data: bytes, readers: list[JournalReader], wall_seconds: float = 60) -> JournalReader:
    file = JournalFile(len(data), "upload", "Europe/London", lambda offset, length: data[offset : offset + length])
    readers.append(JournalReader(file, wall_seconds))
    return readers[-1]


@pytest.mark.parametrize("name", ["day_one", "replies.mbox", "small_steps"])
def test_the_items_come_back_as_they_were_read_and_from_any_place(name: str, readers: list[JournalReader]) -> None:
    reader = reader_of(journal(name), readers)
    assert reader.open()
    whole = [*reader.items()]
    assert len(whole) > 1
    reader.open(1)
    assert [*reader.items(1)] == whole[1:]


def test_photos_come_one_by_one_while_the_items_are_read(readers: list[JournalReader]) -> None:
    reader = reader_of(journal("day_one"), readers)
    photos = [reader.photo(name) for entry in entries_in([*reader.items()]) for name in entry.photos]
    assert photos == [photo()] * 3
    assert reader.photo("photos/nothing.jpeg") is None


def test_a_photo_that_takes_too_long_costs_itself_alone(readers: list[JournalReader]) -> None:
    data = zipped(
        {f"2024-05-0{day}.md": f"Day {day}".encode() + b"\n![](p.jpg)" for day in range(1, 5)} | {"p.jpg": photo()}
    )
    reader = reader_of(data, readers)
    words = []
    for item in reader.items():
        words.append(item.words)
        if len(words) == 2:
            reader.wall_seconds = 0
            assert reader.photo("p.jpg") is None
            reader.wall_seconds = 60
    assert words == ["Day 1", "Day 2", "Day 3", "Day 4"]


def test_a_file_that_is_no_journal_is_refused_with_its_sentence(readers: list[JournalReader]) -> None:
    with pytest.raises(RefusedFileError, match=UNKNOWN):
        reader_of(b"Milk, bread", readers).open()


def test_what_costs_the_child_its_life_is_refused_and_what_only_takes_long_is_not(readers: list[JournalReader]) -> None:
    reader = reader_of(journal("day_one"), readers, wall_seconds=0)
    with pytest.raises(SlowReadingError):
        reader.open()
    ends = JournalReader(reader.file, _child=ChildProcess((sys.executable, "-c", "print('ready')")))
    with pytest.raises(RefusedFileError, match=TOO_MUCH):
        ends.open()


def test_a_child_that_ends_between_two_questions_is_not_the_end_of_the_file(readers: list[JournalReader]) -> None:
    reader = reader_of(journal("day_one"), readers)
    reader.open()
    reader._child.close()
    with pytest.raises(SlowReadingError):
        next(reader.items())


def test_an_unexpected_error_in_one_format_is_logged_by_its_class_and_the_others_are_asked(
    readers: list[JournalReader], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: ImportFiles) -> Iterator[ImportItem]:
        raise KeyError("words of a journal")

    data, kinds = journal("dabble_me.txt"), detect._FORMATS
    server = JournalServer(lambda offset, length: data[offset : offset + length])
    monkeypatch.setattr(ChildProcess, "ask", lambda _, asked, __: server.answer_to(asked))
    blind = JournalFormat("blind", "", lambda files: bool(fails(files)), fails)
    monkeypatch.setattr(detect, "_FORMATS", (blind, *kinds))
    with capture_logs() as logs:
        assert reader_of(data, readers).open().key == "dabble_me"
    monkeypatch.setattr(detect, "_FORMATS", (replace(blind, key="deaf", matches=lambda _: True), *kinds))
    with capture_logs() as more, pytest.raises(RefusedFileError, match=UNREADABLE):
        next(reader_of(data, readers).items())
    said = [(each["event"], each["part"], each["error"]) for each in (*logs, *more)]
    assert said == [("import.reader_failed", key, "KeyError") for key in ("blind", "deaf")]
    assert "words" not in str((*logs, *more))


def bomb(name: str, start: bytes, megabytes: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as member:
        member.write(start)
        for _ in range(megabytes):
            member.write(b"\0" * 1024 * 1024)
    return out.getvalue()


def overlapping() -> bytes:
    """Return a zip of 2,000 names for the same few compressed bytes, which say that they are 50 MB."""
    name, size = b"2020-01-01.md", 50_000_000
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    data = deflate.compress(bytes(size)) + deflate.flush()
    common = struct.pack("<HHHIIIHH", 8, 0, 0, zlib.crc32(bytes(size)), len(data), size, len(name), 0)
    local = struct.pack("<4sHH", b"PK\3\4", 20, 0) + common + name + data
    entry = struct.pack("<4sHHH", b"PK\1\2", 20, 20, 0) + common + bytes(14) + name
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 2000, 2000, 2000 * len(entry), len(local), 0)
    return local + entry * 2000 + end


BOMBS: dict[str, Callable[[], bytes]] = {
    "the same bytes two thousand times": overlapping,
    "zeros in the JSON": lambda: bomb(
        "Journal.json", b'{"metadata":{"version":"1"},"entries":[' + json.dumps(ENTRY).encode() + b",", 400
    ),
    "zeros as text": lambda: bomb("2024-05-01.md", b"Words ", 26),
    "zeros as a mail": lambda: bomb("a.eml", b"From: a@example.com\nDate: Tue, 5 Jun 2012 23:50:00 -0700\n\n", 26),
    "twenty thousand names": lambda: zipped({f"{number}": b"" for number in range(20_000)}),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_or_left_out_within_the_memory(name: str, readers: list[JournalReader]) -> None:
    reader = reader_of(BOMBS[name](), readers)
    with suppress(RefusedFileError):
        reader.open()
        assert any(isinstance(item, LeftOutEntry) for item in reader.items())
    assert peak_kilobytes() < 300 * 1024


def peak_kilobytes() -> int:
    """Return the most memory that the one child has held since it began; a bomb that killed it leaves no child.

    `getrusage` would also count every child of earlier tests, and the copy of this process before `exec`.
    """
    peaks = [
        int(line.split()[1])
        for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii").split()
        if "journal_reading" in Path(f"/proc/{child}/cmdline").read_text("utf-8")
        for line in Path(f"/proc/{child}/status").read_text("utf-8").splitlines()
        if line.startswith("VmHWM:")
    ]
    return max(peaks, default=0)
