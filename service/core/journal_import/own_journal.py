"""This service's own export, brought back: journal.json, with its photos."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from service.core.journal_export.exported import JOURNAL_FORMAT, ExportedEntry
from service.core.journal_import.attachments import sort_attachments, text_in
from service.core.journal_import.import_files import ImportFiles
from service.core.journal_import.imported import (
    NOTHING_IN_IT,
    TOO_LARGE_ENTRY,
    UNREADABLE_ENTRY,
    ImportedEntry,
    ImportItem,
    JournalFormat,
    LeftOutEntry,
)
from service.core.journal_import.json_stream import JsonElement, is_json, shape_of, stream_elements


def matches(files: ImportFiles) -> bool:
    """Return whether a file of the upload is journal.json, in the form that this service writes."""
    return next(_journals(files), None) is not None


def read(files: ImportFiles) -> Iterator[ImportItem]:
    """Yield the entries as they were, words untouched."""
    for name in _journals(files):
        number = 0
        for element in stream_elements(files, name):
            if element.key == "entries":
                number += 1
                yield _item(files, name, f"{name}, entry {number}", element)


def _journals(files: ImportFiles) -> Iterator[str]:
    for name in files.texts_like(is_json):
        shape = shape_of(files, name)
        if not shape.is_array and JOURNAL_FORMAT in shape.under("format"):
            yield name


def _item(files: ImportFiles, name: str, place: str, element: JsonElement) -> ImportItem:
    found: Any = element.value if isinstance(element.value, dict) else None
    if found is None:
        return LeftOutEntry(place, TOO_LARGE_ENTRY if element.is_too_large else UNREADABLE_ENTRY, words=element.raw)
    try:
        entry = ExportedEntry.from_json(found)
    except (KeyError, TypeError, ValueError):
        return LeftOutEntry(place, UNREADABLE_ENTRY, text_in(found.get("on")), text_in(found.get("words")))
    photos, left = sort_attachments(files, entry.photos, beside=name)
    if not entry.words and not photos:
        return LeftOutEntry(place, NOTHING_IN_IT, entry.on.isoformat())
    return ImportedEntry(
        place=place,
        words=entry.words,
        on=entry.on,
        at=entry.written_at,
        zone=entry.zone,
        question="" if entry.prompt else entry.question,
        photos=photos,
        tags=entry.tags,
        has_all_tags=True,
        source_id=entry.id,
        left_behind=left,
        prompt_id=entry.prompt,
        is_kept_out=entry.kept_out,
        changed_at=entry.changed_at,
    )


FORMAT: Final = JournalFormat("small_steps", "Small Steps", matches, read)
