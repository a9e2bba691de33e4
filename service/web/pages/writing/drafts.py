"""Drafts on the page where one writes: the one that it shows, saving it, and the days of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from flask import request

from service.core.journal.entry_text import wording_key
from service.flows.people.journal import drafts
from service.flows.people.journal.drafts import SeenDraft
from service.models import Draft, Entry, EntryDraft
from service.web.browser import Visit
from service.web.context import now


@dataclass(frozen=True, slots=True)
class ShownDraft:
    """The draft for a day as the page shows it, "" where there is none, and where there are other drafts.

    `entries` have been changed in drafts only.
    """

    on: date
    key: str
    words: str = field(default="", repr=False)
    other_days: Sequence[date] = ()
    entries: Sequence[Entry] = ()


def shown_draft(visit: Visit, on: date) -> ShownDraft:
    """Return this person's draft for a day."""
    words = drafts.draft_words(visit.session, visit.keyring, visit.person, on)
    days = [day for day in Draft.days(visit.session, visit.person.id) if day != on]
    entries = EntryDraft.entries_with_one(visit.session, visit.person.id)
    return ShownDraft(on, wording_key(words), words, days, entries)


def seen_draft(on: date) -> SeenDraft:
    """Return which draft this request's form showed; `on` is the day of a form that does not say."""
    try:
        shown_on = date.fromisoformat(request.form.get("draft_on", ""))
    except ValueError:
        shown_on = on
    return SeenDraft(shown_on, request.form.get("draft_seen", ""))


def save_draft(visit: Visit, on: date, words: str) -> None:
    """Store the words of this request's form as this person's draft for a day."""
    drafts.save_draft(visit.session, visit.keyring, visit.person, on, words=words, seen=seen_draft(on), now=now())


def drop_draft(visit: Visit, on: date) -> None:
    """Delete the draft that this request's form showed, since its words were saved."""
    drafts.drop_draft(visit.session, visit.keyring, visit.person, seen_draft(on))
