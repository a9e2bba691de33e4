"""Changing the words of an entry: the wording before is kept for a day, and can be put back."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from service.core.sealing import DataKey
from service.flows.people.journal import journal
from service.models import EarlierWording, Entry, Keyring, Subscriber

KEPT = timedelta(days=1)


def change_words(
    session: Session, keyring: Keyring, person: Subscriber, entry: Entry, *, words: str, now: datetime
) -> None:
    """Replace the words of an entry and keep those before; if they are the same, nothing changes."""
    before = _words_of(keyring, person, entry)
    if words == before:
        return
    journal.edit_entry(keyring, person, entry, words, now)
    if before:
        sealed = keyring.key_of(person).seal_text(before, place=_place(entry.id), random=os.urandom)
        EarlierWording.put(session, entry.id, sealed, now + KEPT)


def bring_earlier(session: Session, key: DataKey, entry: Entry, words: str, now: datetime) -> None:
    """Keep the earlier wording of an entry that is imported, as long as it would have been kept where it comes from."""
    if entry.changed_at is not None and entry.changed_at + KEPT > now:
        sealed = key.seal_text(words, place=_place(entry.id), random=os.urandom)
        EarlierWording.put(session, entry.id, sealed, min(entry.changed_at, now) + KEPT)


def has_earlier(session: Session, entry_id: int, now: datetime) -> bool:
    """Return whether the wording of an entry before its last change is kept."""
    return EarlierWording.find(session, entry_id, now) is not None


def earlier_words(session: Session, keyring: Keyring, person: Subscriber, entry: Entry, now: datetime) -> str | None:
    """Return the words of an entry before its last change, or None if they are not kept, or no longer."""
    kept = EarlierWording.find(session, entry.id, now)
    if kept is None:
        return None
    return open_earlier(keyring.key_of(person), kept)


def open_earlier(key: DataKey, kept: EarlierWording) -> str:
    """Return the words of an earlier wording; `key` is its owner's."""
    return key.open_text(kept.sealed_words, place=_place(kept.entry_id))


def put_back(session: Session, keyring: Keyring, person: Subscriber, entry: Entry, now: datetime) -> bool:
    """Exchange the words of an entry with the earlier ones; return whether there were any."""
    earlier = earlier_words(session, keyring, person, entry, now)
    if earlier is None:
        return False
    change_words(session, keyring, person, entry, words=earlier, now=now)
    return True


def _words_of(keyring: Keyring, person: Subscriber, entry: Entry) -> str:
    [opened] = journal.open_entries(keyring, person, [entry])
    return opened.words


def _place(entry_id: int) -> str:
    return f"earlier_wordings.words:{entry_id}"
