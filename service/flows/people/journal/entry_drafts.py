"""Drafts of entries: words that a person wants to change an entry to, later; two windows at once lose neither text."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from service.core.journal.entry_text import wording_key
from service.core.sealing import DataKey
from service.models import Entry, EntryDraft, Keyring, Subscriber


@dataclass(frozen=True, slots=True)
class OpenEntryDraft:
    """The draft of an entry; `is_behind` says that the entry's words were changed after the draft was saved."""

    words: str = field(repr=False)
    is_behind: bool


def find_draft(session: Session, keyring: Keyring, person: Subscriber, entry: Entry) -> OpenEntryDraft | None:
    """Return the draft of an entry, or None."""
    draft = EntryDraft.find(session, entry.id)
    if draft is None:
        return None
    is_behind = entry.changed_at is not None and entry.changed_at > draft.saved_at
    return OpenEntryDraft(open_entry_draft(keyring.key_of(person), draft), is_behind)


def open_entry_draft(key: DataKey, draft: EntryDraft) -> str:
    """Return the words of a draft; `key` is its owner's."""
    return key.open_text(draft.sealed_words, place=_place(draft.entry_id))


def save_draft(
    session: Session, keyring: Keyring, person: Subscriber, entry: Entry, *, words: str, seen: str, now: datetime
) -> None:
    """Store the draft of an entry in place of the one that its form showed, which `seen` names by `wording_key`.

    Without words that one is removed. Where another window has saved another draft meanwhile, both are kept, one below
    the other.
    """
    drop_draft(session, keyring, person, entry, seen=seen)
    found = find_draft(session, keyring, person, entry)
    stored = found.words if found else ""
    added = f"\n\n{words}" if stored else words
    if words and words != stored and not stored.endswith(added):  # else the same form was here before
        sealed = keyring.key_of(person).seal_text(stored + added, place=_place(entry.id), random=os.urandom)
        EntryDraft.put(session, entry.id, sealed, now)


def bring_draft(session: Session, key: DataKey, entry: Entry, words: str, saved_at: datetime) -> None:
    """Store the draft of an entry that is imported; the entry is new, so it has no other."""
    EntryDraft.put(session, entry.id, key.seal_text(words, place=_place(entry.id), random=os.urandom), saved_at)


def drop_draft(session: Session, keyring: Keyring, person: Subscriber, entry: Entry, *, seen: str) -> None:
    """Delete the draft of an entry that a form showed, unless it was changed since."""
    found = find_draft(session, keyring, person, entry)
    if found is not None and wording_key(found.words) == seen:
        EntryDraft.remove(session, entry.id)


def _place(entry_id: int) -> str:
    return f"entry_drafts.words:{entry_id}"
