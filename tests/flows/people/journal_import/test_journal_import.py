"""What an import does to rows, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from service.core.journal_export.exported import ExportedEntry
from service.core.library.prompts import Library
from service.db import Database
from service.flows.people.journal.journal import open_entries
from service.flows.people.journal_import import import_upload, imports, journal_importer
from service.flows.people.journal_import.import_preview import ImportPreview
from service.flows.people.journal_import.journal_importer import JournalImporter
from service.job_queue import InMemoryQueue
from service.mail.sandbox.journal_reader import JournalReader
from service.models import Entry, ImportedEntryRow, ImportState, JournalImport, Keyring, Photo, Subscriber
from service.storage import Storage
from tests.harness.clock import MovableClock
from tests.harness.journals.journals import journal
from tests.harness.people.people import NOW, join


@pytest.fixture
def importer(database: Database, keyring: Keyring, tmp_path: Path) -> JournalImporter:
    storage = Storage.at(f"file://{tmp_path}/objects")
    return JournalImporter(database, keyring, storage, MovableClock(NOW), InMemoryQueue())


def upload(importer: JournalImporter, person: Subscriber, data: bytes) -> int:
    stored = import_upload.ImportUploads(importer.keyring, importer.storage).receive(person, [data])
    with importer.database.write() as session:
        row, _ = import_upload.add(session, importer.keyring, person, stored, "a.zip", now=NOW)
    importer.work(row.id)
    return row.id


def test_an_import_comes_in_once_and_goes_back_whole(
    database: Database, keyring: Keyring, library: Library, importer: JournalImporter
) -> None:
    with database.write() as session:
        person = join(session, keyring, library)
    import_id = upload(importer, person, journal("day_one"))
    with database.write() as session:
        assert imports.start(session.get_one(JournalImport, import_id), NOW, wants_digests=False, wants_changed=False)
    importer.work(import_id)
    importer.work(import_id)
    with database.write() as session:
        row = session.get_one(JournalImport, import_id)
        assert (row.state, row.brought, row.already_here, row.left_out, row.found) == (ImportState.DONE, 5, 0, 2, 7)
        assert len(session.scalars(select(Photo)).all()) == 3
        assert Entry.writers_between(session, [person.id], date(2024, 5, 1), date(2024, 5, 31)) == set()
        assert imports.take_back(session, row, NOW)
    importer.work(import_id)
    with database.read() as session:
        assert session.get_one(JournalImport, import_id).state == ImportState.UNDONE
        assert session.scalars(select(Entry.id)).all() == session.scalars(select(Photo.id)).all() == []
        assert ImportedEntryRow.count_of(session, import_id) == 0


def test_an_import_whose_job_was_lost_is_found_and_one_under_way_is_not(
    database: Database, keyring: Keyring, library: Library, importer: JournalImporter
) -> None:
    with database.write() as session:
        person = join(session, keyring, library)
    import_id = upload(importer, person, journal("dabble_me.txt"))
    patience, later = timedelta(seconds=45), NOW + timedelta(minutes=1)
    with database.write() as session:
        row = session.get_one(JournalImport, import_id)
        assert JournalImport.find_unqueued(session, later, patience, 10) == []
        imports.start(row, NOW, wants_digests=False, wants_changed=False)
        session.flush()
        assert JournalImport.find_unqueued(session, later, patience, 10) == [import_id]
        assert JournalImport.claim(session, import_id, timedelta(minutes=5)) is not None
        assert JournalImport.claim(session, import_id, timedelta(minutes=5)) is None
        assert JournalImport.find_unqueued(session, later + timedelta(hours=1), patience, 10) == []


def test_reading_that_takes_too_long_is_tried_once_more_and_then_said_to_have_taken_too_long(
    database: Database,
    keyring: Keyring,
    library: Library,
    importer: JournalImporter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def slow_twice(import_id: int) -> JournalImport:
        with monkeypatch.context() as patched:
            patched.setattr(journal_importer, "JournalReader", partial(JournalReader, wall_seconds=0))
            importer.work(import_id)
            with database.write() as session:
                waits = JournalImport.find_unqueued(session, NOW + timedelta(minutes=1), timedelta(seconds=45), 10)
            assert waits == [import_id]
            importer.work(import_id)
        with database.read() as session:
            return session.get_one(JournalImport, import_id)

    with database.write() as session:
        person = join(session, keyring, library)
    stored = import_upload.ImportUploads(keyring, importer.storage).receive(person, [journal("dabble_me.txt")])
    with database.write() as session:
        import_upload.add(session, keyring, person, stored, "a.txt", now=NOW)
    key, refused = keyring.key_of(person), slow_twice(stored.import_id)
    preview = ImportPreview.open(key, refused)
    assert (refused.state, preview and preview.refused) == (ImportState.REFUSED, journal_importer.TOOK_TOO_LONG)
    import_id = upload(importer, person, journal("dabble_me.txt"))
    with database.write() as session:
        imports.start(session.get_one(JournalImport, import_id), NOW, wants_digests=False, wants_changed=False)
    done = slow_twice(import_id)
    with database.read() as session:
        left = [item.reason for item in imports.list_left_out(session, key, done)]
    assert (done.state, left) == (ImportState.DONE, [journal_importer.REST_TOOK_TOO_LONG])


def test_ones_own_tags_come_back_as_they_were(
    database: Database, keyring: Keyring, library: Library, importer: JournalImporter
) -> None:
    with database.write() as session:
        person = join(session, keyring, library)
    written_at = datetime(2024, 5, 3, 20, 0, tzinfo=UTC)
    entry = ExportedEntry(id="7", on=date(2024, 5, 3), written_at=written_at, zone="UTC", words="#tee", tags=("tea",))
    import_id = upload(importer, person, json.dumps({"format": 1, "entries": [entry.to_json()]}).encode())
    with database.write() as session:
        assert imports.start(session.get_one(JournalImport, import_id), NOW, wants_digests=True, wants_changed=False)
    importer.work(import_id)
    with database.read() as session:
        [opened] = open_entries(keyring, person, session.scalars(select(Entry)).all())
    assert (opened.words, opened.tags) == ("#tee", ("tea",))
