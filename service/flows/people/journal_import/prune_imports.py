"""Deleting what imports no longer need: files that were never imported, and reports after 30 days."""

from __future__ import annotations

from datetime import datetime

from service.db import Database
from service.flows.people.journal.photos.entry_photos import remove_objects
from service.flows.people.journal_import.import_upload import discard
from service.models import ImportLeftover, ImportState, JournalImport
from service.storage import Storage

_ENDED = (ImportState.DONE, ImportState.UNDONE)


def prune_imports(database: Database, storage: Storage, now: datetime, limit: int) -> bool:
    """Delete the files and reports of some expired imports; return whether there may be more.

    The row of a finished import stays: by it, entries that come again are known.
    """
    names: set[str] = set()
    with database.write() as session:
        expired = JournalImport.list_expired(session, now, limit)
        for row in expired:
            if row.state in _ENDED:
                ImportLeftover.remove_of(session, row.id)
                row.sealed_preview = row.kept_until = None
            else:
                names |= discard(session, row)
    remove_objects(storage, names)
    return len(expired) == limit
