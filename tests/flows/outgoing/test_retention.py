"""Old deliveries are deleted in chunks, and objects that no row names; what people can still see stays."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from structlog.testing import capture_logs

from service.db import Database
from service.flows.outgoing.retention import (
    ORPHANS_KEPT,
    SWEPT_EVERY,
    drop_old_deliveries,
    sweep_orphaned_objects,
)
from service.flows.outgoing.tick import prune
from service.models import Delivery, DeliveryKind, Entry, Keyring, NewDelivery, Photo, Reply, SentText, Subscriber
from service.storage import Storage
from tests.harness.people.members import due_at

NOW = datetime(2027, 6, 15, 9, 0, tzinfo=UTC)
OLD, KEPT = "2026-04-30", "2026-05-01"


def plan(database: Database, person: Subscriber, kind: DeliveryKind, slot: str, state: str = "sent") -> int:
    planned = NewDelivery(subscriber_id=person.id, kind=kind, slot=slot, ready_at=NOW, planned_at=NOW)
    with database.write() as session:
        [id_] = Delivery.plan(session, [planned])
        session.execute(update(Delivery).where(Delivery.id == id_).values(state=state))
    return id_


@pytest.fixture
def person(database: Database, keyring: Keyring) -> Subscriber:
    with database.write() as session:
        return due_at(session, keyring, NOW)


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage.at(f"file://{tmp_path / 'objects'}")


def ids(database: Database) -> set[int]:
    with database.read() as session:
        return set(session.scalars(select(Delivery.id)))


@pytest.mark.parametrize("state", ["sent", "failed", "skipped", "unknown"])
def test_a_delivery_goes_after_thirteen_months(
    database: Database, person: Subscriber, storage: Storage, state: str
) -> None:
    plan(database, person, DeliveryKind.PROMPT, OLD, state)
    kept = plan(database, person, DeliveryKind.PROMPT, KEPT, state)
    prune(database, storage, now=NOW)
    assert ids(database) == {kept}


@pytest.mark.parametrize(
    ("kind", "slot", "state"),
    [
        pytest.param(DeliveryKind.DIGEST, "2020-01", "sent", id="a digest, which has a web copy"),
        pytest.param(DeliveryKind.YEAR, "2020", "sent", id="a year's digest"),
        pytest.param(DeliveryKind.QUIET_MONTH, "2020-01", "sent", id="that somebody was asked in a quiet month"),
        pytest.param(DeliveryKind.RECEIPT, "first", "sent", id="the receipt of the first reply"),
        pytest.param(DeliveryKind.PROMPT, OLD, "planned", id="one that is still planned"),
        pytest.param(DeliveryKind.PROMPT, OLD, "claimed", id="one that a worker holds"),
    ],
)
def test_what_is_still_needed_stays(
    database: Database, person: Subscriber, kind: DeliveryKind, slot: str, state: str
) -> None:
    kept = plan(database, person, kind, slot, state)
    drop_old_deliveries(database, NOW)
    assert ids(database) == {kept}


def test_somebody_asked_in_a_quiet_month_is_still_known_years_later(database: Database, person: Subscriber) -> None:
    plan(database, person, DeliveryKind.QUIET_MONTH, "2020-01")
    drop_old_deliveries(database, NOW)
    with database.read() as session:
        assert Delivery.subscribers_already_quiet(session, [person.id]) == {person.id}


def test_old_deliveries_go_in_chunks_of_which_an_hour_has_a_limited_number(
    database: Database, person: Subscriber
) -> None:
    for day in range(1, 8):
        plan(database, person, DeliveryKind.PROMPT, f"2026-03-{day:02}")
    assert drop_old_deliveries(database, NOW, chunk=2, most_chunks=3) == 6
    assert drop_old_deliveries(database, NOW, chunk=2, most_chunks=3) == 1


def test_old_deliveries_are_found_by_an_index(database: Database) -> None:
    where = "deliveries WHERE month > 0 AND kind NOT IN ('digest', 'year', 'quiet_month')"
    is_sqlite = database.engine.dialect.name == "sqlite"
    with database.engine.begin() as connection:
        if not is_sqlite:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        found = connection.execute(text(f"{explain} SELECT id FROM {where} AND month < 202605 ORDER BY month LIMIT 9"))
        assert "ix_deliveries_dropped" in " ".join(map(str, found))


def test_a_batchs_text_goes_when_the_last_email_with_it_is_old(database: Database) -> None:
    year_ago, long_ago = NOW - timedelta(days=365), NOW - timedelta(days=800)
    with database.write() as session:
        for digest, times in ((b"sent again", (long_ago, year_ago)), (b"sent once", (long_ago,))):
            for at in times:
                SentText.store(session, digest=digest, subject="s", text="t", html="h", now=at)
    drop_old_deliveries(database, NOW)
    with database.read() as session:
        assert session.scalars(select(SentText.digest)).all() == [b"sent again"]


def put(storage: Storage, *names: str, age: timedelta = ORPHANS_KEPT + timedelta(days=1)) -> None:
    for name in names:
        storage.put(name, b"sealed")
        os.utime(Path(storage.root) / name, ((NOW - age).timestamp(),) * 2)


def reply(database: Database, id_: int, stored_as: str) -> None:
    hashes = {name: bytes([id_]) * 32 for name in ("recipient_hash", "message_id_hash", "content_hash")}
    with database.write() as session:
        session.add(Reply(id=id_, received_at=NOW, stored_as=stored_as, **hashes))


def objects(storage: Storage) -> set[str]:
    root = Path(storage.root)
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_only_old_objects_that_no_row_names_are_removed(database: Database, storage: Storage) -> None:
    reply(database, 1, "replies/1")
    reply(database, 2, "replies/2.1")
    put(storage, "replies/1", "replies/2", "replies/2.1", "photos/3", "photos/strange")
    put(storage, "photos/4", age=ORPHANS_KEPT - timedelta(days=1))
    assert sweep_orphaned_objects(database, storage, NOW) == 3
    assert objects(storage) == {"replies/1", "replies/2.1", "photos/4"}


def test_objects_of_another_database_are_left_alone(database: Database, storage: Storage) -> None:
    put(storage, *(f"photos/{number}" for number in range(1, 22)))
    with capture_logs() as lines:
        assert sweep_orphaned_objects(database, storage, NOW) == 0
    assert [line["event"] for line in lines] == ["objects.not_of_this_database"]
    assert len(objects(storage)) == 21


def test_objects_are_swept_once_a_day_however_many_clocks_run(database: Database, storage: Storage) -> None:
    assert sweep_orphaned_objects(database, storage, NOW) == 0
    put(storage, "photos/3")
    assert sweep_orphaned_objects(database, storage, NOW + SWEPT_EVERY - timedelta(seconds=1)) == 0
    assert sweep_orphaned_objects(database, storage, NOW + SWEPT_EVERY) == 1


def test_a_photo_that_a_row_names_stays(database: Database, person: Subscriber, storage: Storage) -> None:
    with database.write() as session:
        session.add(
            Entry(
                id=5,
                subscriber_id=person.id,
                written_on=date(2026, 5, 1),
                sealed_words=b"w",
                source="mail",
                created_at=NOW,
            )
        )
        session.flush()
        session.add(
            Photo(
                id=6,
                entry_id=5,
                subscriber_id=person.id,
                stored_as="photos/6",
                content_type="image/jpeg",
                width=1,
                height=1,
                position=0,
                created_at=NOW,
                content_mac=b"m" * 32,
            )
        )
    put(storage, "photos/6")
    assert sweep_orphaned_objects(database, storage, NOW) == 0
    assert objects(storage) == {"photos/6"}
