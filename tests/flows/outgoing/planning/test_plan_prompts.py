"""Planning prompts: each local date of a schedule has one prompt, on time or up to twelve hours late."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select, text, update
from sqlalchemy.orm import Session

from service.core.library.prompts import Library
from service.core.library.rotation import History
from service.core.settings.schedule import Days
from service.db import Database, migrate
from service.flows.outgoing.planning.plan_digests import plan_due_digests
from service.flows.outgoing.planning.plan_prompts import PROMPT_MAX_DELAY, plan_due_prompts
from service.flows.outgoing.tick import tick
from service.job_queue import InMemoryQueue
from service.models import Delivery, Keyring, Subscriber, SubscriberStatus
from service.models.outgoing.deliveries import delivery_claims
from tests.harness.people.members import due_at, member, owed
from tests.harness.people.people import DAY, MINUTE

DUE = datetime(2026, 5, 13, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def plan(database: Database, library: Library, now: datetime, limit: int = 1000) -> list[int]:
    with database.write() as session:
        return plan_due_prompts(session, library, now=now, limit=limit).delivery_ids


def test_the_prompt_and_the_next_due_time_are_written_in_one_transaction(
    database: Database, keyring: Keyring, library: Library
) -> None:
    with database.write() as session:
        person = due_at(session, keyring, DUE)
    with database.engine.connect() as connection, Session(connection) as session:
        assert len(plan_due_prompts(session, library, now=DUE, limit=10).delivery_ids) == 1
        connection.rollback()
    with database.read() as session:
        assert owed(session, person) == []
        assert session.get_one(Subscriber, person.id).next_prompt_at == DUE
    assert len(plan(database, library, DUE)) == 1
    with database.read() as session:
        after = session.get_one(Subscriber, person.id)
        assert owed(session, person) == [("prompt", "2026-05-13", "planned")]
        assert after.next_prompt_at == DUE + DAY
        assert after.prompts_sent == 1
        (prompt_key, _) = History.parse(after.history).entries[0]
        asked = session.scalars(select(Delivery.prompt_id)).one()
    prompt = library.get(asked or "")
    assert prompt is not None
    assert prompt.key == prompt_key


def test_ten_ticks_at_once_plan_each_prompt_once(database: Database, keyring: Keyring, library: Library) -> None:
    with database.write() as session:
        for number in range(40):
            due_at(session, keyring, DUE, f"p{number}@example.com")
    queues = [InMemoryQueue() for _ in range(10)]
    with ThreadPoolExecutor(10) as pool:
        futures = [pool.submit(tick, database, library, queue, now=DUE, chunk=7) for queue in queues]
        planned = sum(future.result().planned for future in futures)
    assert planned == 40
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Delivery)) == 40
        assert set(session.scalars(select(Subscriber.next_prompt_at))) == {DUE + DAY}
        assert set(session.scalars(select(Subscriber.prompts_sent))) == {1}
        ids = sorted(session.scalars(select(Delivery.id)))
    assert sorted(id_ for queue in queues for id_ in queue.deliveries) == ids


def test_a_slot_that_is_planned_already_is_not_planned_again(
    database: Database, keyring: Keyring, library: Library
) -> None:
    with database.write() as session:
        person = due_at(session, keyring, DUE)
    assert len(plan(database, library, DUE)) == 1
    with database.write() as session:
        session.get_one(Subscriber, person.id).next_prompt_at = DUE
    assert plan(database, library, DUE + MINUTE) == []
    with database.read() as session:
        assert len(owed(session, person)) == 1


@pytest.mark.parametrize(
    ("late", "slots", "next_at"),
    [
        pytest.param(PROMPT_MAX_DELAY, ["2026-05-13"], DUE + DAY, id="twelve hours late"),
        pytest.param(PROMPT_MAX_DELAY + MINUTE, [], DUE + DAY, id="more than twelve hours late"),
        pytest.param(DAY + HOUR, ["2026-05-14"], DUE + 2 * DAY, id="after a day, only today's"),
        pytest.param(30 * DAY + 13 * HOUR, [], DUE + 31 * DAY, id="after a month, none is due"),
        pytest.param(30 * DAY + 2 * HOUR, ["2026-06-12"], DUE + 31 * DAY, id="after a month, only today's"),
    ],
)
def test_how_late_a_prompt_may_be(
    database: Database, keyring: Keyring, library: Library, late: timedelta, slots: list[str], next_at: datetime
) -> None:
    with database.write() as session:
        person = due_at(session, keyring, DUE, wants_digest=False)
        person.next_digest_at = None
    plan(database, library, DUE + late)
    with database.read() as session:
        assert [slot for _, slot, _ in owed(session, person)] == slots
        assert session.get_one(Subscriber, person.id).next_prompt_at == next_at


def test_a_prompt_that_waited_too_long_is_skipped_when_it_is_claimed(
    database: Database, keyring: Keyring, library: Library
) -> None:
    with database.write() as session:
        person = due_at(session, keyring, DUE)
    ids = plan(database, library, DUE)
    with database.write() as session:
        assert delivery_claims.claim(session, ids, lease=HOUR, now=DUE + PROMPT_MAX_DELAY + MINUTE) == []
    with database.read() as session:
        assert owed(session, person) == [("prompt", "2026-05-13", "skipped")]


def test_a_rest_until_a_date_ends_with_the_prompt_of_that_day(
    database: Database, keyring: Keyring, library: Library
) -> None:
    with database.write() as session:
        person = due_at(session, keyring, DUE, status=SubscriberStatus.RESTING, resting_until_on=date(2026, 5, 20))
    assert plan(database, library, DUE + 6 * DAY) == []
    assert len(plan(database, library, DUE + 7 * DAY)) == 1
    with database.read() as session:
        active = session.get_one(Subscriber, person.id)
        assert (active.status, active.resting_until_on) == (SubscriberStatus.ACTIVE, None)
        assert owed(session, person) == [("prompt", "2026-05-20", "planned")]


@pytest.mark.parametrize("status", [SubscriberStatus.PENDING, SubscriberStatus.RESTING, SubscriberStatus.STOPPED])
def test_only_active_subscribers_get_a_prompt(
    database: Database, keyring: Keyring, library: Library, status: SubscriberStatus
) -> None:
    with database.write() as session:
        due_at(session, keyring, DUE, status=status)
    assert plan(database, library, DUE + 30 * DAY) == []


def test_planning_leaves_a_stopped_person_stopped_whatever_their_due_times_say(
    database: Database, keyring: Keyring, library: Library
) -> None:
    with database.write() as session:
        person = due_at(session, keyring, DUE)
        times = (person.next_prompt_at, person.next_digest_at)
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        constraint = "TRIGGER subscribers_due_times_update" if is_sqlite else "CONSTRAINT ck_subscribers_due_times"
        session.execute(text(f"{'' if is_sqlite else 'ALTER TABLE subscribers '}DROP {constraint}"))
        session.execute(update(Subscriber).values(status=SubscriberStatus.STOPPED))
    assert plan(database, library, DUE) == []
    with database.write() as session:
        assert plan_due_digests(session, now=DUE + 30 * DAY, limit=10).seen == 0
    with database.read() as session:
        stopped = session.get_one(Subscriber, person.id)
        assert (stopped.status, stopped.next_prompt_at, stopped.next_digest_at) == (SubscriberStatus.STOPPED, *times)


def test_a_prompt_waits_until_a_digest_that_may_replace_it_is_planned(
    database: Database, keyring: Keyring, library: Library
) -> None:
    first = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
    with database.write() as session:
        person = due_at(session, keyring, first)
        assert person.next_digest_at == first
    assert plan(database, library, first) == []
    with database.write() as session:
        assert session.get_one(Subscriber, person.id).next_prompt_at == first
        session.get_one(Subscriber, person.id).next_digest_at = first + 30 * DAY
    assert len(plan(database, library, first)) == 1


def test_a_chunk_needs_at_most_five_statements(database: Database, keyring: Keyring, library: Library) -> None:
    with database.write() as session:
        for number in range(60):
            due_at(session, keyring, DUE, f"p{number}@example.com")
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    assert len(plan(database, library, DUE)) == 60
    assert len([statement for statement in statements if not statement.startswith("BEGIN")]) <= 5


@contextmanager
def fresh_sqlite(folder: Path) -> Iterator[tuple[Database, Keyring]]:
    database = Database.at(f"sqlite:///{folder / 'walk.db'}")
    migrate(database.engine)
    yield database, Keyring.load(database, (b"k" * 32,), DUE)
    database.engine.dispose()


@pytest.fixture(scope="module")
def walk_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Keyring]]:
    with fresh_sqlite(tmp_path_factory.mktemp("walk")) as made:
        yield made


# Zones with unusual clock changes: at midnight, by half an hour, or by a whole day.
ODD_ZONES = (
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "America/Asuncion",
    "Asia/Beirut",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/St_Johns",
    "Antarctica/Troll",
)
INSTANTS = st.datetimes(datetime(2020, 2, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


@settings(max_examples=20, deadline=None)
@given(
    zone=st.sampled_from(ODD_ZONES),
    start=INSTANTS,
    minute=st.sampled_from(range(0, 24 * 60, 30)),
    mask=st.integers(1, 127),
    step=st.sampled_from([timedelta(minutes=115), timedelta(hours=5), timedelta(hours=11)]),
)
def test_each_local_date_of_the_schedule_has_one_prompt_across_clock_changes(
    walk_database: tuple[Database, Keyring],
    library: Library,
    zone: str,
    start: datetime,
    minute: int,
    mask: int,
    step: timedelta,
) -> None:
    database, keyring = walk_database
    start = nearest_change(ZoneInfo(zone), start) - 2 * DAY
    at, days = time(*divmod(minute, 60)), Days(mask)
    with database.write() as session:
        session.query(Subscriber).delete()
        person = member(session, keyring, zone=zone, at=at, days=days, looking_from=start, wants_digest=False)
        person.next_digest_at = None
    now = start
    while now < start + 4 * DAY:
        now += step
        with database.write() as session:
            plan_due_prompts(session, library, now=now, limit=10)
    with database.read() as session:
        slots = [date.fromisoformat(slot) for _, slot, _ in owed(session, person)]
        ready = list(session.scalars(select(Delivery.ready_at).order_by(Delivery.slot)))
    assert slots == sorted(set(slots))
    assert set(slots) == dates_due(ZoneInfo(zone), at, days, start, now)
    assert ready == sorted(ready)


def nearest_change(zone: ZoneInfo, after: datetime) -> datetime:
    """Return an instant less than a day before the next change of the UTC offset, or `after` if there is none."""
    for number in range(366):
        day = after + number * DAY
        if day.astimezone(zone).utcoffset() != (day + DAY).astimezone(zone).utcoffset():
            return day
    return after


def dates_due(zone: ZoneInfo, at: time, days: Days, start: datetime, end: datetime) -> set[date]:
    """Return the dates whose wall time is in (start, end], computed independently of the code under test."""
    found = set()
    on = start.astimezone(zone).date() - DAY
    while on <= end.astimezone(zone).date() + DAY:
        existing = {
            local.date()
            for hour in range(-30, 60)
            if (local := (datetime.combine(on, time(0), UTC) + hour * HOUR).astimezone(zone)).date() == on
        }
        due = datetime.combine(on, at, zone).astimezone(UTC)
        if existing and on in days and start < due <= end:
            found.add(on)
        on += DAY
    return found
