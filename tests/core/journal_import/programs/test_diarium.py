"""Diarium's own file: an SQLite database that is read page by page, and may be forged."""

from __future__ import annotations

import io
import random
import sqlite3
from contextlib import closing, suppress
from datetime import datetime

import pytest

from service.core.journal_import.programs import diarium
from service.core.journal_import.reading.import_files import ImportFiles
from service.core.journal_import.reading.imported import RefusedFileError
from tests.harness.journals.journals import entries_in, left_out_in, photo, read_journal, zipped

ENTRIES = 40
PHOTO = photo() + bytes(5000)  # more than fits a page
LONG = "<p>more</p>" * 500


def database(page_bytes: int) -> bytes:
    """Return a file of Diarium's shape: an entry a day, a photo for every tenth, and a sound for the second."""
    with closing(sqlite3.connect(":memory:")) as made:
        made.execute(f"PRAGMA page_size={page_bytes}")
        made.execute('CREATE TABLE "Entries" ("DiaryEntryId" bigint primary key not null, "Heading" varchar, "Text")')
        made.execute(
            'CREATE TABLE "Media" ("Id" integer primary key not null, "Data" blob, "DiaryEntryId" bigint, "Type" int)'
        )
        for number in range(ENTRIES):
            written = datetime(2024, 5 + number // 28, 1 + number % 28, 21, 30) - datetime(1, 1, 1)
            ticks = (written.days * 86_400 + written.seconds) * 10_000_000
            text = f"<p>Tea &amp; {number}.</p>{LONG if number % 12 == 3 else ''}"
            made.execute("INSERT INTO Entries VALUES (?, ?, ?)", (ticks, f"Day {number}", text))
            if number % 10 == 0:
                made.execute("INSERT INTO Media (Data, DiaryEntryId, Type) VALUES (?, ?, 0)", (PHOTO, ticks))
            if number == 1:
                made.execute("INSERT INTO Media (Data, DiaryEntryId, Type) VALUES (?, ?, 2)", (b"sound", ticks))
        made.commit()
        return made.serialize()


@pytest.mark.parametrize("page_bytes", [512, 4096])
@pytest.mark.parametrize("is_zipped", [False, True], ids=["alone", "in a zip"])
def test_its_entries_and_photos_come_in_whole(page_bytes: int, is_zipped: bool) -> None:
    data = zipped({"2024.diary": database(page_bytes)}) if is_zipped else database(page_bytes)
    key, items = read_journal(data)
    found = entries_in(items)
    assert (key, len(found), left_out_in(items)) == ("diarium_backup", ENTRIES, [])
    assert [str(each.on) for each in found[:2]] == ["2024-05-01", "2024-05-02"]
    assert found[1].words == "Day 1\n\nTea & 1."
    assert found[3].words.count("more") == 500
    assert found[1].left_behind == ("a document",)
    references = [reference for each in found for reference in each.photos]
    assert len(references) == 4
    files = ImportFiles(io.BytesIO(data), "upload")
    assert all(diarium.photo(files, reference) == PHOTO for reference in references)


def test_a_forged_file_is_refused_or_listed_and_ends() -> None:
    whole, chance = database(512), random.Random(1)
    for _ in range(12):
        forged = bytearray(whole)
        for _ in range(chance.randint(1, 20)):
            forged[chance.randrange(16, len(forged))] = chance.randrange(256)
        with suppress(RefusedFileError):
            read_journal(bytes(forged))


def test_pages_that_lead_in_circles_are_damage() -> None:
    forged = bytearray(database(512))
    entries = next(start for start in range(512, len(forged), 512) if forged[start] == 5)
    forged[entries + 8 : entries + 12] = (entries // 512 + 1).to_bytes(4, "big")
    items = read_journal(bytes(forged))[1]
    assert left_out_in(items)[-1].reason == "The file is damaged from here on."
