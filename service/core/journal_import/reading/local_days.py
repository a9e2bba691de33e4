"""The local day of an entry: from an instant and a zone, its own or its neighbours', or from a written date."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from service.core.journal_import.reading.imported import ImportedEntry, ImportItem
from service.core.journal_import.reading.zone_names import iana_name

MOST_WAITING: Final = 500
_NAMES: Final = (
    *("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug"),
    *("september sep sept", "october oct", "november nov", "december dec"),
)
_MONTHS: Final = {name: number for number, names in enumerate(_NAMES, 1) for name in names.split()}
_ISO: Final = re.compile(r"(\d{4})[-_./年](\d{1,2})[-_./月](\d{1,2})(?!\d)")
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\d{4}|\d{6})?(?!\d)")
_DAY_FIRST: Final = re.compile(r"(?:[A-Za-z]+,?\s+)?(\d{1,2})(?:st|nd|rd|th)?\.?\s+([A-Za-z]{3,9})\.?,?\s+(\d{4})")
_MONTH_FIRST: Final = re.compile(r"(?:[A-Za-z]+,?\s+)?([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
_TIME: Final = re.compile(r"(\d{1,2})[:.h](\d{2})(?:[:.](\d{2}))?(?:\s*([AaPp])\.?\s*[Mm]\.?)?")
_NOON: Final = 12


def read_instant(written: Any) -> datetime | None:
    """Return an aware instant from an ISO text with an offset or Z, or None."""
    if not isinstance(written, str):
        return None
    try:
        found = datetime.fromisoformat(written.strip())
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def from_milliseconds(number: Any) -> datetime | None:
    """Return the instant that is this many milliseconds after 1970, or None."""
    if isinstance(number, str) and number.strip().lstrip("-").isdecimal():
        number = int(number)
    if not isinstance(number, int | float) or isinstance(number, bool):
        return None
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=number)
    except (OverflowError, ValueError):
        return None


def fixed_offset(milliseconds: Any) -> timezone | None:
    """Return the zone of an offset in milliseconds, or None."""
    if not isinstance(milliseconds, int | float) or isinstance(milliseconds, bool):
        return None
    try:
        return timezone(timedelta(milliseconds=milliseconds))
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=256)
def zone_named(name: str) -> ZoneInfo | None:
    """Return the zone with an IANA name, or None."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def first_day_in(text: str) -> date | None:
    """Return the date with which a text begins: ISO, compact, or with an English month."""
    return split_day(text.strip())[0]


def split_day(text: str) -> tuple[date | None, str]:
    """Return the date with which a text begins, and what follows it; None and the text where there is none."""
    on: date | None = None
    if found := _ISO.match(text) or _COMPACT.match(text):
        on = _date(*map(int, found.groups()))
    elif found := _DAY_FIRST.match(text):
        on = _date(int(found[3]), _MONTHS.get(found[2].lower(), 0), int(found[1]))
    elif found := _MONTH_FIRST.match(text):
        on = _date(int(found[3]), _MONTHS.get(found[1].lower(), 0), int(found[2]))
    return (on, text[found.end() :]) if found and on else (None, text)


def iso_day(written: Any) -> date | None:
    """Return the date part of an ISO date or instant, never converted to another zone, or None."""
    found = _ISO.match(written.strip()) if isinstance(written, str) else None
    return _date(*map(int, found.groups())) if found else None


def time_in(text: str) -> time | None:
    """Return the first time of day in a text, with or without "pm", or None."""
    found = _TIME.search(text)
    if found is None:
        return None
    hour, minute, second, half = int(found[1]), int(found[2]), int(found[3] or 0), (found[4] or "").lower()
    if half:
        hour = hour % _NOON + (_NOON if half == "p" else 0)
    try:
        return time(hour, minute, second)
    except ValueError:
        return None


def at_local(on: date | None, at: time | None) -> datetime | None:
    """Return a local day and time as a naive instant, or None where either is missing."""
    return datetime.combine(on, at) if on and at else None


def with_local_days(items: Iterable[ImportItem], home: ZoneInfo) -> Iterator[ImportItem]:
    """Yield the items in their order, each entry with its local day.

    An instant without a zone takes the zone of the nearest entry in the file that has one, else `home`, the person's.
    """
    last, waiting = "", list[ImportItem]()
    for item in map(_with_iana_zone, items):
        if isinstance(item, ImportedEntry) and _needs_zone(item):
            waiting.append(item)
            if len(waiting) >= MOST_WAITING:
                yield from _settled(waiting, last, "", home)
                waiting.clear()
            continue
        zone = item.zone if isinstance(item, ImportedEntry) and zone_named(item.zone) else ""
        if zone or not waiting:
            yield from _settled(waiting, last, zone, home)
            waiting.clear()
            yield _with_day(item, zone_named(zone)) if isinstance(item, ImportedEntry) else item
            last = zone or last
        else:
            waiting.append(item)
    yield from _settled(waiting, last, "", home)


def _with_iana_zone(item: ImportItem) -> ImportItem:
    return replace(item, zone=iana_name(item.zone)) if isinstance(item, ImportedEntry) and item.zone else item


def _needs_zone(entry: ImportedEntry) -> bool:
    return entry.on is None and entry.at is not None and entry.at.tzinfo is not None and not zone_named(entry.zone)


def _settled(waiting: list[ImportItem], before: str, after: str, home: ZoneInfo) -> Iterator[ImportItem]:
    """Yield items that waited for a zone: the first half takes the one before them, the rest the one after."""
    for place, item in enumerate(waiting):
        if not isinstance(item, ImportedEntry) or not _needs_zone(item):
            yield item if not isinstance(item, ImportedEntry) else _with_day(item, None)
            continue
        name = before if before and (not after or place < len(waiting) / 2) else after
        zone = zone_named(name) or home
        yield _with_day(replace(item, zone=name, has_guessed_zone=not name), zone)


def _with_day(entry: ImportedEntry, zone: ZoneInfo | None) -> ImportedEntry:
    if entry.on is not None or entry.at is None:
        return entry
    try:
        local = entry.at.astimezone(zone) if zone is not None and entry.at.tzinfo is not None else entry.at
    except (OverflowError, ValueError):
        return entry
    return replace(entry, on=local.date())


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
