"""What a person does with an upload: import it, leave it, or take a whole import back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from service.core.journal_import.reading.imported import LeftOutEntry
from service.core.sealing import DataKey
from service.flows.people.addresses import change_address
from service.flows.people.journal_import.import_chunk import open_leftover
from service.models import ImportLeftover, ImportState, JournalImport


def start(row: JournalImport, now: datetime, *, wants_digests: bool, wants_changed: bool) -> bool:
    """Have an upload imported by a job; return False where it is not waiting for that.

    `wants_digests` lets its entries into digests and look-backs; `wants_changed` brings those that are in the journal
    with other words as entries of their own.
    """
    if row.state != ImportState.READY:
        return False
    row.wants_digests, row.wants_changed = wants_digests, wants_changed
    row.started_at, row.kept_until = now, None
    row.wait_for_job(ImportState.IMPORTING, now)
    return True


def may_be_taken_back(row: JournalImport, now: datetime) -> bool:
    """Return whether an import is finished and not older than 30 days."""
    return row.state == ImportState.DONE and row.kept_until is not None and row.kept_until > now


def waits_for_address(session: Session, row: JournalImport, now: datetime) -> bool:
    """Return whether an import cannot be taken back before a change of address is final.

    What an import brought is deleted at once and for good, which must not happen by somebody else's doing.
    """
    return may_be_taken_back(row, now) and change_address.is_under_way(session, row.subscriber_id, now)


def take_back(session: Session, row: JournalImport, now: datetime) -> bool:
    """Have everything that an import brought deleted by a job; return False where that is not possible now."""
    if not may_be_taken_back(row, now) or waits_for_address(session, row, now):
        return False
    row.wait_for_job(ImportState.UNDOING, now)
    return True


def list_left_out(session: Session, key: DataKey, row: JournalImport) -> Iterator[LeftOutEntry]:
    """Yield what an import left out, in the order of the file."""
    for position, sealed in ImportLeftover.stream(session, row.id):
        yield open_leftover(key, row.id, position, sealed)
