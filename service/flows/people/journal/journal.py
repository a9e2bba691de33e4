"""The journal: entries, sealed with their subscriber's data key."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Protocol

from sqlalchemy.orm import Session

from service.core.journal.entry_text import (
    WORDS_BYTES,
    for_showing,
    has_visible,
    line_key,
    piece_key,
    restore_piece,
    split_at,
    with_set_aside,
)
from service.core.replies.values import TrimmedPiece
from service.core.sealing import DataKey
from service.core.settings.schedule import writing_date
from service.db import random_id
from service.flows.people.journal import tags
from service.flows.people.settings import frequency
from service.models import Entry, Keyring, Subscriber

MAX_COUNTED = 30_000  # the column is a small integer, and no rule needs more than a dozen


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """An entry to add; `trimmed` and `over` are what the reply reader removed from the words.

    Words beyond 256 kB of UTF-8 are stored in front of `over`. An `entry_id` makes adding the same form twice harmless.
    Without `tags` the entry has those in its words.
    """

    words: str = field(repr=False)
    written_on: date
    source: str
    prompt_id: str | None = None
    trimmed: Sequence[TrimmedPiece] = field(default=(), repr=False)
    over: str = field(default="", repr=False)
    entry_id: int | None = None
    tags: Sequence[str] | None = field(default=None, repr=False)


class SealedText(Protocol):
    """The columns of an entry that hold its words."""

    @property
    def id(self) -> int:
        """Return the id of the entry, to which the words are bound."""

    @property
    def sealed_words(self) -> bytes:
        """Return the sealed words."""

    @property
    def sealed_over(self) -> bytes | None:
        """Return the sealed words beyond the size limit, or None."""


@dataclass(frozen=True, slots=True)
class OpenEntry:
    """An entry with its words opened, to show to its owner only."""

    id: int
    written_on: date
    created_at: datetime
    changed_at: datetime | None
    prompt_id: str | None
    source: str
    is_kept_out: bool
    words: str = field(repr=False)
    has_more: bool
    tags: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class WholeEntry:
    """An entry with all that was sent: the trimmed pieces by their keys, and the text beyond the size limit."""

    entry: OpenEntry
    pieces: dict[str, TrimmedPiece] = field(repr=False)
    over: str = field(repr=False)


def add_entry(
    session: Session, keyring: Keyring, person: Subscriber, new: NewEntry, now: datetime, *, by_person: bool = True
) -> Entry:
    """Add an entry with sealed words and return it, or return the existing one with this id, put back if it is deleted.

    Answering a prompt is counted on the subscriber. It also counts as activity, unless a program may have written it
    (`by_person` is false).
    """
    existing = _existing(session, person, new.entry_id) if new.entry_id else None
    if existing is not None:
        return existing
    entry = Entry(
        id=new.entry_id or random_id(),
        subscriber_id=person.id,
        written_on=new.written_on,
        created_at=now,
        prompt_id=new.prompt_id,
        source=new.source,
    )
    _seal_new(keyring.key_of(person), entry, new)
    session.add(entry)
    if new.prompt_id:
        person.prompts_answered = min(person.prompts_answered + 1, MAX_COUNTED)
        person.last_answered_on = writing_date(now, person.zone)
    if by_person:
        frequency.record_activity(session, person, now)
    session.flush()
    return entry


def add_imported(session: Session, key: DataKey, person: Subscriber, new: NewEntry, written_at: datetime) -> Entry:
    """Add an entry that was written elsewhere, at an instant; it counts neither as an answer nor as activity."""
    entry = Entry(
        id=random_id(),
        subscriber_id=person.id,
        written_on=new.written_on,
        created_at=written_at,
        prompt_id=new.prompt_id,
        source=new.source,
    )
    _seal_new(key, entry, new)
    if new.tags is not None:
        tags.store_tags(key, entry, new.tags)
    session.add(entry)
    return entry


def open_entries(keyring: Keyring, person: Subscriber, entries: Sequence[Entry]) -> list[OpenEntry]:
    """Return a subscriber's entries with their words opened."""
    key = keyring.key_of(person)
    return [_opened(key, entry) for entry in entries]


def open_whole_entry(keyring: Keyring, person: Subscriber, entry: Entry) -> WholeEntry:
    """Return an entry with all that was sent, except trimmed pieces without visible text."""
    key = keyring.key_of(person)
    pieces = {piece_key(piece): piece for piece in left_out_of(key, entry) if has_visible(piece.text)}
    return WholeEntry(_opened(key, entry), pieces, for_showing(_over(key, entry)))


def open_text(key: DataKey, entry: SealedText) -> str:
    """Return all the words of an entry, those beyond the size limit included, as they were stored."""
    return open_encoded(key, entry).decode("utf-8", "surrogatepass")


def open_encoded(key: DataKey, entry: SealedText) -> bytes:
    """Return what `open_text` does, as UTF-8 in which lone surrogates may stand."""
    words = key.open(entry.sealed_words, place=f"entries.words:{entry.id}")
    if entry.sealed_over is None:
        return words
    return words + key.open(entry.sealed_over, place=f"entries.over:{entry.id}")


def left_out_of(key: DataKey, entry: Entry) -> tuple[TrimmedPiece, ...]:
    """Return the pieces that the reply reader left out of an entry's words."""
    if entry.sealed_trimmed is None:
        return ()
    pieces = json.loads(key.open_text(entry.sealed_trimmed, place=f"entries.trimmed:{entry.id}"))
    return tuple(TrimmedPiece(**piece) for piece in pieces)


def edit_entry(keyring: Keyring, person: Subscriber, entry: Entry, words: str, now: datetime) -> None:
    """Replace the words of an entry; its creation time does not change."""
    key = keyring.key_of(person)
    _seal(key, entry, words, left_out_of(key, entry), _over(key, entry))
    entry.changed_at = now


def restore_trimmed(keyring: Keyring, person: Subscriber, entry: Entry, chosen: str, now: datetime) -> bool:
    """Restore the trimmed piece with the key `chosen` to its place in the words; return whether there was one."""
    key = keyring.key_of(person)
    pieces = left_out_of(key, entry)
    piece = next((piece for piece in pieces if piece_key(piece) == chosen), None)
    if piece is None:
        return False
    words, remaining = restore_piece(_words(key, entry), piece, pieces)
    _seal(key, entry, words, remaining, _over(key, entry))
    entry.changed_at = now
    return True


def restore_set_aside(keyring: Keyring, person: Subscriber, entry: Entry, now: datetime) -> None:
    """Restore every trimmed piece that was set aside to its place in the words; without one nothing changes."""
    key = keyring.key_of(person)
    words, pieces = _words(key, entry), left_out_of(key, entry)
    restored, remaining = with_set_aside(words, pieces)
    if remaining != pieces:
        _seal(key, entry, restored, remaining, _over(key, entry))
        entry.changed_at = now


def has_set_aside(keyring: Keyring, person: Subscriber, entry: Entry) -> bool:
    """Return whether a trimmed piece of the entry is set aside."""
    return any(piece.set_aside for piece in left_out_of(keyring.key_of(person), entry))


def lines_of(keyring: Keyring, person: Subscriber, entries: Sequence[Entry]) -> set[str]:
    """Return the lines of these entries and of what was trimmed from them, each as `line_key` has it."""
    key = keyring.key_of(person)
    texts = [
        text for entry in entries for text in (_words(key, entry), *(piece.text for piece in left_out_of(key, entry)))
    ]
    return {line_key(line) for text in texts for line in text.splitlines()}


def _existing(session: Session, person: Subscriber, entry_id: int) -> Entry | None:
    deleted = Entry.find_deleted(session, person.id, entry_id)
    if deleted is not None:  # the same form came once more
        deleted.deleted_at = None
    return deleted or Entry.find(session, person.id, entry_id)


def _opened(key: DataKey, entry: Entry) -> OpenEntry:
    return OpenEntry(
        id=entry.id,
        written_on=entry.written_on,
        created_at=entry.created_at,
        changed_at=entry.changed_at,
        prompt_id=entry.prompt_id,
        source=entry.source,
        is_kept_out=entry.is_kept_out,
        words=for_showing(_words(key, entry)),
        has_more=entry.sealed_trimmed is not None or entry.sealed_over is not None,
        tags=tags.open_tags(key, entry),
    )


def _seal_new(key: DataKey, entry: Entry, new: NewEntry) -> None:
    _seal(key, entry, new.words, [piece for piece in new.trimmed if has_visible(piece.text)], new.over)


def _seal(key: DataKey, entry: Entry, words: str, trimmed: Sequence[TrimmedPiece], over: str) -> None:
    shown, beyond = split_at(words.replace("\x00", "\ufffd"), WORDS_BYTES)
    over = beyond + over
    pieces = json.dumps([asdict(piece) for piece in trimmed])
    tags.follow_words(key, entry, shown)
    entry.sealed_words = key.seal_text(shown, place=f"entries.words:{entry.id}", random=os.urandom)
    entry.sealed_trimmed = (
        key.seal_text(pieces, place=f"entries.trimmed:{entry.id}", random=os.urandom) if trimmed else None
    )
    entry.sealed_over = key.seal_text(over, place=f"entries.over:{entry.id}", random=os.urandom) if over else None


def _words(key: DataKey, entry: SealedText) -> str:
    return key.open_text(entry.sealed_words, place=f"entries.words:{entry.id}")


def _over(key: DataKey, entry: SealedText) -> str:
    if entry.sealed_over is None:
        return ""
    return key.open_text(entry.sealed_over, place=f"entries.over:{entry.id}")
