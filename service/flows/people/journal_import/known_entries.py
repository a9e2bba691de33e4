"""Which entries of a file are in the journal already: by their id in the other service, or by their day and words."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from sqlalchemy.orm import Session

from service.core.journal_export.exported import ExportedStep
from service.core.journal_import.reading.imported import ImportedDraft, ImportedEntry, ImportedExtras, text_of
from service.core.sealing import IndexKey
from service.core.text.sentences import one_line
from service.flows.people.journal import journal, steps
from service.flows.people.journal.drafts import open_draft
from service.flows.people.settings import own_questions
from service.models import Draft, Entry, ImportedEntryRow, Keyring, Step, Subscriber

OWN_FORMAT = "small"


class EntryStanding(Enum):
    """How an entry of a file stands to the journal."""

    NEW = "new"
    HERE = "here"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class KnownEntries:
    """The entries of one person's journal, as far as duplicates are told by them."""

    index: IndexKey = field(repr=False)
    subscriber_id: int
    family: str
    _words: set[bytes] = field(default_factory=set, repr=False)
    _sources: set[bytes] = field(default_factory=set, repr=False)
    _questions: set[str] = field(default_factory=set, repr=False)
    _steps: set[bytes] = field(default_factory=set, repr=False)
    _drafts: dict[date, str] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, session: Session, keyring: Keyring, person: Subscriber, format_key: str) -> KnownEntries:
        """Return what is known for files of a format; every entry is opened, in memory alone."""
        known = cls(keyring.index, person.id, format_key.partition("_")[0])
        known._sources.update(ImportedEntryRow.source_macs(session, person.id))
        known._questions.update(own.words for own in own_questions.open_questions(session, keyring, person))
        key = keyring.key_of(person)
        for row in Entry.newest_first(session, person.id, date.min, date.max):
            known._words.add(_digest(row.written_on, journal.open_text(key, row)))
            if known.family == OWN_FORMAT:
                known._sources.add(known._mac(str(row.id)))
        for step in steps.open_steps(keyring, person, Step.list_for(session, person.id)):
            known._steps.add(_digest(step.chosen_on, step.words))
        for draft in Draft.list_for(session, person.id):
            known._drafts[draft.written_on] = open_draft(key, draft)
        return known

    def has_question(self, words: str) -> bool:
        """Return whether a question is one of the person's own already."""
        return one_line(words) in self._questions

    def standing(self, entry: ImportedEntry) -> EntryStanding:
        """Return how an entry that has its local day stands to the journal."""
        assert entry.on is not None
        words = text_of(entry)
        if words and _digest(entry.on, words) in self._words:
            return EntryStanding.HERE
        source = self.source_mac(entry)
        if source is None or source not in self._sources:
            return EntryStanding.NEW
        return EntryStanding.CHANGED if words else EntryStanding.HERE

    def add(self, entry: ImportedEntry) -> None:
        """Note an entry that comes in."""
        assert entry.on is not None
        self._words.add(_digest(entry.on, text_of(entry)))
        source = self.source_mac(entry)
        if source is not None:
            self._sources.add(source)

    def has_draft(self, draft: ImportedDraft) -> bool:
        """Return whether the words of a draft are in the person's draft for its day, or in an entry of that day."""
        stored, words = self._drafts.get(draft.on, ""), draft.words
        is_kept = stored == words or stored.endswith(f"\n\n{words}")
        return is_kept or _digest(draft.on, words) in self._words

    def new_steps(self, extras: ImportedExtras) -> list[ExportedStep]:
        """Return the steps of a file that are not among the person's, each once."""
        found = [ExportedStep.from_json(values) for values in extras.steps]
        new = {_digest(step.chosen_on, step.words): step for step in reversed(found)}
        return [step for digest, step in reversed(new.items()) if digest not in self._steps]

    def source_mac(self, entry: ImportedEntry) -> bytes | None:
        """Return the keyed hash of an entry's id in its service; of photos without words or an id, of their names."""
        source = entry.source_id or ("" if entry.words else f"{entry.on} {' '.join(entry.photos)}")
        return self._mac(source) if source else None

    def _mac(self, source: str) -> bytes:
        return mac_of(self.index, self.subscriber_id, self.family, source)


def mac_of(index: IndexKey, subscriber_id: int, family: str, source: str) -> bytes:
    """Return the keyed hash of an id in the family of formats that a file is from, for one person."""
    return index.digest(f"imported:{subscriber_id}", f"{family}:{source}".encode("utf-8", "replace"))


def _digest(on: date, words: str) -> bytes:
    """Return a digest of a day and its words: NFKC, case-folded, with white space as one."""
    folded = " ".join(unicodedata.normalize("NFKC", words).casefold().split())
    return hashlib.sha256(f"{on.isoformat()}\n{folded}".encode("utf-8", "replace")).digest()
