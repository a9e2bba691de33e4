"""What an export does to rows, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import date, timedelta

from service.core.addresses import Address
from service.core.journal_export.book_period import WHOLE_JOURNAL, BookPeriod
from service.core.library.prompts import Library
from service.db import Database
from service.flows.people.journal import journal
from service.flows.people.journal_export import exports
from service.flows.people.journal_export.contents import ENTRIES_AT_A_TIME, JournalContents
from service.models import ExportForm, ExportState, JournalExport, JournalSize, Keyring, Subscriber
from tests.harness.people.people import NOW, join

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


def test_a_book_has_the_entries_of_its_period(database: Database, keyring: Keyring, library: Library) -> None:
    with database.write() as session:
        person = join(session, keyring, library)
        other = join(session, keyring, library, Address.parse("ben@example.com"))
        for on in (date(2026, 1, 1), date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 1)):
            new = journal.NewEntry(words="A line", written_on=on, source="page")
            journal.add_entry(session, keyring, person, new, NOW)
            journal.add_entry(session, keyring, other, new, NOW)
        period = BookPeriod(date(2026, 2, 1), date(2026, 2, 28))
        row = exports.ask(session, person, ExportForm.EPUB, NOW, period)
        whole = exports.ask(session, other, ExportForm.PDF, NOW)
    with database.read() as session:
        person = session.get_one(Subscriber, person.id)
        kept = [session.get_one(JournalExport, each.id).period for each in (row, whole) if each]
        size, nothing = (
            JournalSize.of(session, person.id, each) for each in (period, BookPeriod(last=date(2025, 12, 31)))
        )
        _, refused = exports.form_of_book(session, person, ExportForm.EPUB, BookPeriod(last=date(2025, 12, 31)))
    contents = JournalContents.of(database, keyring, library, person, period)
    assert kept == [period, WHOLE_JOURNAL]
    assert [each.row.written_on for each in contents.stored()] == [period.first, period.last]
    assert (size.entries, size.photos, size.first_on, size.last_on) == (2, 0, period.first, period.last)
    assert size.sealed_bytes > 0
    assert nothing == JournalSize(0, 0, 0, None, None)
    assert refused == exports.NOTHING_TO_PRINT
