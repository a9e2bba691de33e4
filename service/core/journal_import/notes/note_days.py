"""Which day a note is from: by its front matter, its name, its path, its title, or a heading in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from service.core.journal_import.reading.local_days import at_local, first_day_in, read_instant, split_day, time_in

_DATE_KEYS: Final = ("date", "created", "created_at", "creation_date", "day", "title")
_PATH_DAY: Final = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(?:[^/\d][^/]*)?\.\w+$")
_TITLE_PROPERTY: Final = re.compile(r"^\s*(?:-\s+)?(?:title::?|#\+title:)\s*(.+)$", re.MULTILINE | re.IGNORECASE)
_TITLE_CHARACTERS: Final = 1000
_HEADING: Final = re.compile(r"#{1,6}\s+\[*(?=\w)")
_ISO_START: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?!\d)")
_AFTER_DAY: Final = re.compile(r"\]*[\s:–—-]*")
_CLOCK: Final = re.compile(r"(\d{1,2}:\d{2}(?::\d{2})?(?:\s?[AaPp][Mm])?)(?!\S)\s*")
# Headings above the days of a file, as jrnl writes them.
_YEAR_OR_MONTH: Final = re.compile(
    r"#{1,6}\s+(?:\d{4}|(?:January|February|March|April|May|June|July|August|September|October|November|December)"
    r"(?:\s+\d{4})?)\s*$"
)


@dataclass(frozen=True, slots=True)
class NoteDay:
    """The day of a note, and when it was written as far as that is known; an instant in UTC has no day by itself."""

    on: date | None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HeadingDay:
    """A heading that opens a day: its date as written, that day, the time of day, and what else it says."""

    dated: str
    on: date | None
    at: datetime | None
    title: str


def day_of_note(keys: Mapping[str, list[str]], name: str, body: str) -> NoteDay | None:
    """Return the day of a note, or None; never that of its file time.

    An instant in UTC (as Joplin writes it) counts only where neither the name nor the path has a day.
    """
    found: NoteDay | None = None
    for written in (next(iter(keys.get(key, ())), "").strip("[]\"' ") for key in _DATE_KEYS):
        on, at = first_day_in(written), read_instant(written)
        if on is not None and at is not None and written[-1] in "Zz":
            found = found or NoteDay(None, at)
        elif on is not None:
            return NoteDay(on, at or at_local(on, time_in(written[10:])))
    if on := _day_of_name(name):
        return NoteDay(on)
    title = _TITLE_PROPERTY.search(body[:_TITLE_CHARACTERS])
    on = first_day_in(title[1]) if title and not found else None
    return NoteDay(on) if on else found


def _day_of_name(name: str) -> date | None:
    if on := first_day_in(name.rpartition("/")[2]):
        return on
    path = _PATH_DAY.search(name)
    return first_day_in("-".join(path.groups())) if path else None


def heading_day(line: str) -> HeadingDay | None:
    """Return the day that a line opens as a heading, or None."""
    found = _HEADING.match(line)
    if found is None:
        return None
    text = line[found.end() :]
    on, rest = split_day(text)
    if on is None and not _ISO_START.match(text):
        return None
    if on is None:
        rest = text[len("2024-01-01") :]
    title = rest[_AFTER_DAY.match(rest).end() :].strip()  # type: ignore[union-attr]  # it matches anything
    clock = _CLOCK.match(title)
    at = at_local(on, time_in(clock[1])) if clock else None
    return HeadingDay(text[: len(text) - len(rest)], on, at, title[clock.end() :] if clock and at else title)


def is_year_or_month(line: str) -> bool:
    """Return whether a line is a heading that says a year or a month alone."""
    return _YEAR_OR_MONTH.match(line) is not None
