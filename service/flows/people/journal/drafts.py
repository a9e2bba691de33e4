"""Drafts: words that a person keeps for later, sealed, one for each day; two windows at once lose neither text."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from service.core.journal.entry_text import wording_key
from service.core.sealing import DataKey
from service.models import Draft, Keyring, Subscriber


@dataclass(frozen=True, slots=True)
class SeenDraft:
    """Which draft a form showed: its day and its wording, by `wording_key`."""

    on: date
    key: str


def draft_words(session: Session, keyring: Keyring, person: Subscriber, on: date) -> str:
    """Return the words of a person's draft for a local date, or ""."""
    draft = Draft.find(session, person.id, on)
    return open_draft(keyring.key_of(person), draft) if draft else ""


def open_draft(key: DataKey, draft: Draft) -> str:
    """Return the words of a draft; `key` is its owner's."""
    return key.open_text(draft.sealed_words, place=_place(draft.subscriber_id, draft.written_on))


def save_draft(
    session: Session, keyring: Keyring, person: Subscriber, on: date, *, words: str, seen: SeenDraft, now: datetime
) -> None:
    """Store a draft for a local date in place of the one that its form showed; without words that one is removed.

    Where another window has saved other words for that day meanwhile, the draft has both, one below the other.
    """
    drop_draft(session, keyring, person, seen)
    stored = draft_words(session, keyring, person, on)
    added = f"\n\n{words}" if stored else words
    if words and words != stored and not stored.endswith(added):  # else the same form was here before
        both = stored + added
        sealed = keyring.key_of(person).seal_text(both, place=_place(person.id, on), random=os.urandom)
        Draft.put(session, person.id, on, sealed, now)


def drop_draft(session: Session, keyring: Keyring, person: Subscriber, seen: SeenDraft) -> None:
    """Delete the draft that a form showed, unless it was changed since."""
    stored = draft_words(session, keyring, person, seen.on)
    if stored and wording_key(stored) == seen.key:
        Draft.remove(session, person.id, seen.on)


def _place(subscriber_id: int, on: date) -> str:
    return f"drafts.words:{subscriber_id}:{on}"
