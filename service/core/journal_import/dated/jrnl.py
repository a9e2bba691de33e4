"""jrnl: its text files, in the brackets of version 2 and the bare stamps of version 1, and its JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any, Final

from service.core.journal_import.reading.attachments import text_in, texts_in
from service.core.journal_import.reading.html_words import with_title
from service.core.journal_import.reading.import_files import ImportFiles, tidy_text
from service.core.journal_import.reading.imported import (
    NO_DATE,
    NOTHING_IN_IT,
    UNREADABLE_ENTRY,
    ImportedEntry,
    ImportItem,
    JournalFormat,
    LeftOutEntry,
)
from service.core.journal_import.reading.json_stream import JsonElement, is_json, shape_of, stream_elements
from service.core.journal_import.reading.local_days import at_local, first_day_in, iso_day, time_in

_DATE: Final = r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{4})"
_CLOCK: Final = r"(\d{1,2}:\d{2}(?::\d{2})?(?:\s*[AaPp][Mm])?)"
_WEEKDAY: Final = r"(?:,? [A-Za-z]{2,9}\.?,?)?"
_BRACKET: Final = re.compile(rf"\[{_DATE}{_WEEKDAY}(?:[ T,]+{_CLOCK})?\]\s?(.*)$")
_DAY_FIRST: Final = re.compile(r"\[?(1[3-9]|2\d|3[01])/\d{1,2}/\d{4}")
_BARE: Final = re.compile(rf"{_DATE} {_CLOCK}\s(.*)$")
_STAR: Final = re.compile(r"\s\*$")
_LARGEST_MONTH: Final = 12


def matches_text(files: ImportFiles) -> bool:
    """Return whether a text of the upload begins with a stamp of jrnl's."""
    return next(files.texts_like(_starts), None) is not None


def read_text(files: ImportFiles) -> Iterator[ImportItem]:
    """Yield the entries: each begins with a line that has a stamp, and a bracket without one is words."""
    for name in files.texts_like(_starts, most=len(files.names)):
        opened: tuple[int, date, time | None] | None = None
        lines: list[str] = []
        is_day_first = any(map(_DAY_FIRST.match, files.lines(name)))
        for number, line in enumerate(files.lines(name), 1):
            stamp = _stamp(line, is_day_first=is_day_first)
            if stamp is None:
                lines.append(line)
                continue
            if opened is not None:
                yield _entry(name, opened, lines)
            opened, lines = (number, stamp[0], stamp[1]), [_STAR.sub("", stamp[2])]
        if opened is not None:
            yield _entry(name, opened, lines)


def matches_json(files: ImportFiles) -> bool:
    """Return whether a file of the upload is jrnl's JSON."""
    return any(_is_journal(files, name) for name in files.texts_like(is_json, 20))


def read_json(files: ImportFiles) -> Iterator[ImportItem]:
    """Yield the entries of jrnl's JSON; its dates and times are local and never converted."""
    for name in files.texts_like(is_json):
        if not _is_journal(files, name):
            continue
        number = 0
        for element in stream_elements(files, name):
            if element.key == "entries":
                number += 1
                yield _json_entry(f"{name}, entry {number}", element)


def _starts(start: bytes) -> bool:
    return _stamp(start.split(b"\n", 1)[0].decode("utf-8", "replace").rstrip("\r")) is not None


def _stamp(line: str, *, is_day_first: bool = False) -> tuple[date, time | None, str] | None:
    """Return the day, the time of day and the title of a line that opens an entry, or None."""
    found = _BRACKET.match(line) or _BARE.match(line)
    if found is None:
        return None
    on = first_day_in(found[1]) or _day_of(found[1], is_day_first=is_day_first)
    return (on, time_in(found[2]) if found[2] else None, found[3]) if on else None


def _day_of(written: str, *, is_day_first: bool) -> date | None:
    """Return the day of 09.06.2013; with slashes the month comes first, unless it cannot somewhere in the file."""
    first, second, year = map(int, re.split(r"[-./]", written))
    day, month = (first, second) if "." in written or is_day_first or first > _LARGEST_MONTH else (second, first)
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _entry(name: str, opened: tuple[int, date, time | None], lines: list[str]) -> ImportItem:
    number, on, at = opened
    words = "\n".join(lines).strip()
    place = f"{name}, line {number}"
    if not words:
        return LeftOutEntry(place, NOTHING_IN_IT, on.isoformat())
    return ImportedEntry(place=place, words=words, on=on, at=at_local(on, at))


def _is_journal(files: ImportFiles, name: str) -> bool:
    entries = shape_of(files, name).under("entries")
    return any(isinstance(each, dict) and {"title", "body", "date"} <= each.keys() for each in entries)


def _json_entry(place: str, element: JsonElement) -> ImportItem:
    entry: Any = element.value
    if not isinstance(entry, dict):
        return LeftOutEntry(place, UNREADABLE_ENTRY, words=element.raw)
    words = with_title(text_in(entry.get("title")), tidy_text(text_in(entry.get("body"))))
    on = iso_day(entry.get("date"))
    at: datetime | None = at_local(on, time_in(text_in(entry.get("time"))))
    if on is None:
        return LeftOutEntry(place, NO_DATE, text_in(entry.get("date")), words)
    if not words:
        return LeftOutEntry(place, NOTHING_IN_IT, on.isoformat())
    tags = tuple(tag.lstrip("@") for tag in texts_in(entry.get("tags")) if tag not in words)
    return ImportedEntry(place=place, words=words, on=on, at=at, tags=tags)


TEXT: Final = JournalFormat("jrnl", "jrnl", matches_text, read_text)
JSON: Final = JournalFormat("jrnl_json", "jrnl", matches_json, read_json)
