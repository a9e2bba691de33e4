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
    ImportedQuestion,
    ImportItem,
    JournalFormat,
    LeftOutEntry,
)
from service.core.journal_import.json_stream import JsonElement, is_json, shape_of, stream_elements
from service.core.library.own_question import own_id_of


def matches(files: ImportFiles) -> bool:
    """Return whether a file of the upload is journal.json, in the form that this service writes."""
    return next(_journals(files), None) is not None


def read(files: ImportFiles) -> Iterator[ImportItem]:
    """Yield the own questions, and the entries as they were, words untouched."""
    for name in _journals(files):
        number = asked = 0
        for element in stream_elements(files, name):
            if element.key == "entries":
                number += 1
                yield _item(files, name, f"{name}, entry {number}", element)
            elif element.key == "questions":
                asked += 1
                yield from _question(f"{name}, question {asked}", element)


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
    is_own = own_id_of(entry.prompt) is not None and bool(entry.question)
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
        prompt_id=None if is_own else entry.prompt,
        own_question=entry.question if is_own else "",
        is_kept_out=entry.kept_out,
        changed_at=entry.changed_at,
    )


def _question(place: str, element: JsonElement) -> Iterator[ImportItem]:
    words = text_in(element.value.get("words")) if isinstance(element.value, dict) else ""
    if words.strip():
        yield ImportedQuestion(place, words)


FORMAT: Final = JournalFormat("small_steps", "Small Steps", matches, read)
