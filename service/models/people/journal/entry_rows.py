"""The columns of entries that are read by the hundred or the thousand, without an object of the session for each."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import CursorResult, Executable
from sqlalchemy.orm import Session


class SearchRow(NamedTuple):
    """The columns of an entry that a search needs."""

    id: int
    written_on: date
    prompt_id: str | None
    sealed_words: bytes
    sealed_over: bytes | None
    sealed_tags: bytes | None


class TagRow(NamedTuple):
    """The columns of an entry that say its tags; the words are empty where the entry has a list of tags."""

    id: int
    sealed_tags: bytes | None
    sealed_words: bytes


class DigestRow(NamedTuple):
    """The columns of an entry that a digest needs."""

    id: int
    written_on: date
    prompt_id: str | None
    source: str
    is_kept_out: bool
    sealed_words: bytes


def execute_for_rows(session: Session, query: Executable) -> CursorResult[*tuple[Any, ...]]:
    """Return the rows of a query that wants no objects of the session, which double the time for thousands of rows."""
    if session.autoflush:
        session.flush()
    return session.connection().execute(query)
