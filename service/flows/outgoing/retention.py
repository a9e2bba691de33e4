"""Deleting what has been kept long enough: old deliveries with their texts, and objects that no row names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from service.db import Database
from service.models import Delivery, Heartbeat, JournalExport, JournalImport, Photo, Reply, SentText
from service.storage import Storage

MONTHS_KEPT = 13
TEXTS_KEPT = timedelta(days=31 * (MONTHS_KEPT + 1))
CHUNK = 1000
MOST_CHUNKS = 200  # at most 200,000 deliveries an hour for each clock, so that its ticks do not wait for long

OBJECTS_SWEPT = "objects"  # the heartbeat of the last sweep
SWEPT_EVERY = timedelta(days=1)
# As long as raw mails: an operator who restores an older database by mistake has a month to notice.
ORPHANS_KEPT = timedelta(days=30)
# A crash leaves one or two objects. A larger share means that these objects belong to another database.
FEW, LARGEST_SHARE = 20, 0.01

_NamedIn = Callable[[Session, Sequence[str]], set[str]]
_NAMED: dict[str, _NamedIn] = {
    "photos": Photo.names_among,
    "replies": Reply.names_among,
    "imports": JournalImport.names_among,
    "exports": JournalExport.names_among,
}

log = structlog.get_logger()


def drop_old_deliveries(
    database: Database, now: datetime, *, chunk: int = CHUNK, most_chunks: int = MOST_CHUNKS
) -> int:
    """Delete deliveries older than 13 months, in up to `most_chunks` transactions; return how many.

    Digests and the quiet month's questions are kept as long as their person: a digest has a web copy, and a person who
    was asked in a quiet month is not asked again before they write. Emails that a person gets only once are kept too.
    """
    before = _months_before(now, MONTHS_KEPT)
    dropped = 0
    for _ in range(most_chunks):
        with database.write() as session:
            number = Delivery.drop_before(session, before, chunk)
        dropped += number
        if number < chunk:
            break
        database.let_others_write()
    with database.write() as session:
        SentText.prune(session, now - TEXTS_KEPT)
    if dropped:
        log.info("deliveries.dropped", number=dropped)
    return dropped


def sweep_orphaned_objects(database: Database, storage: Storage, now: datetime) -> int:
    """Remove objects older than 30 days that no row names, once a day; return how many.

    If a large share is not named, the objects belong to another database: remove none, and log an error.

    Raises:
        StorageError: the object store does not answer; the next sweep is a day later.
    """
    with database.write() as session:
        if not Heartbeat.record_if_older(session, OBJECTS_SWEPT, now, SWEPT_EVERY):
            return 0
    removed = 0
    for folder, named_among in _NAMED.items():
        names = storage.names_before(folder, now - ORPHANS_KEPT)
        orphans = _orphans(database, names, named_among)
        if len(orphans) > max(FEW, LARGEST_SHARE * len(names)):
            log.error("objects.not_of_this_database", folder=folder, objects=len(names), not_named=len(orphans))
            continue
        for name in orphans:
            storage.remove(name)
        removed += len(orphans)
    if removed:
        log.info("objects.orphans_removed", number=removed)
    return removed


def _orphans(database: Database, names: Sequence[str], named_among: _NamedIn) -> Collection[str]:
    orphans: set[str] = set()
    for start in range(0, len(names), CHUNK):
        chunk = names[start : start + CHUNK]
        with database.read() as session:
            orphans |= set(chunk) - named_among(session, chunk)
    return orphans


def _months_before(now: datetime, months: int) -> int:
    """Return the month (UTC) that lies this many months before, as yyyymm."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return year * 100 + month + 1
