from __future__ import annotations

import operator
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Boolean, Engine, MetaData, delete, inspect, select, text
from sqlalchemy.exc import IntegrityError

from service.core.sealing import SealError
from service.db import MIGRATIONS, Base, Database, make_engine, migrate
from service.models import Heartbeat, Keyring, ServiceKey, Subscriber, WrappedDataKey
from tests.harness.people.members import due_at
from tests.harness.people.people import NOW
from tests.harness.servers.servers import Postgres
from tests.models.rows_of_revisions import rows_after, rows_at

KEY, OTHER = b"k" * 32, b"o" * 32


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database with nothing in it."""
    if request.param == "sqlite":
        engine = make_engine(f"sqlite:///{tmp_path / 'empty.db'}")
        yield engine
        engine.dispose()
        return
    server: Postgres = request.getfixturevalue("postgres")
    server.run("CREATE DATABASE from_nothing")
    engine = make_engine(server.url("from_nothing"))
    yield engine
    engine.dispose()
    server.run("DROP DATABASE from_nothing WITH (FORCE)")


def test_migrating_from_nothing_makes_what_the_models_say_and_again_changes_nothing(empty: Engine) -> None:
    for _ in range(2):
        migrate(empty)
        with empty.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
            assert connection.scalar(text("SELECT count(*) FROM alembic_version")) == 1


def older_revisions() -> list[str]:
    """Return every revision before the newest."""
    scripts = ScriptDirectory(str(MIGRATIONS))
    return [script.revision for script in scripts.walk_revisions() if script.revision != scripts.get_current_head()]


@pytest.mark.parametrize("revision", older_revisions())
def test_rows_of_every_older_revision_arrive_where_they_belong(empty: Engine, revision: str) -> None:
    migrate(empty, revision)
    rows, tables = rows_at(revision), MetaData()
    tables.reflect(empty)
    with empty.begin() as connection:
        for table in tables.sorted_tables:
            if table.name == "alembic_version":
                continue
            for row in rows.pop(table.name):
                assert row.keys() == set(table.columns.keys()), f"every column of {table.name} has a value"
                connection.execute(table.insert(), row)
    assert not rows, "tables that this revision does not have"
    migrate(empty)
    expected = rows_after(revision)
    with empty.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        for name, table in Base.metadata.tables.items():
            found = [dict(row) for row in connection.execute(table.select()).mappings()]
            key = operator.itemgetter(*table.primary_key.columns.keys())
            assert sorted(found, key=key) == sorted(expected.get(name, []), key=key), name


def insert_person(empty: Engine, status: str, next_prompt_at: datetime | None) -> None:
    columns = inspect(empty).get_columns("subscribers")
    values: dict[str, Any] = {column["name"]: 0 for column in columns if not column["nullable"]}
    values |= {"address_hash": b"h", "sealed_address": b"s", "locale": "en-GB", "history": ""}
    values |= {"time_zone": "UTC", "help_country": "", "muted_themes": "[]", "created_at": "2026-05-01 00:00:00+00"}
    values |= {"status": status, "next_prompt_at": next_prompt_at}
    if "data_key" in values:  # until revision 0019
        values["data_key"] = b"k"
    booleans = {column["name"] for column in columns if isinstance(column["type"], Boolean)}
    values |= dict.fromkeys(booleans & values.keys(), False)
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    with empty.begin() as connection:
        connection.execute(text(f"INSERT INTO subscribers ({names}) VALUES ({marks})"), values)


def test_a_stopped_person_with_a_due_time_loses_it_in_the_migration(empty: Engine) -> None:
    migrate(empty, "0006")
    insert_person(empty, "stopped", NOW.replace(tzinfo=None))
    migrate(empty)
    with empty.connect() as connection:
        found = connection.execute(text("SELECT status, next_prompt_at FROM subscribers")).one()
    assert tuple(found) == ("stopped", None)


@pytest.mark.parametrize("status", ["stopped", "pending"])
def test_nobody_who_is_not_written_to_can_have_a_due_time(empty: Engine, status: str) -> None:
    migrate(empty)
    with pytest.raises(IntegrityError):
        insert_person(empty, status, NOW.replace(tzinfo=None))
    insert_person(empty, "active", NOW.replace(tzinfo=None))
    change = text("UPDATE subscribers SET status = :status")
    with empty.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(change, {"status": status})
    with empty.begin() as connection:
        connection.execute(text("UPDATE subscribers SET status = :status, next_prompt_at = NULL"), {"status": status})
    with empty.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(text("UPDATE subscribers SET next_digest_at = :at"), {"at": NOW.replace(tzinfo=None)})


def test_a_difference_between_tables_and_models_would_be_found(empty: Engine) -> None:
    migrate(empty)
    with empty.begin() as connection:
        connection.execute(text("ALTER TABLE entries ADD COLUMN mood TEXT"))
    with empty.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata)


def test_indexes_that_hold_only_what_is_open_stay_partial(empty: Engine) -> None:
    migrate(empty)
    made = {index["name"]: index for table in Base.metadata.tables for index in inspect(empty).get_indexes(table)}
    for name in ("ix_deliveries_open", "ix_replies_waiting", "ix_mail_requests_waiting"):
        assert any("where" in option for option in made[name]["dialect_options"]), name


def test_processes_that_start_at_once_share_one_set_of_keys(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: Keyring.load(database, (KEY,), NOW), range(8)))
    assert len({ring.index.key for ring in rings}) == 1
    assert len({ring.inbound.key for ring in rings}) == 1
    with database.read() as session:
        wrapped = {row.name: row.wrapped for row in session.scalars(select(ServiceKey))}
    assert set(wrapped) == {"index", "inbound"}
    assert rings[0].index.key not in wrapped["index"]


def test_a_key_that_is_gone_is_said_so_and_an_older_one_beside_the_new_one_will_do(database: Database) -> None:
    first = Keyring.load(database, (KEY,), NOW)
    with pytest.raises(SealError):
        Keyring.load(database, (OTHER,), NOW)
    assert Keyring.load(database, (OTHER, KEY), NOW).index.key == first.index.key


def test_one_persons_key_opens_nothing_of_anothers(database: Database) -> None:
    keyring = Keyring.load(database, (KEY,), NOW)
    with database.write() as session:
        ana, bo = due_at(session, keyring, NOW), due_at(session, keyring, NOW, "bo@example.com")
        ana.sealed_address = bo.sealed_address
    with database.read() as session, pytest.raises(SealError):
        keyring.address_of(session.get_one(Subscriber, ana.id))


def test_two_clocks_may_beat_for_the_first_time_at_once(database: Database) -> None:
    def beat(_: int) -> None:
        with database.write() as session:
            Heartbeat.record(session, "clock", NOW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(beat, range(8)))
    with database.read() as session:
        assert Heartbeat.last_at(session, "clock") == NOW


def test_a_data_key_goes_with_its_subscriber_and_nothing_opens_without_it(database: Database) -> None:
    keyring = Keyring.load(database, (KEY,), NOW)
    with database.write() as session:
        kept, erased = (due_at(session, keyring, NOW, f"{name}@example.com") for name in ("kept", "erased"))
        assert WrappedDataKey.destroy(session, erased.id)
        assert not WrappedDataKey.destroy(session, erased.id)
    with database.write() as session:
        assert keyring.address_of(session.get_one(Subscriber, kept.id)).text == "kept@example.com"
        with pytest.raises(SealError):
            keyring.address_of(session.get_one(Subscriber, erased.id))
        session.execute(delete(Subscriber))
    with database.read() as session:
        assert session.scalars(select(WrappedDataKey.subscriber_id)).all() == []
