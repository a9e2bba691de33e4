"""Journal entries: sealed when they are added, opened for their owner, edited."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from service.core.entry_text import WORDS_BYTES, for_showing, piece_key, restore_piece, split_at
from service.core.replies.values import TrimmedPiece
from service.core.schedule import writing_date
from service.core.sealing import DataKey
from service.db import random_id
from service.flows.people import frequency
from service.models import Entry, Keyring, Subscriber

MOST_COUNTED = 30_000  # the column is small; nothing asks for more than a dozen


@dataclass(frozen=True, slots=True)
class OpenEntry:
    """An entry with its words open, for its owner's eyes."""

    id: int
    written_on: date
    created_at: datetime
    changed_at: datetime | None
    prompt_id: str | None
    source: str
    is_kept_out: bool
    words: str = field(repr=False)
    has_more: bool


@dataclass(frozen=True, slots=True)
class WholeEntry:
    """An entry with all that was sent: the pieces that were left out, by their keys, and what ran over the cap."""

    entry: OpenEntry
    pieces: dict[str, TrimmedPiece] = field(repr=False)
    over: str = field(repr=False)


def add_entry(
    session: Session,
    keyring: Keyring,
    person: Subscriber,
    *,
    words: str,
    written_on: date,
    source: str,
    now: datetime,
    prompt_id: str | None = None,
    trimmed: Sequence[TrimmedPiece] = (),
    over: str = "",
    entry_id: int | None = None,
    by_person: bool = True,
) -> Entry:
    """Return the new entry, its words sealed; with an `entry_id` that stands already, the entry that stands.

    What goes beyond 256 kB of UTF-8 is kept with it as `over`. Answering a prompt is noted on the person, and so is
    that they are here, where it is sure that no program wrote it.
    """
    known = Entry.find(session, person.id, entry_id) if entry_id else None
    if known is not None:
        return known
    entry = Entry(
        id=entry_id or random_id(),
        subscriber_id=person.id,
        written_on=written_on,
        created_at=now,
        prompt_id=prompt_id,
        source=source,
    )
    _seal(keyring.key_of(person), entry, words, tuple(trimmed), over)
    session.add(entry)
    if prompt_id:
        person.prompts_answered = min(person.prompts_answered + 1, MOST_COUNTED)
        person.last_answered_on = writing_date(now, person.zone)
    if by_person:
        frequency.record_activity(session, person, now)
    session.flush()
    return entry


def open_entries(keyring: Keyring, person: Subscriber, entries: Sequence[Entry]) -> list[OpenEntry]:
    """Return a person's entries with their words open."""
    key = keyring.key_of(person)
    return [_opened(key, entry) for entry in entries]


def open_whole_entry(keyring: Keyring, person: Subscriber, entry: Entry) -> WholeEntry:
    """Return an entry with all that was sent."""
    key = keyring.key_of(person)
    pieces = {piece_key(piece): piece for piece in _trimmed(key, entry)}
    return WholeEntry(_opened(key, entry), pieces, for_showing(_over(key, entry)))


def edit_entry(keyring: Keyring, person: Subscriber, entry: Entry, words: str, now: datetime) -> None:
    """Put new words in the place of an entry's; when it was first written stays."""
    key = keyring.key_of(person)
    _seal(key, entry, words, _trimmed(key, entry), _over(key, entry))
    entry.changed_at = now


def restore_trimmed(keyring: Keyring, person: Subscriber, entry: Entry, chosen: str, now: datetime) -> bool:
    """Put a piece that was left out back into the words where it stood; say whether it was still left out."""
    key = keyring.key_of(person)
    pieces = _trimmed(key, entry)
    piece = next((piece for piece in pieces if piece_key(piece) == chosen), None)
    if piece is None:
        return False
    words, rest = restore_piece(_words(key, entry), piece, pieces)
    _seal(key, entry, words, rest, _over(key, entry))
    entry.changed_at = now
    return True


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
    )


def _seal(key: DataKey, entry: Entry, words: str, trimmed: Sequence[TrimmedPiece], over: str) -> None:
    shown, beyond = split_at(words.replace("\x00", "\ufffd"), WORDS_BYTES)
    over = beyond + over
    pieces = json.dumps([asdict(piece) for piece in trimmed])
    entry.sealed_words = key.seal_text(shown, place=f"entries.words:{entry.id}", random=os.urandom)
    entry.sealed_trimmed = (
        key.seal_text(pieces, place=f"entries.trimmed:{entry.id}", random=os.urandom) if trimmed else None
    )
    entry.sealed_over = key.seal_text(over, place=f"entries.over:{entry.id}", random=os.urandom) if over else None


def _words(key: DataKey, entry: Entry) -> str:
    return key.open_text(entry.sealed_words, place=f"entries.words:{entry.id}")


def _trimmed(key: DataKey, entry: Entry) -> tuple[TrimmedPiece, ...]:
    if entry.sealed_trimmed is None:
        return ()
    found = json.loads(key.open_text(entry.sealed_trimmed, place=f"entries.trimmed:{entry.id}"))
    return tuple(TrimmedPiece(**piece) for piece in found)


def _over(key: DataKey, entry: Entry) -> str:
    if entry.sealed_over is None:
        return ""
    return key.open_text(entry.sealed_over, place=f"entries.over:{entry.id}")
