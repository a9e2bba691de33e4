"""The upload of a journal file: sealed in the object store while it arrives, and opened range by range."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from service.core.sealed_chunks import ChunkSealer, SealedChunks
from service.core.sealing import DataKey
from service.db import random_id
from service.mail.sandbox.journal_reader import JournalFile
from service.models import ImportState, JournalImport, Keyring, Subscriber
from service.models.people.personal_data.journal_import import WAITING
from service.storage import Storage

UNUSED_KEPT = timedelta(days=1)
LONGEST_TITLE = 120


@dataclass(frozen=True, slots=True)
class SealedUpload:
    """An upload in the object store that has no row yet; `size` is that of its content in bytes."""

    import_id: int
    stored_as: str
    size: int


@dataclass(frozen=True, slots=True)
class ImportUploads:
    """Stores uploads, each under its owner's data key."""

    keyring: Keyring = field(repr=False)
    storage: Storage

    def receive(self, person: Subscriber, pieces: Iterable[bytes]) -> SealedUpload:
        """Seal an upload as it arrives; call this outside a transaction.

        Raises:
            StorageError: it cannot be stored now. Nothing is left of an upload that did not arrive whole.
        """
        import_id = random_id()
        name = f"imports/{import_id}"
        with self.storage.writing(name) as file:
            sealer = ChunkSealer(self.keyring.key_of(person), name, os.urandom, file.write)
            for piece in pieces:
                sealer.write(piece)
            sealer.finish()
        return SealedUpload(import_id, name, sealer.size)

    def open(self, key: DataKey, row: JournalImport, zone: str) -> JournalFile:
        """Return an upload for the reader; raises StorageError."""
        name = row.stored_as or ""
        size = self.storage.size_of(name)
        chunks = SealedChunks(key, name, size, lambda offset, length: self.storage.get_range(name, offset, length))
        return JournalFile(chunks.size, open_title(key, row), zone, chunks.read)


def is_busy(session: Session, person: Subscriber) -> bool:
    """Return whether an import of this person is under way, so that no other may begin."""
    return any(row.state in WAITING for row in JournalImport.list_for(session, person.id))


def add(
    session: Session, keyring: Keyring, person: Subscriber, upload: SealedUpload, title: str, *, now: datetime
) -> tuple[JournalImport, set[str]]:
    """Record an upload, to be read by a job; return it, and objects to remove after the commit.

    It takes the place of earlier uploads that were never imported.
    """
    unneeded: set[str] = set()
    for earlier in JournalImport.list_for(session, person.id):
        if earlier.state in {ImportState.READY, ImportState.REFUSED}:
            unneeded |= discard(session, earlier)
    row = JournalImport(
        id=upload.import_id,
        subscriber_id=person.id,
        state=ImportState.UPLOADED,
        stored_as=upload.stored_as,
        sealed_title=keyring.key_of(person).seal_text(
            title[-LONGEST_TITLE:], place=title_place(upload.import_id), random=os.urandom
        ),
        created_at=now,
        enqueued_at=now,
        kept_until=now + UNUSED_KEPT,
    )
    session.add(row)
    session.flush()
    return row, unneeded


def discard(session: Session, row: JournalImport) -> set[str]:
    """Delete an upload that was not imported; return the names of its objects, to remove after the commit."""
    names = {row.stored_as} if row.stored_as else set()
    session.delete(row)
    return names


def open_title(key: DataKey, row: JournalImport) -> str:
    """Return the name under which a file was uploaded."""
    return key.open_text(row.sealed_title, place=title_place(row.id))


def title_place(import_id: int) -> str:
    """Return the place that the sealed name of a file is bound to."""
    return f"journal_imports.title:{import_id}"
