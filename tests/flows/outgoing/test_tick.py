"""A tick plans, enqueues and sweeps; pruning deletes what has expired."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from service.core.library.prompts import Library
from service.db import Database
from service.flows.outgoing.tick import CLOCK, SWEEP_LIMIT, UNQUEUED_AFTER, prune, sweep, tick
from service.job_queue import InMemoryQueue
from service.models import Delivery, DeliveryState, Heartbeat, Keyring, Subscriber, SubscriberStatus
from service.models.people.subscription.subscriber import PENDING_KEPT
from service.storage import Storage
from tests.harness.people.members import JOINED_AT, due_at
from tests.harness.people.people import MINUTE, NOW

SECOND = timedelta(seconds=1)


@pytest.fixture
def planned(database: Database, keyring: Keyring, library: Library) -> list[int]:
    with database.write() as session:
        for number in range(3):
            due_at(session, keyring, NOW, f"p{number}@example.com")
    queue = InMemoryQueue()
    tick(database, library, queue, now=NOW, chunk=2)
    return queue.deliveries


def test_a_tick_enqueues_what_it_planned_and_records_a_heartbeat(
    database: Database, planned: list[int], library: Library
) -> None:
    assert len(planned) == 3
    with database.read() as session:
        assert Heartbeat.last_at(session, CLOCK) == NOW
    queue = InMemoryQueue()
    assert tick(database, library, queue, now=NOW + SECOND, chunk=2).planned == 0
    assert queue.deliveries == []


def test_deliveries_that_no_worker_has_taken_are_enqueued_again_every_minute(
    database: Database, planned: list[int]
) -> None:
    queue, now = InMemoryQueue(), NOW + UNQUEUED_AFTER
    assert sweep(database, queue, now=now) == (0, 0)
    assert sweep(database, queue, now=now + SECOND) == (3, 0)
    assert sorted(queue.deliveries) == sorted(planned)
    assert sweep(database, queue, now=now + 2 * SECOND) == (0, 0), "they were just enqueued"
    assert sweep(database, queue, now=now + UNQUEUED_AFTER + 2 * SECOND) == (3, 0)
    assert UNQUEUED_AFTER + timedelta(seconds=15) <= MINUTE
    assert SWEEP_LIMIT >= 1000


@pytest.mark.parametrize("state", [state for state in DeliveryState if state is not DeliveryState.PLANNED])
def test_a_delivery_in_any_other_state_is_not_enqueued(
    database: Database, planned: list[int], state: DeliveryState
) -> None:
    assert planned
    with database.write() as session:
        session.execute(update(Delivery).values(state=state))
    queue = InMemoryQueue()
    sweep(database, queue, now=NOW + 2 * UNQUEUED_AFTER)
    assert queue.deliveries == []


def test_a_delivery_that_is_not_ready_is_not_enqueued(database: Database, planned: list[int]) -> None:
    assert planned
    with database.write() as session:
        session.execute(update(Delivery).values(ready_at=NOW + timedelta(hours=1)))
    queue = InMemoryQueue()
    sweep(database, queue, now=NOW + timedelta(minutes=59))
    assert queue.deliveries == []
    sweep(database, queue, now=NOW + timedelta(hours=1))
    assert len(queue.deliveries) == 3


def test_only_unconfirmed_signups_are_deleted_after_a_week(
    database: Database, keyring: Keyring, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with database.write() as session:
        due_at(session, keyring, NOW, "pending@example.com", status=SubscriberStatus.PENDING)
        active = due_at(session, keyring, NOW, "active@example.com")
    storage = Storage.at(f"file://{tmp_path_factory.mktemp('objects')}")
    prune(database, storage, now=JOINED_AT + PENDING_KEPT)
    with database.read() as session:
        assert len(session.scalars(select(Subscriber)).all()) == 2
    prune(database, storage, now=JOINED_AT + PENDING_KEPT + SECOND)
    with database.read() as session:
        assert [person.id for person in session.scalars(select(Subscriber))] == [active.id]


def test_heartbeats_of_processes_that_are_gone_are_deleted_after_a_day(database: Database, tmp_path: Path) -> None:
    with database.write() as session:
        for name, age in (("send-1f2e3d4c", 25), ("send-00000000", 23), ("webhook", 99)):
            Heartbeat.record(session, name, NOW - timedelta(hours=age))
    prune(database, Storage.at(f"file://{tmp_path / 'objects'}"), now=NOW)
    with database.read() as session:
        assert {*Heartbeat.read_all(session)} == {"send-00000000", "webhook", "objects"}
