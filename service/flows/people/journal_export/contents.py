"""Reading a person's journal for an export: a few entries at a time, in short transactions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from service.core.journal.entry_text import for_showing
from service.core.journal_export.book_period import WHOLE_JOURNAL, BookPeriod
from service.core.journal_export.exported import ExportedDraft, ExportedEntry, ExportedQuestion, ExportedStep
from service.core.library.own_question import prompt_id_of
from service.core.library.prompts import Library
from service.core.sealing import DataKey
from service.db import Database
from service.flows.people.journal import journal, steps
from service.flows.people.journal.drafts import open_draft
from service.flows.people.journal.earlier_wording import open_earlier
from service.flows.people.journal.entry_drafts import open_entry_draft
from service.flows.people.journal.photos import entry_photos
from service.flows.people.journal.tags import open_tags
from service.flows.people.settings import own_questions
from service.flows.people.settings.own_questions import OpenQuestion
from service.models import Draft, EarlierWording, Entry, EntryDraft, Keyring, Photo, Step, Subscriber

ENTRIES_AT_A_TIME = 100


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry, its photos, its earlier wording and its draft as they are stored."""

    row: Entry
    photos: Sequence[Photo]
    earlier: EarlierWording | None = None
    draft: EntryDraft | None = None


@dataclass(frozen=True, slots=True)
class JournalContents:
    """The entries, steps, drafts and own questions of one person; all but the questions are read anew each time.

    `own` are the questions that the person has written, by prompt id.
    """

    database: Database
    keyring: Keyring = field(repr=False)
    library: Library = field(repr=False)
    person: Subscriber
    key: DataKey = field(repr=False)
    own: Mapping[str, OpenQuestion] = field(repr=False)
    period: BookPeriod = WHOLE_JOURNAL

    @classmethod
    def of(
        cls,
        database: Database,
        keyring: Keyring,
        library: Library,
        person: Subscriber,
        period: BookPeriod = WHOLE_JOURNAL,
    ) -> JournalContents:
        """Return the contents of a person's journal, or of a period of it."""
        with database.read() as session:
            found = own_questions.open_questions(session, keyring, person, removed=True)
        own = {prompt_id_of(question.id): question for question in found}
        return cls(database, keyring, library, person, keyring.key_of(person), own, period)

    def questions(self) -> list[ExportedQuestion]:
        """Return the person's own questions that are asked."""
        return [ExportedQuestion(str(each.id), each.words) for each in self.own.values() if not each.is_removed]

    def stored(self) -> Iterator[StoredEntry]:
        """Yield all entries of the period in the order of their days, sealed as they are."""
        last: Entry | None = None
        while True:
            with self.database.read() as session:
                rows = Entry.oldest_first(session, self.person.id, self.period, after=last, limit=ENTRIES_AT_A_TIME)
                ids = [row.id for row in rows]
                photos = entry_photos.by_entry(session, self.person, ids)
                earlier, drafts = EarlierWording.of_entries(session, ids), EntryDraft.of_entries(session, ids)
            for row in rows:
                yield StoredEntry(row, photos.get(row.id, ()), earlier.get(row.id), drafts.get(row.id))
            if len(rows) < ENTRIES_AT_A_TIME:
                return
            last = rows[-1]

    def opened(self, stored: StoredEntry, paths: Mapping[int, str]) -> ExportedEntry:
        """Return an entry opened, with those of its photos that have a path within the zip, by their ids."""
        row = stored.row
        photos = [photo for photo in stored.photos if photo.id in paths]
        opened = entry_photos.open_photos(self.keyring, self.person, photos)
        return ExportedEntry(
            id=str(row.id),
            on=row.written_on,
            written_at=row.created_at.astimezone(self.person.zone),
            zone=self.person.time_zone,
            words=journal.open_text(self.key, row),
            changed_at=row.changed_at,
            question=self.question_of(row),
            prompt=row.prompt_id,
            photos=tuple(paths[photo.id] for photo in photos),
            photo_descriptions=tuple(photo.description for photo in opened),
            tags=open_tags(self.key, row),
            kept_out=row.is_kept_out,
            left_out=journal.left_out_of(self.key, row),
            earlier_words=open_earlier(self.key, stored.earlier) if stored.earlier else None,
            draft_words=open_entry_draft(self.key, stored.draft) if stored.draft else None,
            draft_saved_at=stored.draft.saved_at if stored.draft else None,
        )

    def question_of(self, row: Entry) -> str:
        """Return the question that an entry answers, "" if there is none or it is no longer known."""
        if own := self.own.get(row.prompt_id or ""):
            return own.words
        prompt = self.library.get(row.prompt_id or "")
        return prompt.question if prompt else ""

    def steps(self) -> list[ExportedStep]:
        """Return all small steps, the newest first."""
        with self.database.read() as session:
            rows = Step.list_for(session, self.person.id)
        return [
            ExportedStep(
                id=str(step.id),
                words=step.words,
                chosen_on=step.chosen_on,
                state=step.state,
                answered_on=step.answered_on,
                entry=str(step.entry_id) if step.entry_id else None,
            )
            for step in steps.open_steps(self.keyring, self.person, rows)
        ]

    def drafts(self) -> list[ExportedDraft]:
        """Return what was begun and not saved, the earliest day first."""
        with self.database.read() as session:
            rows = Draft.list_for(session, self.person.id)
        return [
            ExportedDraft(
                on=row.written_on,
                words=open_draft(self.key, row),
                saved_at=row.saved_at.astimezone(self.person.zone),
            )
            for row in rows
        ]

    def months(self) -> list[date]:
        """Return the first day of each month with entries, the oldest first."""
        with self.database.read() as session:
            return Entry.months(session, self.person.id)[::-1]

    def shown_words(self, row: Entry) -> str:
        """Return all the words of an entry as text that can be shown."""
        return for_showing(journal.open_text(self.key, row))

    def tags_of(self, row: Entry) -> tuple[str, ...]:
        """Return the tags of an entry, without their signs."""
        return open_tags(self.key, row)
