"""Daylio: its CSV, and its backup (`.daylio`), which alone has the photos."""

from __future__ import annotations

import base64
import binascii
import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from service.core.journal_import.reading.attachments import dicts_in, sort_attachments, text_in
from service.core.journal_import.reading.html_words import with_title, words_of
from service.core.journal_import.reading.import_files import ImportFiles, start_of
from service.core.journal_import.reading.imported import (
    NO_DATE,
    NOTHING_IN_IT,
    UNREADABLE_ENTRY,
    ImportedEntry,
    ImportItem,
    JournalFormat,
    LeftOutEntry,
)
from service.core.journal_import.reading.local_days import (
    at_local,
    first_day_in,
    fixed_offset,
    from_milliseconds,
    iso_day,
    time_in,
)

NO_NOTE: Final = "It has a mood but no words."
_COLUMNS: Final = {"date", "mood", "note"}
_REST: Final = "\0"  # the name of no column
_BASE64_OF_OBJECT: Final = (b"eyJ", b"ewo", b"ewn", b"eyI", b"eyA")
_MOOD_NAMES: Final = {1: "rad", 2: "good", 3: "meh", 4: "bad", 5: "awful"}


@dataclass(frozen=True, slots=True)
class _Lists:
    """The names in a backup by their ids: activities, moods, and the checksums that name photos."""

    tags: Mapping[Any, str]
    moods: Mapping[Any, str]
    assets: Mapping[Any, str]


def matches_csv(files: ImportFiles) -> bool:
    """Return whether a file of the upload begins with the columns of Daylio's CSV."""
    return next(_tables(files), None) is not None


def read_csv(files: ImportFiles) -> Iterator[ImportItem]:
    """Yield the rows with a note as entries."""
    for name in _tables(files):
        lines = (f"{line}\n" for line in files.lines(name))
        delimiter = _delimiter(files, name)
        rows = csv.DictReader(lines, restkey=_REST, strict=False, delimiter=delimiter)
        try:
            for number, row in enumerate(rows, 2):
                yield _row(f"{name}, row {number}", _whole(row, delimiter))
        except csv.Error:
            yield LeftOutEntry(f"{name}, row {rows.line_num}", UNREADABLE_ENTRY)


def matches_backup(files: ImportFiles) -> bool:
    """Return whether a file of the upload is the backup: JSON in base64."""
    return next(_backups(files), None) is not None


def read_backup(files: ImportFiles) -> Iterator[ImportItem]:
    """Yield the entries of the backup that have words or photos. The app's PIN in it is never read."""
    for name in _backups(files):
        try:
            backup = json.loads(base64.b64decode(files.read_bytes(name)))
        except (binascii.Error, ValueError, RecursionError):
            yield LeftOutEntry(name, UNREADABLE_ENTRY)
            continue
        lists = _Lists(
            tags={each.get("id"): text_in(each.get("name")) for each in dicts_in(backup.get("tags"))},
            moods={each.get("id"): _mood_name(each) for each in dicts_in(backup.get("customMoods"))},
            assets={each.get("id"): text_in(each.get("checksum")) for each in dicts_in(backup.get("assets"))},
        )
        for number, entry in enumerate(dicts_in(backup.get("dayEntries")), 1):
            yield _backup_entry(files, f"{name}, entry {number}", entry, lists)


def _tables(files: ImportFiles) -> Iterator[str]:
    def has_columns(start: bytes) -> bool:
        names = (
            start.split(b"\n", 1)[0].decode("utf-8", "replace").replace('"', "").replace(";", ",").strip().split(",")
        )
        return set(names) >= _COLUMNS and ("activities" in names or "full_date" in names)

    yield from files.texts_like(has_columns)


def _delimiter(files: ImportFiles, name: str) -> str:
    """Return what parts the columns: a spreadsheet of many countries writes semicolons when it saves the file."""
    return ";" if b";" in start_of(files.head(name)).split(b"\n", 1)[0] else ","


def _whole(row: Mapping[str, Any], delimiter: str) -> dict[str, str]:
    """Return a row as texts; what stands after the last column is the rest of a note that was not quoted."""
    found = {key: value for key, value in row.items() if isinstance(value, str)}
    return found | {"note": delimiter.join([found.get("note", ""), *row.get(_REST, ())])}


def _row(place: str, row: Mapping[str, str]) -> ImportItem:
    words = with_title(words_of(row.get("note_title", "")), words_of(row.get("note", "")))
    activities = [each.strip() for each in row.get("activities", "").split("|") if each.strip()]
    written = row.get("full_date") or f"{row.get('date', '')} {row.get('year', '')}".strip()
    on = _day(row)
    if on is None:
        return LeftOutEntry(place, NO_DATE, written, words)
    if not words:
        return LeftOutEntry(place, NO_NOTE, written)
    at = at_local(on, time_in(row.get("time", "").replace("\u202f", " ").replace("\xa0", " ")))
    return ImportedEntry(place=place, words=_with_mood(words, row.get("mood", ""), activities), on=on, at=at)


def _day(row: Mapping[str, str]) -> date | None:
    return iso_day(row.get("full_date", "")) or first_day_in(f"{row.get('date', '')} {row.get('year', '')}")


def _with_mood(words: str, mood: str, activities: list[str]) -> str:
    """Return the words with the mood and the activities as words below them."""
    below = ", ".join([each for each in (mood.strip(), *activities) if each])
    return f"{words}\n\n{below}" if below else words


def _backups(files: ImportFiles) -> Iterator[str]:
    for name in files.texts_like(lambda start: start.startswith(_BASE64_OF_OBJECT), most=20):
        text = b"".join(start_of(files.head(name)).split())
        try:
            start = base64.b64decode(text[: len(text) // 4 * 4], validate=True)
        except binascii.Error:
            continue
        if b'"' in start[:200]:
            yield name


def _mood_name(mood: Mapping[str, Any]) -> str:
    group = mood.get("mood_group_id")
    return text_in(mood.get("custom_name")) or (_MOOD_NAMES.get(group, "") if isinstance(group, int) else "")


def _backup_entry(files: ImportFiles, place: str, entry: Mapping[str, Any], lists: _Lists) -> ImportItem:
    words = with_title(words_of(text_in(entry.get("note_title"))), words_of(text_in(entry.get("note"))))
    photos, left = sort_attachments(files, [_asset(each, lists.assets) for each in _list(entry.get("assets"))])
    local = _local_time(entry)
    if local is None:
        return LeftOutEntry(place, NO_DATE, str(entry.get("datetime") or ""), words)
    if not words and not photos:
        return LeftOutEntry(place, NO_NOTE if entry.get("mood") else NOTHING_IN_IT, local.date().isoformat())
    activities = [name for each in _list(entry.get("tags")) if (name := lists.tags.get(_hashable(each), ""))]
    return ImportedEntry(
        place=place,
        words=_with_mood(words, lists.moods.get(_hashable(entry.get("mood")), ""), activities),
        on=local.date(),
        at=local,
        photos=photos,
        source_id=f"daylio:{entry.get('id')}" if entry.get("id") else "",
        left_behind=left,
    )


def _local_time(entry: Mapping[str, Any]) -> datetime | None:
    """Return when an entry was written, with the offset that it had there."""
    at, offset = from_milliseconds(entry.get("datetime")), fixed_offset(entry.get("timeZoneOffset", 0))
    if at is None:
        return None
    try:
        return at.astimezone(offset) if offset is not None else at
    except OverflowError:
        return None


def _asset(reference: Any, assets: Mapping[Any, str]) -> str:
    """Return the name of a photo's file: its checksum."""
    identifier = reference.get("id") if isinstance(reference, dict) else reference
    return assets.get(_hashable(identifier)) or str(identifier)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _hashable(value: Any) -> Any:
    return value if isinstance(value, str | int) else None


CSV: Final = JournalFormat("daylio", "Daylio", matches_csv, read_csv)
BACKUP: Final = JournalFormat("daylio_backup", "Daylio", matches_backup, read_backup)
