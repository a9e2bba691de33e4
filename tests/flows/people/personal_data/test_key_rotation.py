"""Retiring a master key: everything is read with the new one alone, and nothing is lost in between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service.core.sealing import SealError
from service.db import Base, Database
from service.flows.people.journal import journal
from service.flows.people.personal_data.key_rotation import KeyRotation, RotatedKeys, master_key_uses
from service.models import Entry, Keyring, Subscriber, WrappedDataKey
from service.models.keyring import WRAPPED
from tests.harness.journals.diary import write
from tests.harness.people.members import member
from tests.harness.people.people import NOW

OLD, NEW = b"o" * 32, b"n" * 32
ADDRESSES = ["ana@example.com", "bo@example.com"]


@pytest.fixture
def people(database: Database) -> list[int]:
    """Two people with an entry each, from the time when OLD was the only key; returns their ids."""
    keyring = Keyring.load(database, (OLD,), NOW)
    with database.write() as session:
        found = [member(session, keyring, address) for address in ADDRESSES]
    for person in found:
        write(database, keyring, person, date(2026, 5, 4), f"Words of {person.id}")
    return [person.id for person in found]


def rotate(database: Database, record: Callable[[Session, int], None] = lambda *_: None) -> RotatedKeys:
    return KeyRotation(database, Keyring.load(database, (NEW, OLD), NOW), chunk=1).work(record)


def needed(database: Database) -> list[tuple[int | None, int]]:
    with database.read() as session:
        uses = master_key_uses(session, Keyring.load(database, (NEW, OLD), NOW).masters)
    return [(use.position, use.needed_by) for use in uses]


def test_after_a_rotation_everything_is_read_with_the_new_key_alone(
    database: Database, people: list[int], tmp_path: Path
) -> None:
    before, recorded = Keyring.load(database, (NEW, OLD), NOW), list[int]()
    with pytest.raises(SealError, match="put the older key back"):
        Keyring.load(database, (NEW,), NOW)
    with database.read() as session:
        old_wrapped = session.scalars(select(WrappedDataKey.wrapped)).all()
        sealed = session.scalars(select(Entry.sealed_words).order_by(Entry.id)).all()

    assert rotate(database, lambda _, number: recorded.append(number)) == RotatedKeys(wrapped=4, left=0, unreadable=0)
    assert needed(database) == [(1, 4), (2, 0)]
    assert rotate(database, lambda _, number: recorded.append(number)) == RotatedKeys(wrapped=0, left=0, unreadable=0)
    assert recorded == [4]

    after = Keyring.load(database, (NEW,), NOW)
    assert (after.index, after.inbound) == (before.index, before.inbound)
    with database.read() as session:
        assert session.scalars(select(Entry.sealed_words).order_by(Entry.id)).all() == sealed
        for person_id, address in zip(people, ADDRESSES, strict=True):
            person = session.get_one(Subscriber, person_id)
            assert after.address_of(person).text == address
            rows = session.scalars(select(Entry).where(Entry.subscriber_id == person_id)).all()
            assert [entry.words for entry in journal.open_entries(after, person, rows)] == [f"Words of {person_id}"]
    for file in tmp_path.glob("smallsteps.db*"):  # SQLite's, and its log; there are none on PostgreSQL
        assert not any(wrapped in file.read_bytes() for wrapped in old_wrapped), "the old wrapping is overwritten"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("people")
def test_nothing_starts_with_the_new_key_alone_until_all_is_done_and_the_next_rotation_finishes(
    database: Database,
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate(database, killed)
    assert needed(database) == [(1, 2), (2, 2)], "the service's own keys come last"
    with pytest.raises(SealError):
        Keyring.load(database, (NEW,), NOW)
    assert rotate(database) == RotatedKeys(wrapped=2, left=0, unreadable=0)
    assert Keyring.load(database, (NEW,), NOW)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_rotation_neither_waits_for_somebody_who_is_being_erased_nor_brings_their_key_back(
    database: Database, people: list[int]
) -> None:
    ana, bo = sorted(people)
    with database.write() as erasing:
        assert WrappedDataKey.destroy(erasing, ana)
        assert rotate(database) == RotatedKeys(wrapped=1, left=3, unreadable=0)
    assert rotate(database) == RotatedKeys(wrapped=2, left=0, unreadable=0)
    with database.read() as session:
        assert session.scalars(select(WrappedDataKey.subscriber_id)).all() == [bo]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_key_that_changed_since_it_was_read_is_not_overwritten(database: Database, people: list[int]) -> None:
    with database.write() as session:
        stale = [(id_, session.get_one(WrappedDataKey, id_).wrapped) for id_ in people]
        assert WrappedDataKey.destroy(session, people[0])
    rotate(database)
    with database.write() as session:
        WrappedDataKey.replace_many(session, [(id_, b"late", wrapped) for id_, wrapped in stale])
    with database.read() as session:
        assert session.get(WrappedDataKey, people[0]) is None
        assert Keyring.load(database, (NEW,), NOW).key_of(session.get_one(Subscriber, people[1]))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_one_damaged_key_is_reported_and_keeps_nobody_else_on_the_old_one(
    database: Database, people: list[int]
) -> None:
    key = WrappedDataKey.subscriber_id == people[0]
    with database.write() as session:
        session.execute(update(WrappedDataKey).where(key).values(wrapped=b"lost and damaged"))
    assert rotate(database) == RotatedKeys(wrapped=3, left=1, unreadable=1)
    assert needed(database) == [(1, 3), (2, 0), (None, 1)]
    with database.read() as session:
        assert session.scalars(select(WrappedDataKey.wrapped).where(key)).one() == b"lost and damaged"


def test_every_column_of_wrapped_keys_is_counted() -> None:
    columns = {column for table in Base.metadata.tables.values() for column in table.columns if "wrap" in column.name}
    assert {column.property.columns[0] for column in WRAPPED} == columns
