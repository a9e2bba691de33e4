"""The values that reading a journal file yields: entries, and what cannot come in, with the reason in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from service.core.journal.tags import MOST_TAGS, SIGNS, distinct, is_tag, tags_in
from service.core.journal_import.reading.import_files import ImportFiles
from service.core.replies.values import TrimmedPiece

A_VIDEO = "a video"
A_SOUND = "a sound recording"
A_DOCUMENT = "a document"
A_MISSING_PHOTO = "a photo that wasn’t in the file"

MOST_ITEMS = 100_000  # of a file; ten entries a day for 27 years
TOO_MANY = "This file holds more than 100,000 entries. Export fewer years at a time."
NO_DATE = "It has no date that could be read."
NOTHING_IN_IT = "There was nothing in it."
ONLY_MISSING_PHOTO = "It’s only a photo, and that wasn’t in the file."
ONLY_LEFT_BEHIND = "It’s only {}, which can’t come in."
UNREADABLE_ENTRY = "It’s damaged and couldn’t be read."
TOO_LARGE_ENTRY = "It’s larger than an entry can be."


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedEntry:
    """One entry of a journal file; `place` says where in the file it stands.

    `on` is its local day. `at` is when it was written: aware where the file knows the instant, naive where it knows
    only the local time. An entry with an aware `at` may have no `on` yet: its day depends on `zone` (an IANA name).
    `photos` are references for `JournalFormat.photo`, and `photo_descriptions` say what some of them show. `source_id`
    names the entry within the service that it comes from, "" where that gives none. `left_behind` are the things of the
    entry that are not brought, each with "a".
    `prompt_id`, `own_question` (the owner's, which it answers), `is_kept_out`, `changed_at`, `earlier_words` (those
    before that change), `trimmed` (what the reader left out of a reply) and `draft_words` (of a change that was begun)
    are known in this service's own files alone, and only these are known to name all tags of an entry
    (`has_all_tags`), also those that are in its words.
    """

    place: str
    words: str = field(repr=False)
    on: date | None = None
    at: datetime | None = None
    zone: str = ""
    has_guessed_zone: bool = False
    question: str = field(default="", repr=False)
    photos: tuple[str, ...] = field(default=(), repr=False)
    photo_descriptions: dict[str, str] = field(default_factory=dict, repr=False)
    tags: tuple[str, ...] = field(default=(), repr=False)
    source_id: str = field(default="", repr=False)
    left_behind: tuple[str, ...] = ()
    prompt_id: str | None = None
    own_question: str = field(default="", repr=False)
    is_kept_out: bool = False
    has_all_tags: bool = False
    changed_at: datetime | None = None
    earlier_words: str | None = field(default=None, repr=False)
    trimmed: tuple[TrimmedPiece, ...] = field(default=(), repr=False)
    draft_words: str | None = field(default=None, repr=False)
    draft_saved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ImportedQuestion:
    """A question that the journal's owner wants to be asked; this service's own files alone have any."""

    place: str
    words: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ImportedDraft:
    """Words for a local day that were begun and not saved; this service's own files alone have any."""

    place: str
    on: date
    words: str = field(repr=False)
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class LeftOutEntry:
    """Something in the file that cannot come in: where it stands, the date as written, why, and its words."""

    place: str
    reason: str
    dated: str = ""
    words: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedExtras:
    """What this service's own file has besides entries, each as it stands there: steps, quiet dates, settings."""

    steps: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    quiet_dates: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    settings: dict[str, Any] | None = None

    @property
    def words(self) -> str:
        """Return "": nothing of it is an entry."""
        return ""


def reason_without(left_behind: Sequence[str]) -> str:
    """Return why an entry without words and photos is left out: by what it has that is not brought."""
    if not left_behind:
        return NOTHING_IN_IT
    return ONLY_MISSING_PHOTO if A_MISSING_PHOTO in left_behind else ONLY_LEFT_BEHIND.format(left_behind[0])


def text_of(entry: ImportedEntry) -> str:
    """Return what the journal keeps of an entry: the question above its words; below them, what can be no tag here."""
    question = "".join(f"> {line}\n" for line in entry.question.splitlines())
    others = " ".join(f"#{name}" for name in map(_tag_name, entry.tags) if not is_tag(name))
    parts = [question.rstrip(), entry.words, others]
    return "\n\n".join(part for part in parts if part)


def tags_of(entry: ImportedEntry) -> tuple[str, ...]:
    """Return the tags that an entry has in the journal: those of the file, and those in its words."""
    named = [name for name in map(_tag_name, entry.tags) if is_tag(name)]
    return distinct(named if entry.has_all_tags else [*tags_in(entry.words), *named])[:MOST_TAGS]


def _tag_name(tag: str) -> str:
    return "-".join(tag.lstrip(SIGNS).split())


ImportItem = ImportedEntry | ImportedQuestion | ImportedDraft | LeftOutEntry | ImportedExtras


@dataclass(frozen=True, slots=True)
class JournalFormat:
    """A kind of journal file. `title` is what people call it; `key` is stored.

    `matches` looks at the contents, never at the name of the file. `photo` returns the bytes of a photo by the
    reference that an entry has. `belongs` says whether a file of that name is a part of the format without an entry.
    """

    key: str
    title: str
    matches: Callable[[ImportFiles], bool]
    read: Callable[[ImportFiles], Iterator[ImportItem]]
    photo: Callable[[ImportFiles, str], bytes] = lambda files, name: files.read_bytes(name)
    belongs: Callable[[ImportFiles, str], bool] = lambda _files, _name: False


class RefusedFileError(Exception):
    """The file cannot be imported as a whole; the message is a sentence for its owner, without any of its content."""
