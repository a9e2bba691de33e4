"""Deleting exports after their week."""

from __future__ import annotations

from datetime import datetime

from service.db import Database
from service.flows.people.journal.photos.entry_photos import remove_objects
from service.flows.people.journal_export.exports import discard
from service.models import JournalExport
from service.storage import Storage


def prune_exports(database: Database, storage: Storage, now: datetime, limit: int) -> bool:
    """Delete some exports whose time is over, with their files; return whether there may be more."""
    names: set[str] = set()
    with database.write() as session:
        expired = JournalExport.list_expired(session, now, limit)
        for row in expired:
            names |= discard(session, row)
    remove_objects(storage, names)
    return len(expired) == limit
