from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from service.core.prompts import Library
from service.db import Database
from service.flows.ticking import CLOCK, SWEPT_AT_ONCE, UNHEARD_AFTER, prune, sweep, tick
from service.models import Delivery, Heartbeat, Keyring, State, Status, Subscriber
from service.models.subscriber import PENDING_KEPT
from service.storage import Storage
from tests.flows.members import JOINED_AT, due_at
from tests.flows.people import MINUTE, NOW
from tests.web.site import SilentBell

SECOND = timedelta(seconds=1)


@pytest.fixture
def planned(database: Database, keyring: Keyring, library: Library) -> list[int]:
    with database.write() as session:
        for number in range(3):
            due_at(session, keyring, NOW, f"p{number}@example.com")
    bell = SilentBell()
    tick(database, library, bell, now=NOW, chunk=2)
    return bell.sent


def test_a_tick_rings_for_what_it_planned_and_beats(database: Database, planned: list[int], library: Library) -> None:
    assert len(planned) == 3
    with database.read() as session:
        assert Heartbeat.last(session, CLOCK) == NOW
    bell = SilentBell()
    assert tick(database, library, bell, now=NOW + SECOND, chunk=2).planned == 0
    assert bell.sent == []


def test_what_no_worker_heard_of_is_rung_for_within_a_minute_and_then_again(
    database: Database, planned: list[int]
) -> None:
    bell, now = SilentBell(), NOW + UNHEARD_AFTER
    assert sweep(database, bell, now=now) == (0, 0)
    assert sweep(database, bell, now=now + SECOND) == (3, 0)
    assert sorted(bell.sent) == sorted(planned)
    assert sweep(database, bell, now=now + 2 * SECOND) == (0, 0), "it was just rung for"
    assert sweep(database, bell, now=now + UNHEARD_AFTER + 2 * SECOND) == (3, 0)
    assert UNHEARD_AFTER + timedelta(seconds=15) <= MINUTE
    assert SWEPT_AT_ONCE >= 1000


@pytest.mark.parametrize("state", [state for state in State if state is not State.PLANNED])
def test_what_is_in_hand_or_over_is_left_alone(database: Database, planned: list[int], state: State) -> None:
    assert planned
    with database.write() as session:
        session.execute(update(Delivery).values(state=state))
    bell = SilentBell()
    sweep(database, bell, now=NOW + 2 * UNHEARD_AFTER)
    assert bell.sent == []


def test_what_waits_for_its_time_is_not_rung_for(database: Database, planned: list[int]) -> None:
    assert planned
    with database.write() as session:
        session.execute(update(Delivery).values(ready_at=NOW + timedelta(hours=1)))
    bell = SilentBell()
    sweep(database, bell, now=NOW + timedelta(minutes=59))
    assert bell.sent == []
    sweep(database, bell, now=NOW + timedelta(hours=1))
    assert len(bell.sent) == 3


def test_who_never_confirmed_is_let_go_after_a_week_and_nobody_else(
    database: Database, keyring: Keyring, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with database.write() as session:
        due_at(session, keyring, NOW, "pending@example.com", status=Status.PENDING)
        active = due_at(session, keyring, NOW, "active@example.com")
    storage = Storage.at(f"file://{tmp_path_factory.mktemp('objects')}")
    prune(database, storage, now=JOINED_AT + PENDING_KEPT)
    with database.read() as session:
        assert len(session.scalars(select(Subscriber)).all()) == 2
    prune(database, storage, now=JOINED_AT + PENDING_KEPT + SECOND)
    with database.read() as session:
        assert [person.id for person in session.scalars(select(Subscriber))] == [active.id]
