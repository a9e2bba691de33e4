"""What an export does to rows, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import date, timedelta

from service.core.library.prompts import Library
from service.db import Database
from service.flows.people import journal
from service.flows.people.journal_export import exports
from service.flows.people.journal_export.contents import ENTRIES_AT_A_TIME, JournalContents
from service.models import ExportForm, ExportState, JournalExport, Keyring, Subscriber
from tests.harness.people import NOW, join

LEASE, PATIENCE = timedelta(minutes=5), timedelta(seconds=45)


def test_an_export_is_claimed_once_and_a_lost_one_is_found(
    database: Database, keyring: Keyring, library: Library
) -> None:
    later = NOW + timedelta(minutes=1)
    with database.write() as session:
        person = join(session, keyring, library)
        row = exports.ask(session, person, ExportForm.OWN, NOW)
        assert row is not None
        assert exports.ask(session, person, ExportForm.DAY_ONE, NOW) is None
    with database.write() as session:
        assert JournalExport.find_unqueued(session, NOW, PATIENCE, 10) == []
        assert JournalExport.find_unqueued(session, later, PATIENCE, 10) == [row.id]
        claimed = JournalExport.claim(session, row.id, LEASE)
        assert claimed is not None
        assert JournalExport.claim(session, row.id, LEASE) is None
        assert JournalExport.find_unqueued(session, later + timedelta(hours=1), PATIENCE, 10) == []
        assert JournalExport.claimed(session, row.id, claimed.attempts - 1, LEASE) is None
        claimed.stored_as = claimed.object_name
        claimed.conclude(ExportState.READY, NOW, NOW + timedelta(days=7))
        session.flush()
        assert JournalExport.names_among(session, [f"exports/{row.id}.1", f"exports/{row.id}.2"]) == {
            f"exports/{row.id}.1"
        }
        assert JournalExport.list_expired(session, NOW + timedelta(days=7), 10) == []
        assert [each.id for each in JournalExport.list_expired(session, NOW + timedelta(days=8), 10)] == [row.id]


def test_every_entry_is_read_once_in_the_order_of_the_days(
    database: Database, keyring: Keyring, library: Library
) -> None:
    with database.write() as session:
        person = join(session, keyring, library)
        for number in range(2 * ENTRIES_AT_A_TIME + 1):
            on = date(2026, 1, 1) + timedelta(days=number * 37 % 50)  # many on one day, out of order
            new = journal.NewEntry(words=f"Line {number}", written_on=on, source="page")
            journal.add_entry(session, keyring, person, new, NOW)
    with database.read() as session:
        person = session.get_one(Subscriber, person.id)
    contents = JournalContents.of(database, keyring, library, person)
    opened = [contents.opened(each, {}) for each in contents.stored()]
    assert len({each.id for each in opened}) == len(opened) == 2 * ENTRIES_AT_A_TIME + 1
    assert [each.on for each in opened] == sorted(each.on for each in opened)
