"""Entries as pages show them: with the question that each answers and its photos."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from flask import abort

from service.core.library.prompts import Prompt
from service.flows.people.journal import journal
from service.flows.people.journal.journal import OpenEntry
from service.flows.people.journal.photos import entry_photos
from service.flows.people.journal.photos.entry_photos import OpenPhoto
from service.flows.people.settings import own_questions
from service.models import Entry
from service.web.browser import Visit
from service.web.context import get_runtime
from service.web.security.security import allow_photos


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
    ids = [entry.id for entry in entries]
    found = entry_photos.open_by_entry(visit.session, visit.keyring, visit.person, ids)
    if found:
        allow_photos()
    prompts = questions_of(visit, (entry.prompt_id for entry in entries))
    return [
        ShownEntry(opened, prompts.get(opened.prompt_id), found.get(opened.id, ()))
        for opened in journal.open_entries(visit.keyring, visit.person, entries)
    ]


def questions_of(visit: Visit, prompt_ids: Iterable[str | None]) -> Mapping[str | None, Prompt]:
    """Return the questions of these prompt ids, of the library and this person's own, as far as they are there."""
    return own_questions.prompts_of(visit.session, visit.keyring, get_runtime().library, visit.person, prompt_ids)


def question_of(visit: Visit, prompt_id: str | None) -> Prompt | None:
    """Return the question of a prompt id, of the library or this person's own, or None."""
    return questions_of(visit, [prompt_id]).get(prompt_id)


def entry_path(entry_id: int) -> str:
    """Return the path of an entry's page."""
    return f"/journal/entry/{entry_id}"
