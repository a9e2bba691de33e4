"""Small JSON journals: Dabble Me, Trailmix, JourneyInbox, Ahhlife, Mini Diary and Diarium."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from service.core.journal_import.reading.attachments import sort_attachments, text_in, texts_in
from service.core.journal_import.reading.html_words import with_title, words_of
from service.core.journal_import.reading.import_files import ImportFiles, tidy_text
from service.core.journal_import.reading.imported import (
    NO_DATE,
    TOO_LARGE_ENTRY,
    UNREADABLE_ENTRY,
    ImportedEntry,
    ImportItem,
    JournalFormat,
    LeftOutEntry,
    reason_without,
)
from service.core.journal_import.reading.json_stream import JsonElement, is_json, shape_of, stream_elements
from service.core.journal_import.reading.local_days import at_local, first_day_in, from_milliseconds, iso_day, time_in

A_PHOTO_ELSEWHERE: Final = "a photo that’s only an address on the web"
SHORTEST_WRAPPED: Final = 60
_BULLET: Final = re.compile(r"\s|[-*+•>|#]|\d+[.)]\s")
_MEDIA_STAMP: Final = re.compile(r"[^0-9]")


@dataclass(frozen=True, slots=True)
class _Written:
    """An entry as a format writes it: its date as written, and what is made of it."""

    dated: str
    entry: ImportedEntry


_Reader = Callable[[ImportFiles, str, Mapping[str, Any]], _Written]


def unwrapped(text: str) -> str:
    """Return hard-wrapped mail lines joined: those of 60 characters and more, unless a new block follows."""
    out: list[str] = []
    was_long = False
    for line in tidy_text(text).split("\n"):
        if was_long and line.strip() and not _BULLET.match(line):
            out[-1] = f"{out[-1]} {line.strip()}"
        else:
            out.append(line.rstrip())
        was_long = len(line.rstrip()) >= SHORTEST_WRAPPED
    return "\n".join(out).strip()


def _dabble_me(_files: ImportFiles, place: str, entry: Mapping[str, Any]) -> _Written:
    left = (A_PHOTO_ELSEWHERE,) if text_in(entry.get("image")) else ()
    return _plain(place, entry, "date", words_of(text_in(entry.get("body"))), left)


def _trailmix(_files: ImportFiles, place: str, entry: Mapping[str, Any]) -> _Written:
    return _plain(place, entry, "date", unwrapped(text_in(entry.get("body"))))


def _journey_inbox(_files: ImportFiles, place: str, entry: Mapping[str, Any]) -> _Written:
    return _plain(place, entry, "when", words_of(text_in(entry.get("body"))))


def _diarium(files: ImportFiles, place: str, entry: Mapping[str, Any]) -> _Written:
    stamp = text_in(entry.get("date"))
    photos, left = sort_attachments(files, [*_media_of(files, stamp)])
    words = with_title(
        text_in(entry.get("heading")), words_of(text_in(entry.get("html")) or text_in(entry.get("text")))
    )
    on = iso_day(stamp)
    found = ImportedEntry(
        place=place,
        words=words,
        on=on,
        at=at_local(on, time_in(stamp[10:19])),
        photos=photos,
        tags=texts_in(entry.get("tags")),
        left_behind=left,
    )
    return _Written(stamp, found)


def _plain(place: str, entry: Mapping[str, Any], key: str, words: str, left: tuple[str, ...] = ()) -> _Written:
    """Return an entry whose date part is its day, whatever zone is written behind it."""
    dated = text_in(entry.get(key))
    return _Written(dated, ImportedEntry(place=place, words=words, on=iso_day(dated), left_behind=left))


def _media_of(files: ImportFiles, stamp: str) -> Iterator[str]:
    """Yield the files in Diarium's folder that is named by the stamp of an entry."""
    digits = _MEDIA_STAMP.sub("", stamp)[:14]
    if not files.is_archive or len(digits) < len("20260101"):
        return
    for name in files.names:
        folder = _MEDIA_STAMP.sub("", name.rpartition("/")[0].rpartition("/")[2])
        if folder[:14] == digits and not name.lower().endswith(".json"):
            yield name


def _item(place: str, element: JsonElement, files: ImportFiles, reader: _Reader) -> ImportItem:
    if not isinstance(element.value, dict):
        reason = TOO_LARGE_ENTRY if element.is_too_large else UNREADABLE_ENTRY
        return LeftOutEntry(place, reason, words=element.raw)
    return _checked(reader(files, place, element.value))


def _checked(written: _Written) -> ImportItem:
    entry = written.entry
    if entry.on is None and entry.at is None:
        return LeftOutEntry(entry.place, NO_DATE, written.dated, entry.words)
    if not entry.words and not entry.photos:
        return LeftOutEntry(entry.place, reason_without(entry.left_behind), written.dated)
    return entry


@dataclass(frozen=True, slots=True)
class _Rows:
    """A format whose files are arrays of objects, or one object a file, with texts of these forms by key."""

    forms: Mapping[str, re.Pattern[str]]
    reader: _Reader

    def matches(self, files: ImportFiles) -> bool:
        return any(self._holds(files, name) for name in files.texts_like(is_json, most=20))

    def read(self, files: ImportFiles) -> Iterator[ImportItem]:
        for name in files.texts_like(is_json, most=len(files.names)):
            if not self._holds(files, name):
                continue
            if not shape_of(files, name).is_array:
                whole = _whole(files, name)
                yield _item(name, JsonElement("", whole, is_damaged=whole is None), files, self.reader)
                continue
            for number, element in enumerate(stream_elements(files, name), 1):
                yield _item(f"{name}, entry {number}", element, files, self.reader)

    def _holds(self, files: ImportFiles, name: str) -> bool:
        shape = shape_of(files, name)
        if not shape.is_array:
            return files.is_archive and self._fits({element.key: element.value for element in shape.first})
        return any(map(self._fits, shape.under("")))

    def _fits(self, entry: Any) -> bool:
        return isinstance(entry, dict) and all(
            form.match(text_in(entry.get(key), "\0")) for key, form in self.forms.items()
        )


def _array_format(key: str, title: str, forms: Mapping[str, re.Pattern[str]], reader: _Reader) -> JournalFormat:
    rows = _Rows(forms, reader)
    return JournalFormat(key, title, rows.matches, rows.read)


def _whole(files: ImportFiles, name: str) -> Any:
    try:
        return json.loads(files.read_text(name))
    except (ValueError, RecursionError):
        return None


def _is_mini_diary(files: ImportFiles, name: str) -> bool:
    metadata = shape_of(files, name).under("metadata")
    return any(isinstance(each, dict) and each.get("application") == "Mini Diary" for each in metadata)


def _read_mini_diary(files: ImportFiles) -> Iterator[ImportItem]:
    for name in files.texts_like(is_json):
        entries = (_whole(files, name) or {}).get("entries") if _is_mini_diary(files, name) else None
        for day, entry in entries.items() if isinstance(entries, dict) else ():
            yield _mini_diary_entry(f"{name}, {day}", day, entry)


def _mini_diary_entry(place: str, day: str, entry: Any) -> ImportItem:
    if not isinstance(entry, dict):
        return LeftOutEntry(place, UNREADABLE_ENTRY, day, text_in(entry))
    words = with_title(text_in(entry.get("title")), words_of(text_in(entry.get("text"))))
    return _checked(_Written(day, ImportedEntry(place=place, words=words, on=first_day_in(day))))


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the objects with words and a stamp in nested objects, with their keys joined."""
    if not isinstance(value, dict):
        return
    if "content" in value and "timestamp" in value:
        yield path, value
        return
    for key, below in value.items():
        yield from _leaves(below, f"{path}/{key}" if path else key)


def _is_ahhlife(files: ImportFiles, name: str) -> bool:
    shape = shape_of(files, name)
    return not shape.is_array and any(next(_leaves(element.value), None) for element in shape.first)


def _read_ahhlife(files: ImportFiles) -> Iterator[ImportItem]:
    for name in files.texts_like(is_json):
        leaves = [*_leaves(_whole(files, name))]
        if not leaves:
            files.was_read.discard(name)
        for path, leaf in leaves:
            at: datetime | None = from_milliseconds(leaf.get("timestamp"))
            entry = ImportedEntry(place=f"{name}, {path}", words=words_of(text_in(leaf.get("content"))), at=at)
            yield _checked(_Written(str(leaf.get("timestamp")), entry))


_ANY: Final = re.compile(r"(?!\0)")
_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T")
_EITHER: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:\s*$|[T ])")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}\s*$")
DABBLE_ME_JSON: Final = _array_format("dabble_me_json", "Dabble Me", {"date": _INSTANT, "body": _ANY}, _dabble_me)
TRAILMIX: Final = _array_format("trailmix", "Trailmix", {"date": _DAY, "body": _ANY}, _trailmix)
JOURNEY_INBOX: Final = _array_format("journey_inbox", "JourneyInbox", {"when": _EITHER, "body": _ANY}, _journey_inbox)
DIARIUM: Final = _array_format("diarium", "Diarium", {"date": _INSTANT, "html": _ANY}, _diarium)
MINI_DIARY: Final = JournalFormat(
    "mini_diary",
    "Mini Diary",
    lambda files: any(_is_mini_diary(files, name) for name in files.texts_like(is_json, 20)),
    _read_mini_diary,
)
AHHLIFE: Final = JournalFormat(
    "ahhlife",
    "Ahhlife",
    lambda files: any(_is_ahhlife(files, name) for name in files.texts_like(is_json, 20)),
    _read_ahhlife,
)
