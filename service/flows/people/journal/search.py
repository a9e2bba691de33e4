"""Searching a person's journal: their entries are opened one after another in memory, and no search index is stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.orm import Session

from service.core.journal.entry_text import for_showing
from service.core.journal.tags import folded_tag
from service.core.text.search_query import Excerpt, SearchQuery
from service.flows.people.journal.journal import open_encoded
from service.flows.people.journal.tags import open_tags
from service.models import Entry, Keyring, Subscriber

ENTRIES_A_PAGE = 20


@dataclass(frozen=True, slots=True)
class FoundEntry:
    """An entry with every term and tag of a query, and its first sentences with hits."""

    id: int
    written_on: date
    prompt_id: str | None
    excerpts: list[Excerpt] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A page of found entries, the newest first; `is_last` if no older entry has the terms."""

    entries: list[FoundEntry]
    is_last: bool


def search(
    session: Session,
    keyring: Keyring,
    person: Subscriber,
    query: SearchQuery,
    *,
    first: date = date.min,
    last: date = date.max,
    before: int | None = None,
) -> SearchResult:
    """Return one page of a person's entries between two local dates that have every term and tag of a query.

    `before` is the id of the last entry of the page before; entries are searched until a page is full.
    """
    key = keyring.key_of(person)
    found: list[FoundEntry] = []
    newest = Entry.find(session, person.id, before) if before is not None else None
    for entry in Entry.newest_first(session, person.id, first, last, before=newest, with_tags=bool(query.tags)):
        if query.tags and not query.tags <= {*map(folded_tag, open_tags(key, entry))}:
            continue
        encoded = open_encoded(key, entry)
        if not query.may_be_in(encoded):
            continue
        text = for_showing(encoded.decode("utf-8", "surrogatepass"))
        if not query.is_in(text):
            continue
        if len(found) == ENTRIES_A_PAGE:
            return SearchResult(found, is_last=False)
        found.append(FoundEntry(entry.id, entry.written_on, entry.prompt_id, query.excerpts(text)))
    return SearchResult(found, is_last=True)
