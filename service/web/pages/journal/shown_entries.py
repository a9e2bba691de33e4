"""Entries as pages show them: with the question that each answers and its photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from flask import abort

from service.core.library.prompts import Prompt
from service.flows.people import entry_photos, journal
from service.flows.people.entry_photos import OpenPhoto
from service.flows.people.journal import OpenEntry
from service.models import Entry
from service.web.browser import Visit
from service.web.context import get_runtime
from service.web.security import allow_photos


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry as a page shows it, with the question that it answers and its photos."""

    entry: OpenEntry
    prompt: Prompt | None
    photos: Sequence[OpenPhoto] = field(default=(), repr=False)


def own_entry(visit: Visit, entry_id: int) -> Entry:
    """Return one of this person's entries; any other id has no page (404)."""
    entry = Entry.find(visit.session, visit.person.id, entry_id)
    if entry is None:
        abort(404)
    return entry


def shown_entries(visit: Visit, entries: Sequence[Entry]) -> list[ShownEntry]:
    """Return entries of this person as a page shows them."""
    library = get_runtime().library
    ids = [entry.id for entry in entries]
    found = entry_photos.open_by_entry(visit.session, visit.keyring, visit.person, ids)
    if found:
        allow_photos()
    return [
        ShownEntry(opened, library.get(opened.prompt_id or ""), found.get(opened.id, ()))
        for opened in journal.open_entries(visit.keyring, visit.person, entries)
    ]


def entry_path(entry_id: int) -> str:
    """Return the path of an entry's page."""
    return f"/journal/entry/{entry_id}"
