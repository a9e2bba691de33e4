"""One chunk of an import: its entries with their photos, and what of it is left out, written in one transaction."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, time, timedelta

from sqlalchemy.orm import Session

from service.core.journal_export.exported import ExportedStep
from service.core.journal_import.reading.imported import (
    ImportedDraft,
    ImportedEntry,
    ImportedQuestion,
    LeftOutEntry,
    tags_of,
    text_of,
)
from service.core.sealing import DataKey
from service.flows.people.journal import earlier_wording, entry_drafts, journal
from service.flows.people.journal.journal import NewEntry
from service.flows.people.journal.photos import entry_photos
from service.flows.people.journal.photos.entry_photos import ProcessedPhoto
from service.flows.people.journal_import.brought_questions import BroughtQuestions
from service.models import Entry, ImportedEntryRow, ImportLeftover, JournalImport, Subscriber
from service.models.people.journal.entry import IMPORTED

MOST_ITEMS = 100
MOST_PHOTOS = 20
NOON = time(12)
WITHOUT = "It’s in your journal, without "
NO_ROOM = "There’s no room for another question of yours."


@dataclass(frozen=True, slots=True)
class BroughtEntry:
    """An entry that comes in, its place in the file, its photos in the object store, and the hash of its id."""

    position: int
    entry: ImportedEntry = field(repr=False)
    photos: tuple[ProcessedPhoto, ...]
    source_mac: bytes | None = field(repr=False)


@dataclass(slots=True)
class ImportChunk:
    """The next items of an import, not written yet."""

    position: int
    brought: list[BroughtEntry] = field(default_factory=list, repr=False)
    left_out: list[tuple[int, LeftOutEntry]] = field(default_factory=list, repr=False)
    already_here: int = 0
    questions: list[tuple[int, ImportedQuestion]] = field(default_factory=list, repr=False)
    drafts: list[ImportedDraft] = field(default_factory=list, repr=False)
    steps: list[ExportedStep] = field(default_factory=list, repr=False)

    @property
    def is_full(self) -> bool:
        """Return whether the chunk is to be written now."""
        items = len(self.brought) + len(self.left_out) + self.already_here + len(self.questions) + len(self.drafts)
        return items >= MOST_ITEMS or sum(len(each.photos) for each in self.brought) >= MOST_PHOTOS

    @property
    def object_names(self) -> set[str]:
        """Return the names of its photos in the object store."""
        return {photo.stored_as for each in self.brought for photo in each.photos}

    def write(self, session: Session, row: JournalImport, person: Subscriber, key: DataKey, now: datetime) -> None:
        """Write the chunk and count it; the caller holds the lock on the row."""
        brought = BroughtQuestions(session, key, person, row.id, now)
        self.left_out += [
            (position, LeftOutEntry(question.place, NO_ROOM, words=question.words))
            for position, question in self.questions
            if not brought.add(question.words)
        ]
        pairs = [(each, _add_entry(brought, row, each)) for each in self.brought]
        session.flush()
        for each, entry in pairs:
            session.add(
                ImportedEntryRow(
                    entry_id=entry.id, import_id=row.id, subscriber_id=person.id, source_mac=each.source_mac
                )
            )
            entry_photos.keep(session, entry, each.photos, now)
            if each.entry.earlier_words is not None:
                earlier_wording.bring_earlier(session, key, entry, each.entry.earlier_words, now)
            if each.entry.draft_words is not None:
                saved_at = _no_later(row, each.entry.draft_saved_at or now)
                entry_drafts.bring_draft(session, key, entry, each.entry.draft_words, saved_at)
        notes = [(each.position, note) for each in self.brought if (note := _note_of(each.entry)) is not None]
        session.add_all(_leftovers(key, row, [*self.left_out, *notes]))
        row.position = self.position
        row.brought += len(self.brought)
        row.left_out += len(self.left_out)
        row.already_here += self.already_here
        row.photos += len(self.object_names)
        row.failures = 0


def open_leftover(key: DataKey, import_id: int, position: int, sealed: bytes) -> LeftOutEntry:
    """Return what was left out."""
    return LeftOutEntry(**json.loads(key.open_text(sealed, place=_leftover_place(import_id, position))))


def _add_entry(questions: BroughtQuestions, row: JournalImport, each: BroughtEntry) -> Entry:
    imported, person = each.entry, questions.person
    assert imported.on is not None
    new = NewEntry(
        words=text_of(imported),
        written_on=imported.on,
        source=IMPORTED,
        prompt_id=questions.answered(imported.own_question) if imported.own_question else imported.prompt_id,
        trimmed=imported.trimmed,
        tags=tags_of(imported),
    )
    written_at = min(questions.now, _written_at(person, each))
    entry = journal.add_imported(questions.session, questions.key, person, new, written_at)
    entry.changed_at = _no_later(row, imported.changed_at) if imported.changed_at else None
    entry.is_kept_out = imported.is_kept_out or not row.wants_digests
    return entry


def _no_later(row: JournalImport, at: datetime) -> datetime:
    """Return an instant that is not after the start of an import: what lies after it counts as changed since."""
    return min(at, row.started_at or row.created_at)


def _written_at(person: Subscriber, each: BroughtEntry) -> datetime:
    """Return when an entry was written; where only its day is known, noon there, in the order of the file."""
    at, on = each.entry.at, each.entry.on
    assert on is not None
    try:
        if at is not None:
            return (at if at.tzinfo is not None else at.replace(tzinfo=person.zone)).astimezone(UTC)
        noon = datetime.combine(on, NOON, tzinfo=person.zone).astimezone(UTC)
    except OverflowError:
        noon = datetime.combine(on, NOON, tzinfo=UTC)
    return noon + timedelta(microseconds=each.position)


def _note_of(entry: ImportedEntry) -> LeftOutEntry | None:
    if not entry.left_behind:
        return None
    return LeftOutEntry(entry.place, f"{WITHOUT}{', '.join(entry.left_behind)}.", str(entry.on))


def _leftovers(key: DataKey, row: JournalImport, items: Sequence[tuple[int, LeftOutEntry]]) -> list[ImportLeftover]:
    return [
        ImportLeftover(
            import_id=row.id,
            position=position,
            sealed_item=key.seal_text(
                json.dumps(asdict(item)), place=_leftover_place(row.id, position), random=os.urandom
            ),
        )
        for position, item in items
    ]


def _leftover_place(import_id: int, position: int) -> str:
    return f"import_leftovers.item:{import_id}:{position}"
