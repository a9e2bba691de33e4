"""Entries in the form of Day One's JSON export (version 1.0), which Day One imports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from service.core.journal_export.exported import ExportedEntry, json_lines

DAY_ONE_JOURNAL: Final = "Journal.json"
# What CommonMark lets a backslash escape: all ASCII punctuation. Day One undoes exactly these.
_PUNCTUATION: Final = re.compile(r"[!-/:-@\[-`{-~]")


@dataclass(frozen=True, slots=True)
class DayOnePhoto:
    """A photo of the export; its file is named by the MD5 of its bytes, as Day One does."""

    identifier: str
    md5: str
    kind: str
    width: int
    height: int

    @property
    def path(self) -> str:
        """Return the name of its file within the zip."""
        return f"photos/{self.md5}.{self.kind}"


def day_one_json(entries: Iterable[tuple[ExportedEntry, Sequence[DayOnePhoto]]]) -> Iterator[bytes]:
    """Yield Journal.json in pieces, an entry a line."""
    yield b'{"metadata": {"version": "1.0"}, "entries": ['
    yield from json_lines(day_one_entry(entry, photos) for entry, photos in entries)
    yield b"\n]}\n"


def day_one_entry(entry: ExportedEntry, photos: Sequence[DayOnePhoto]) -> dict[str, Any]:
    """Return one entry as Day One has it: the question as a quotation, the words as written, then its photos."""
    question = "\n".join(f"> {escaped(line)}" for line in entry.question.splitlines())
    references = (f"![](dayone-moment://{photo.identifier})" for photo in photos)
    created = _stamp(_instant_on_its_day(entry))
    return {
        "uuid": day_one_id(int(entry.id)),
        "creationDate": created,
        "modifiedDate": _stamp(entry.changed_at) if entry.changed_at else created,
        "timeZone": entry.zone,
        "text": "\n\n".join(part for part in (question, escaped(entry.words), *references) if part),
        "starred": False,
        "photos": [
            {
                "identifier": photo.identifier,
                "md5": photo.md5,
                "type": photo.kind,
                "orderInEntry": order,
                "width": photo.width,
                "height": photo.height,
                "date": created,
            }
            for order, photo in enumerate(photos)
        ],
    }


def day_one_id(number: int) -> str:
    """Return an id of ours as Day One writes ids: 32 hexadecimal digits."""
    return f"{number:032X}"


def escaped(text: str) -> str:
    """Return words with the escapes that Day One writes, so that it shows them as they were written."""
    return _PUNCTUATION.sub(lambda found: f"\\{found[0]}", text)


def _instant_on_its_day(entry: ExportedEntry) -> datetime:
    """Return when an entry was written; noon of its day where that was on another, since Day One tells days by it."""
    zone = ZoneInfo(entry.zone)
    if entry.written_at.astimezone(zone).date() == entry.on:
        return entry.written_at
    return datetime.combine(entry.on, time(12), tzinfo=zone)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
