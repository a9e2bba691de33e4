"""This service's own export, brought back: journal.json, with its photos."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from service.core.journal.entry_text import WORDS_BYTES
from service.core.journal_export.exported import JOURNAL_FORMAT, ExportedDraft, ExportedEntry, ExportedStep
from service.core.journal_import.reading.attachments import sort_attachments, text_in
from service.core.journal_import.reading.import_files import ImportFiles
from service.core.journal_import.reading.imported import (
    NO_DATE,
    NOTHING_IN_IT,
    TOO_LARGE_ENTRY,
    UNREADABLE_ENTRY,
    ImportedDraft,
    ImportedEntry,
    ImportedExtras,
    ImportedQuestion,
    ImportItem,
    JournalFormat,
    LeftOutEntry,
    reason_without,
)
from service.core.journal_import.reading.json_stream import JsonElement, is_json, shape_of, stream_elements
from service.core.library.own_question import own_id_of

ABOUT_FORMATS: Final = (1, 2)  # of about-me.json
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2200
LONGEST_STEP: Final = 2000
MOST_STEPS: Final = 5000
MOST_DATES: Final = 60
_CALLED: Final = {"entries": "entry", "questions": "question", "drafts": "draft", "steps": "step"}
_BESIDE: Final = re.compile(
    r"((?:[^/]+/)*?)(?:README\.txt|index\.html|manifest\.json|about-me\.json|journal/\d{4}-\d{2}\.md|mails/[^/]+\.eml)$"
)
TOO_MANY_STEPS: Final = "The file has more small steps than can come in at once."


def matches(files: ImportFiles) -> bool:
    """Return whether a file of the upload is journal.json, in the form that this service writes."""
    return next(_journals(files), None) is not None


def read(files: ImportFiles) -> Iterator[ImportItem]:
    """Yield the own questions, the entries and the drafts as they were, words untouched; last the rest."""
    steps: list[dict[str, Any]] = []
    for name in _journals(files):
        numbers = Counter[str]()
        for element in stream_elements(files, name):
            numbers[element.key] += 1
            place = f"{name}, {_CALLED.get(element.key, '')} {numbers[element.key]}"
            if element.key == "entries":
                yield _item(files, name, place, element)
            elif element.key == "questions":
                yield from _question(place, element)
            elif element.key == "drafts":
                yield from _draft(place, element)
            elif element.key == "steps":
                yield from _step(place, element, steps)
    quiet_dates, settings = _about(files)
    if steps or quiet_dates or settings:
        yield ImportedExtras(steps=tuple(steps), quiet_dates=tuple(quiet_dates), settings=settings)


def _journals(files: ImportFiles) -> Iterator[str]:
    for name in files.texts_like(is_json):
        shape = shape_of(files, name)
        if not shape.is_array and JOURNAL_FORMAT in shape.under("format"):
            yield name


def _step(place: str, element: JsonElement, steps: list[dict[str, Any]]) -> Iterator[LeftOutEntry]:
    """Add a step to the others, or yield it with the reason why it cannot come in."""
    if reason := _reason_against(element, len(steps)):
        words = text_in(element.value.get("words")) if isinstance(element.value, dict) else element.raw
        yield LeftOutEntry(place, reason, words=words)
    else:
        steps.append(element.value)


def _reason_against(element: JsonElement, steps: int) -> str:
    """Return why a step cannot come in, after so many others; "" if it can."""
    if element.is_too_large:
        return TOO_LARGE_ENTRY
    try:
        step = ExportedStep.from_json(element.value)
    except (KeyError, TypeError, ValueError):
        return UNREADABLE_ENTRY
    if not step.words.strip():
        return NOTHING_IN_IT
    if not FIRST_YEAR <= step.chosen_on.year <= LAST_YEAR:
        return NO_DATE
    return TOO_LARGE_ENTRY if len(step.words) > LONGEST_STEP else TOO_MANY_STEPS if steps >= MOST_STEPS else ""


def _about(files: ImportFiles) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """Return the quiet dates and the settings in about-me.json, if it is there; a damaged part is passed over."""
    quiet_dates: list[dict[str, Any]] = []
    settings: dict[str, Any] | None = None
    for name in files.texts_like(is_json):
        if not {*ABOUT_FORMATS} & {each for each in shape_of(files, name).under("about") if isinstance(each, int)}:
            continue
        for element in stream_elements(files, name):
            if element.key == "settings" and isinstance(element.value, dict):
                settings = element.value
            elif element.key == "quiet_dates" and isinstance(element.value, dict) and len(quiet_dates) < MOST_DATES:
                quiet_dates.append(element.value)
    return quiet_dates, settings


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
    described = zip(entry.photos, entry.photo_descriptions, strict=False)
    descriptions = {found: said for path, said in described if said and (found := files.find(path, name))}
    if not (entry.words or photos or entry.left_out or entry.draft_words):
        return LeftOutEntry(place, reason_without(left), entry.on.isoformat())
    return ImportedEntry(
        place=place,
        words=entry.words,
        on=entry.on,
        at=entry.written_at,
        zone=entry.zone,
        question="" if entry.prompt else entry.question,
        photos=photos,
        photo_descriptions=descriptions,
        tags=entry.tags,
        has_all_tags=True,
        source_id=entry.id,
        left_behind=left,
        prompt_id=None if is_own else entry.prompt,
        own_question=entry.question if is_own else "",
        is_kept_out=entry.kept_out,
        changed_at=entry.changed_at,
        earlier_words=entry.earlier_words,
        trimmed=entry.left_out,
        draft_words=entry.draft_words or None,
        draft_saved_at=entry.draft_saved_at,
    )


def _question(place: str, element: JsonElement) -> Iterator[ImportItem]:
    words = text_in(element.value.get("words")) if isinstance(element.value, dict) else ""
    if words.strip():
        yield ImportedQuestion(place, words)


def _draft(place: str, element: JsonElement) -> Iterator[ImportItem]:
    found: Any = element.value if isinstance(element.value, dict) else {}
    try:
        draft = ExportedDraft.from_json(found)
    except (KeyError, TypeError, ValueError):
        reason = TOO_LARGE_ENTRY if element.is_too_large else UNREADABLE_ENTRY
        yield LeftOutEntry(place, reason, text_in(found.get("on")), text_in(found.get("words")) or element.raw)
        return
    if draft.words.strip():
        is_too_large = len(draft.words.encode("utf-8", "replace")) > WORDS_BYTES
        left_out = LeftOutEntry(place, TOO_LARGE_ENTRY, draft.on.isoformat(), draft.words)
        yield left_out if is_too_large else ImportedDraft(place, draft.on, draft.words, draft.saved_at)


def _belongs(files: ImportFiles, name: str) -> bool:
    """Return whether a file is one of those beside journal.json, whose words are in that too, or about-me.json."""
    found = _BESIDE.match(name)
    return found is not None and files.has(f"{found[1]}journal.json")


FORMAT: Final = JournalFormat("small_steps", "Small Steps", matches, read, belongs=_belongs)
