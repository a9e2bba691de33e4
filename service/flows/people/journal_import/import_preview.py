"""The preview of an import: what a file is, what of it would come in, by year, and what would not."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any

from service.core.journal_import.reading.imported import (
    NO_DATE,
    ImportedDraft,
    ImportedEntry,
    ImportedExtras,
    ImportedQuestion,
    ImportItem,
    LeftOutEntry,
)
from service.core.sealing import DataKey
from service.core.text.sentences import one_line
from service.flows.people.journal_import.known_entries import EntryStanding, KnownEntries
from service.models import JournalImport

FIRST_DAY = date(1900, 1, 1)
IN_THE_FUTURE = "Its date lies in the future."
TOO_LONG_AGO = "Its date is too long ago to be right."
OTHER_WORDS = "It’s in your journal already, with other words."
LINES_A_YEAR = 3
LONGEST_LINE = 100


@dataclass(slots=True)
class YearPreview:
    """What a file has of one year, with the first lines of its first entries as (day, line)."""

    year: int
    entries: int = 0
    lines: list[tuple[str, str]] = field(default_factory=list, repr=False)


@dataclass(slots=True)
class ImportPreview:
    """What a file is, and what of it would come in; new, here, changed and left out add up to what was found.

    `items` are all items of the file, with own questions, of which `questions` would come in.
    `steps` and `drafts` are new ones. `brought_steps` and `brought_quiet_dates` are the ids of what came in, and
    `brought_drafts` days and wordings, to take it back by.
    """

    kind: str
    found: int = 0
    items: int = 0
    questions: int = 0
    new: int = 0
    already_here: int = 0
    changed: int = 0
    left_out: int = 0
    photos: int = 0
    first: str = ""
    last: str = ""
    has_guessed_zone: bool = False
    years: list[YearPreview] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    left_behind: dict[str, int] = field(default_factory=dict)
    refused: str = ""
    steps: int = 0
    drafts: int = 0
    settings: dict[str, Any] | None = None
    quiet_dates: list[dict[str, Any]] = field(default_factory=list, repr=False)
    brought_steps: list[int] = field(default_factory=list)
    brought_quiet_dates: list[int] = field(default_factory=list)
    brought_drafts: list[tuple[str, str]] = field(default_factory=list, repr=False)

    def seal(self, key: DataKey, row: JournalImport) -> None:
        """Store the preview, sealed, with its import."""
        text = json.dumps(asdict(self))
        row.sealed_preview = key.seal_text(text, place=f"journal_imports.preview:{row.id}", random=os.urandom)

    @classmethod
    def open(cls, key: DataKey, row: JournalImport) -> ImportPreview | None:
        """Return the stored preview of an import, or None."""
        if row.sealed_preview is None:
            return None
        found: dict[str, Any] = json.loads(key.open_text(row.sealed_preview, place=f"journal_imports.preview:{row.id}"))
        return cls(**found | {"years": [YearPreview(**year) for year in found["years"]]})


def make_preview(kind: str, items: Iterable[ImportItem], known: KnownEntries, today: date) -> ImportPreview:
    """Return the preview of a file's items; `today` is its owner's."""
    preview, years = ImportPreview(kind), dict[int, YearPreview]()
    reasons, left_behind = Counter[str](), Counter[str]()
    for item in items:
        preview.items += 1
        if isinstance(item, ImportedQuestion):
            preview.questions += not known.has_question(item.words)
            continue
        if isinstance(item, ImportedExtras):
            preview.steps = len(known.new_steps(item))
            preview.settings, preview.quiet_dates = item.settings, [*item.quiet_dates]
            continue
        entry = dated(item, today)
        if isinstance(entry, ImportedDraft):
            preview.drafts += not known.has_draft(entry)
            continue
        preview.found += 1
        if isinstance(entry, LeftOutEntry):
            preview.left_out += 1
            reasons[entry.reason] += 1
            continue
        standing = known.standing(entry)
        if standing is EntryStanding.NEW:
            known.add(entry)
            left_behind.update(entry.left_behind)
            _note(preview, years, entry)
        else:
            preview.already_here += standing is EntryStanding.HERE
            preview.changed += standing is EntryStanding.CHANGED
    preview.years = [years[year] for year in sorted(years)]
    preview.reasons, preview.left_behind = dict(reasons), dict(left_behind)
    return preview


def dated(
    item: ImportedEntry | ImportedDraft | LeftOutEntry, today: date
) -> ImportedEntry | ImportedDraft | LeftOutEntry:
    """Return an item; it is left out if it has no day, or one that no journal can have."""
    if isinstance(item, LeftOutEntry):
        return item
    reason = NO_DATE if item.on is None else ""
    if item.on is not None and item.on > today + timedelta(days=1):
        reason = IN_THE_FUTURE
    elif item.on is not None and item.on < FIRST_DAY:
        reason = TOO_LONG_AGO
    return LeftOutEntry(item.place, reason, str(item.on or ""), item.words) if reason else item


def _note(preview: ImportPreview, years: dict[int, YearPreview], entry: ImportedEntry) -> None:
    assert entry.on is not None
    on = entry.on.isoformat()
    preview.new += 1
    preview.photos += len(entry.photos)
    preview.has_guessed_zone = preview.has_guessed_zone or entry.has_guessed_zone
    preview.first = min(preview.first or on, on)
    preview.last = max(preview.last, on)
    year = years.setdefault(entry.on.year, YearPreview(entry.on.year))
    year.entries += 1
    line = one_line(entry.words[: 4 * LONGEST_LINE])
    if line and len(year.lines) < LINES_A_YEAR:
        year.lines.append((on, line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 1].rstrip()}…"))
