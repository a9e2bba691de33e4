"""Diarium's own file (`.diary`): an SQLite database of entries and their photos. Its JSON is in `dated_json`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from service.core.journal.photos import sniff
from service.core.journal_import.reading.attachments import left_behind_of
from service.core.journal_import.reading.html_words import with_title, words_of
from service.core.journal_import.reading.import_files import (
    LARGEST_PHOTO_BYTES,
    DamagedFileError,
    FileBoundError,
    ImportFiles,
)
from service.core.journal_import.reading.imported import (
    NO_DATE,
    TOO_LARGE_ENTRY,
    ImportedEntry,
    ImportItem,
    JournalFormat,
    LeftOutEntry,
    reason_without,
)
from service.core.journal_import.reading.sqlite_rows import MAGIC, JournalDatabase, SqliteRow

LARGEST_WORDS_BYTES: Final = 4 * 1024 * 1024
MOST_MEDIA: Final = 100_000
_ENTRIES, _MEDIA, _ID = "Entries", "Media", "DiaryEntryId"
_SMALL: Final = 4096  # bytes of a number or a heading
_START_BYTES: Final = 16
_TICKS_A_MICROSECOND: Final = 10
_YEAR_ONE: Final = datetime.min  # noqa: DTZ901 - a local time


def matches(files: ImportFiles) -> bool:
    """Return whether a file of the upload is such a database."""
    return next(_databases(files), None) is not None


def read(files: ImportFiles) -> Iterator[ImportItem]:
    """Yield the entries in the order of the file, each with the photos that belong to it."""
    for name, database in _databases(files):
        media = _media(database)
        for number, row in enumerate(database.rows(database.tables[_ENTRIES]), 1):
            yield _entry(name, f"{name}, entry {number}", row, media)


def photo(files: ImportFiles, reference: str) -> bytes:
    """Return the bytes of a photo by the number of its row; raises ValueError where there is none."""
    number, _, name = reference.partition(":")
    database = JournalDatabase(files.open_anywhere(name))
    row = database.row(database.tables[_MEDIA], int(number))
    data = row.value("Data", LARGEST_PHOTO_BYTES) if row is not None else None
    if not isinstance(data, bytes):
        raise ValueError("no photo is there")  # noqa: TRY004 - the file is forged, and the caller is right
    return data


def _databases(files: ImportFiles) -> Iterator[tuple[str, JournalDatabase]]:
    for name in files.texts_like(lambda start: start.startswith(MAGIC), most=20):
        try:
            database = JournalDatabase(files.open_anywhere(name))
        except DamagedFileError:
            continue
        if _ENTRIES in database.tables and {_ID, "Text"} <= {*database.tables[_ENTRIES].columns}:
            yield name, database
        else:
            files.was_read.discard(name)


def _media(database: JournalDatabase) -> dict[int, list[tuple[int, str]]]:
    """Return the media of each entry: the numbers of their rows, and what each is called if it is no photo."""
    found: dict[int, list[tuple[int, str]]] = {}
    table = database.tables.get(_MEDIA)
    for count, row in enumerate(database.rows(table) if table is not None else ()):
        if count >= MOST_MEDIA:
            raise FileBoundError
        owner = row.value(_ID, _SMALL)
        if isinstance(owner, int):
            kind = "" if sniff(row.beginning("Data", _START_BYTES)) else left_behind_of("")
            found.setdefault(owner, []).append((row.number, kind))
    return found


def _entry(name: str, place: str, row: SqliteRow, media: dict[int, list[tuple[int, str]]]) -> ImportItem:
    ticks = row.value(_ID, _SMALL)
    at = _local_time(ticks)
    dated = at.date().isoformat() if at else ""
    try:
        heading, text = row.value("Heading", _SMALL), row.value("Text", LARGEST_WORDS_BYTES)
    except FileBoundError:
        return LeftOutEntry(place, TOO_LARGE_ENTRY, dated)
    words = with_title(heading if isinstance(heading, str) else "", words_of(text) if isinstance(text, str) else "")
    found = media.get(ticks, []) if isinstance(ticks, int) else []
    photos = tuple(f"{number}:{name}" for number, kind in found if not kind)
    left = tuple(kind for _, kind in found if kind)
    if at is None:
        return LeftOutEntry(place, NO_DATE, words=words)
    if not words and not photos:
        return LeftOutEntry(place, reason_without(left), dated)
    source = str(ticks)
    return ImportedEntry(
        place=place, words=words, on=at.date(), at=at, photos=photos, source_id=source, left_behind=left
    )


def _local_time(ticks: object) -> datetime | None:
    """Return the local time of so many ticks of .NET: tenths of a microsecond since the year 1."""
    if not isinstance(ticks, int):
        return None
    try:
        return _YEAR_ONE + timedelta(microseconds=ticks // _TICKS_A_MICROSECOND)
    except OverflowError:
        return None


FORMAT: Final = JournalFormat("diarium_backup", "Diarium", matches, read, photo)
