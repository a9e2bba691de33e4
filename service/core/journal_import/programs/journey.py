"""Journey: a zip with one JSON file an entry, and its photos beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from service.core.journal_import.reading.attachments import dicts_in, sort_attachments, text_in, texts_in
from service.core.journal_import.reading.html_words import words_of, words_of_html
from service.core.journal_import.reading.import_files import DamagedFileError, FileBoundError, ImportFiles
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
from service.core.journal_import.reading.json_stream import LARGEST_ELEMENT_BYTES, is_json, shape_of
from service.core.journal_import.reading.local_days import from_milliseconds, read_instant

# Its newer form names the date in another way.
_DATES: Final = {"date_journal", "dateOfJournal"}
_OWN: Final = _DATES | {"id", "text"}
_NAMES: Final = ("filename", "fileName", "name", "path", "id")


def matches(files: ImportFiles) -> bool:
    """Return whether a file of the upload is such an entry."""
    return any(_DATES & _keys(files, name) for name in files.texts_like(is_json, most=20))


def read(files: ImportFiles) -> Iterator[ImportItem]:
    """Yield the entries, in the order of their files."""
    for name in files.texts_like(is_json, most=len(files.names)):
        if _OWN & _keys(files, name) or not _keys(files, name):
            yield _entry(files, name)


def _keys(files: ImportFiles, name: str) -> set[str]:
    return {element.key for element in shape_of(files, name).first}


def _entry(files: ImportFiles, name: str) -> ImportItem:
    text = ""
    try:
        text = files.read_text(name, LARGEST_ELEMENT_BYTES)
        entry = json.loads(text)
        words = _words(entry)
    except FileBoundError:
        return LeftOutEntry(name, TOO_LARGE_ENTRY)
    except (DamagedFileError, ValueError, RecursionError, AttributeError):
        return LeftOutEntry(name, UNREADABLE_ENTRY, words=text)
    written = entry.get("date_journal") or entry.get("dateOfJournal")
    at = from_milliseconds(written) or read_instant(written)
    photos, left = sort_attachments(files, [*_attached(entry)], beside=name)
    if at is None:
        return LeftOutEntry(name, NO_DATE, str(written or ""), words)
    if not words and not photos:
        return LeftOutEntry(name, reason_without(left), at.date().isoformat())
    return ImportedEntry(
        place=name,
        words=words,
        at=at,
        zone=text_in(entry.get("timezone")),
        photos=photos,
        tags=texts_in(entry.get("tags")),
        source_id=text_in(entry.get("id")),
        left_behind=left,
    )


def _attached(entry: dict[str, Any]) -> Iterator[str]:
    """Yield the names of the files of an entry."""
    yield from texts_in(entry.get("photos"))
    yield from texts_in(entry.get("attachments"))
    for each in dicts_in(entry.get("attachments")):
        yield next((text for key in _NAMES if (text := text_in(each.get(key)))), "")


def _words(entry: dict[str, Any]) -> str:
    text = text_in(entry.get("text"))
    if entry.get("type") == "markdown":
        return text.strip()
    return words_of_html(text) if entry.get("type") == "html" else words_of(text)


FORMAT: Final = JournalFormat("journey", "Journey", matches, read)
