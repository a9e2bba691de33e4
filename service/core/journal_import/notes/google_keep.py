"""Google Keep, as Takeout gives it: notes, of which those come in whose title or label says that they are a diary."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from service.core.journal_import.notes.diary_notes import NOT_A_DIARY, is_called_diary
from service.core.journal_import.reading.attachments import dicts_in, sort_attachments, text_in
from service.core.journal_import.reading.html_words import with_title
from service.core.journal_import.reading.import_files import DamagedFileError, FileBoundError, ImportFiles, tidy_text
from service.core.journal_import.reading.imported import (
    NO_DATE,
    UNREADABLE_ENTRY,
    ImportedEntry,
    ImportItem,
    JournalFormat,
    LeftOutEntry,
    reason_without,
)
from service.core.journal_import.reading.json_stream import LARGEST_ELEMENT_BYTES, is_json, shape_of
from service.core.journal_import.reading.local_days import first_day_in, from_milliseconds

IN_THE_BIN: Final = "It was in the bin."
_KEYS: Final = {"isTrashed", "textContent", "createdTimestampUsec", "userEditedTimestampUsec", "isArchived"}
_LEAST_KEYS: Final = 2
# Each note once more as a page, the list of labels, and what Takeout says of each photo of another service of Google's.
_BESIDE: Final = re.compile(
    r"(?:^|/)(?:Takeout/.*\.html|Labels\.txt|[^/]*\.(?:jpe?g|png|gif|heic|webp|mp4|mov)\.[\w.-]*json)$", re.IGNORECASE
)


def matches(files: ImportFiles) -> bool:
    """Return whether a file of the upload is such a note."""
    return any(_is_note(files, name) for name in files.texts_like(is_json, most=20))


def read(files: ImportFiles) -> Iterator[ImportItem]:
    """Yield the notes; each that is no diary is listed."""
    for name in files.texts_like(is_json, most=len(files.names)):
        try:
            note = json.loads(files.read_text(name, LARGEST_ELEMENT_BYTES))
        except (ValueError, RecursionError, FileBoundError, DamagedFileError):
            yield LeftOutEntry(name, UNREADABLE_ENTRY)
            continue
        if isinstance(note, dict) and len(_KEYS & note.keys()) >= _LEAST_KEYS:
            yield _entry(files, name, note)
        else:
            files.was_read.discard(name)


def _is_note(files: ImportFiles, name: str) -> bool:
    return len(_KEYS & {element.key for element in shape_of(files, name).first}) >= _LEAST_KEYS


def _entry(files: ImportFiles, name: str, note: dict[str, Any]) -> ImportItem:
    title = text_in(note.get("title"))
    labels = [text_in(label.get("name")) for label in dicts_in(note.get("labels"))]
    words = with_title(title, tidy_text(text_in(note.get("textContent"))) or _listed(note))
    microseconds = note.get("createdTimestampUsec") or note.get("userEditedTimestampUsec")  # the first since 2021
    at = from_milliseconds(microseconds / 1000) if isinstance(microseconds, int | float) else None
    on = first_day_in(title)
    dated = at.date().isoformat() if at else title
    if note.get("isTrashed"):
        return LeftOutEntry(name, IN_THE_BIN, dated, words)
    if on is None and not is_called_diary(title, labels):
        return LeftOutEntry(name, NOT_A_DIARY, dated, words)
    found = [text_in(each.get("filePath")) for each in dicts_in(note.get("attachments"))]
    photos, left = sort_attachments(files, found, beside=name)
    if at is None and on is None:
        return LeftOutEntry(name, NO_DATE, dated, words)
    if not words and not photos:
        return LeftOutEntry(name, reason_without(left), dated)
    return ImportedEntry(place=name, words=words, on=on, at=at, photos=photos, tags=tuple(labels), left_behind=left)


def _listed(note: dict[str, Any]) -> str:
    """Return a note that is a list, as Markdown."""
    items = dicts_in(note.get("listContent"))
    return "\n".join(f"- [{'x' if item.get('isChecked') else ' '}] {text_in(item.get('text'))}" for item in items)


FORMAT: Final = JournalFormat(
    "keep", "Google Keep", matches, read, belongs=lambda _files, name: _BESIDE.search(name) is not None
)
