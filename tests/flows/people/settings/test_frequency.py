"""Slowing down after silence, and back to the usual days after any activity."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from service.core.library.prompts import Library
from service.core.replies.classify.commands import Command, Verb
from service.core.settings.frequency import REST_AFTER, WEEKLY_AFTER, SlowDown
from service.core.settings.schedule import Days
from service.db import Database, migrate
from service.flows.incoming.replies import commands
from service.flows.outgoing.planning.plan_prompts import plan_due_prompts
from service.flows.outgoing.tick import tick
from service.flows.people.settings import frequency
from service.flows.people.subscription import account
from service.job_queue import InMemoryQueue
from service.models import Delivery, DeliveryKind, Keyring, NewDelivery, Subscriber, SubscriberStatus
from tests.harness.people.members import due_at, member, owed
from tests.harness.people.people import DAY, MINUTE, PLAIN
from tests.harness.people.silence import Silence, kinds

MONDAY = datetime(2026, 5, 11, 8, 0, tzinfo=UTC)
EVERY_DAY, THREE, TUESDAYS = Days(127), Days.of(0, 2, 4), Days.of(1)
YEAR = 365 * DAY
PROMPTS = ["prompt"] * 8

StartSilence = Callable[..., Silence]


@pytest.fixture
def start_silence(database: Database, keyring: Keyring, library: Library) -> StartSilence:
    """Return a function that creates a subscriber whose first prompt is due on Monday at eight, UTC."""

    def start(days: Days = EVERY_DAY, **columns: Any) -> Silence:
        with database.write() as session:
            person = member(
                session, keyring, zone="UTC", days=days, looking_from=MONDAY - MINUTE, wants_digest=False, **columns
            )
            person.next_digest_at = None
        return Silence(database, library, person.id)

    return start


def act(silence: Silence, what: Callable[[Session, Subscriber], object]) -> Subscriber:
    """Carry out an action of the subscriber's, and return their row afterwards."""
    with silence.database.write() as session:
        person = Subscriber.locked(session, silence.person_id)
        assert person is not None
        what(session, person)
    return silence.person()


def carry_out(silence: Silence, verb: Verb, now: datetime, until_on: date | None = None) -> Subscriber:
    command = Command(verb, until_on)
    return act(silence, lambda session, person: commands.carry_out(session, silence.library, person, command, now))


def be_active(silence: Silence, now: datetime) -> Subscriber:
    return act(silence, lambda session, person: frequency.record_activity(session, person, now))


def test_silence_leads_to_weekly_then_to_rest_with_one_notice_each(start_silence: StartSilence) -> None:
    silence = start_silence()
    planned = silence.go_on(MONDAY + YEAR)
    assert kinds(planned) == [*PROMPTS, "weekly", *PROMPTS, "rest"]
    assert [slot for _, _, slot in planned[:10]] == [*(f"2026-05-{day}" for day in range(11, 20)), "2026-05-24"]
    assert {date.fromisoformat(slot).weekday() for _, _, slot in planned[9:]} == {6}
    person = silence.person()
    assert (person.status, person.resting_until_on, person.next_prompt_at) == (SubscriberStatus.RESTING, None, None)
    assert (person.slow_down_stage, person.days_mask, person.usual_days_mask) == (SlowDown.REST, EVERY_DAY.mask, None)


def test_weekly_saves_the_usual_days(start_silence: StartSilence) -> None:
    silence = start_silence(THREE, unanswered=WEEKLY_AFTER)
    assert silence.plan(MONDAY) == [("notice", "weekly", "2026-05-11")]
    person = silence.person()
    assert (person.status, person.slow_down_stage) == (SubscriberStatus.ACTIVE, SlowDown.WEEKLY)
    assert (person.days_mask, person.usual_days_mask) == (Days.of(0).mask, THREE.mask)
    assert person.next_prompt_at == MONDAY + 7 * DAY


def test_a_weekly_schedule_has_only_the_rest_stage(start_silence: StartSilence) -> None:
    silence = start_silence(TUESDAYS)
    assert kinds(silence.go_on(MONDAY + YEAR)) == [*PROMPTS, *PROMPTS, "rest"]


def test_the_notice_replaces_a_prompt_and_may_be_a_week_late(start_silence: StartSilence) -> None:
    silence = start_silence(unanswered=WEEKLY_AFTER)
    silence.plan(MONDAY)
    with silence.database.read() as session:
        assert owed(session, silence.person()) == [("notice", "2026-05-11", "sent")]
        notice = session.scalars(select(Delivery)).one()
    assert (notice.ready_at, notice.expires_at, notice.prompt_id) == (MONDAY, MONDAY + 7 * DAY, None)


def test_after_an_outage_one_notice_is_sent(start_silence: StartSilence) -> None:
    silence = start_silence(unanswered=WEEKLY_AFTER)
    late = MONDAY + 40 * DAY
    assert silence.plan(late + timedelta(hours=13)) == []
    assert silence.person().slow_down_stage is None
    assert silence.plan(late + DAY) == [("notice", "weekly", "2026-06-21")]
    assert silence.plan(late + DAY) == []
    assert kinds(silence.go_on(late + YEAR)) == [*PROMPTS, "rest"]


def test_a_digest_comes_before_a_notice(start_silence: StartSilence, database: Database) -> None:
    silence = start_silence(unanswered=WEEKLY_AFTER)
    first = datetime(2026, 6, 1, 8, tzinfo=UTC)
    act(silence, lambda _, person: setattr(person, "next_prompt_at", first))
    digest = NewDelivery(
        subscriber_id=silence.person_id, kind=DeliveryKind.DIGEST, slot="2026-05", ready_at=first, planned_at=first
    )
    with database.write() as session:
        Delivery.plan(session, [digest])
    assert silence.plan(first) == []
    assert silence.plan(first + DAY) == [("notice", "weekly", "2026-06-02")]


def test_ten_ticks_at_once_plan_each_notice_once(database: Database, keyring: Keyring, library: Library) -> None:
    with database.write() as session:
        for number in range(40):
            due_at(session, keyring, MONDAY, f"p{number}@example.com", unanswered=7 + number % 2)
    queues = [InMemoryQueue() for _ in range(10)]
    with ThreadPoolExecutor(10) as pool:
        done = [pool.submit(tick, database, library, queue, now=MONDAY, chunk=7) for queue in queues]
        assert sum(one.result().planned for one in done) == 40
    with database.read() as session:
        kinds_planned = [*session.scalars(select(Delivery.kind))]
        slow_down_stage = [*session.scalars(select(Subscriber.slow_down_stage))]
    assert [kinds_planned.count(kind) for kind in (DeliveryKind.PROMPT, DeliveryKind.NOTICE)] == [20, 20]
    assert slow_down_stage.count(SlowDown.WEEKLY) == 20


def test_a_chunk_with_every_stage_needs_at_most_eight_statements(
    database: Database, keyring: Keyring, library: Library
) -> None:
    with database.write() as session:
        for number in range(60):
            slow_down_stage = [None, None, SlowDown.WEEKLY][number % 3]
            address, unanswered = f"p{number}@example.com", [0, 8, 16][number % 3]
            person = due_at(session, keyring, MONDAY, address, unanswered=unanswered, slow_down_stage=slow_down_stage)
            if slow_down_stage:
                person.usual_days_mask, person.days_mask = person.days_mask, 1
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    with database.write() as session:
        assert len(plan_due_prompts(session, library, now=MONDAY, limit=1000).delivery_ids) == 60
    assert len([statement for statement in statements if not statement.startswith("BEGIN")]) <= 8


def test_one_activity_restores_the_days_without_a_second_prompt_that_day(start_silence: StartSilence) -> None:
    silence = start_silence()
    silence.go_on(MONDAY + 13 * DAY + MINUTE)  # the first Sunday of the weekly stage, after its prompt
    person = be_active(silence, MONDAY + 13 * DAY + 2 * MINUTE)
    assert (person.slow_down_stage, person.unanswered) == (None, 0)
    assert (person.days_mask, person.usual_days_mask) == (EVERY_DAY.mask, None)
    assert person.next_prompt_at == MONDAY + 14 * DAY


def test_one_activity_ends_the_rest_and_resets_the_count(start_silence: StartSilence) -> None:
    silence = start_silence(THREE)
    silence.go_on(MONDAY + YEAR)
    person = be_active(silence, MONDAY + YEAR)
    assert (person.status, person.slow_down_stage, person.days_mask) == (SubscriberStatus.ACTIVE, None, THREE.mask)
    assert kinds(silence.go_on(MONDAY + 2 * YEAR)) == [*PROMPTS, "weekly", *PROMPTS, "rest"]


def test_activity_does_not_end_a_chosen_rest(start_silence: StartSilence) -> None:
    silence = start_silence()
    act(silence, lambda session, person: account.rest(session, person, account.Rest.OPEN_ENDED, MONDAY))
    person = be_active(silence, MONDAY + DAY)
    assert (person.status, person.next_prompt_at) == (SubscriberStatus.RESTING, None)


def test_a_chosen_weekly_frequency_is_restored_after_a_rest(start_silence: StartSilence) -> None:
    silence = start_silence()
    carry_out(silence, Verb.WEEKLY, MONDAY - DAY)
    assert kinds(silence.go_on(MONDAY + YEAR)) == [*PROMPTS, *PROMPTS, "rest"]
    person = carry_out(silence, Verb.RESUME, MONDAY + YEAR)
    assert (person.status, person.days_mask, person.usual_days_mask) == (SubscriberStatus.ACTIVE, Days.of(6).mask, 127)
    person = carry_out(silence, Verb.RESUME, MONDAY + YEAR)
    assert (person.days_mask, person.usual_days_mask) == (127, None)


STAGES = [pytest.param(9 * DAY, id="once a week"), pytest.param(YEAR, id="at rest")]


@pytest.mark.parametrize("silent_for", STAGES)
@pytest.mark.parametrize(
    ("verb", "until_on", "expected"),
    [
        pytest.param(Verb.WEEKLY, None, (SubscriberStatus.ACTIVE, None, 64, 127), id="weekly is chosen from now on"),
        pytest.param(Verb.PAUSE, None, (SubscriberStatus.RESTING, None, 127, None), id="a rest is chosen from now on"),
        pytest.param(
            Verb.PAUSE,
            date(2027, 6, 3),
            (SubscriberStatus.RESTING, date(2027, 6, 3), 127, None),
            id="a rest until a date",
        ),
        pytest.param(Verb.STOP, None, (SubscriberStatus.STOPPED, None, 127, None), id="stop stops"),
        pytest.param(Verb.RESUME, None, (SubscriberStatus.ACTIVE, None, 127, None), id="resume brings their days back"),
        pytest.param(Verb.HELP, None, (SubscriberStatus.ACTIVE, None, 127, None), id="help counts as activity"),
        pytest.param(
            Verb.NOT_TODAY, None, (SubscriberStatus.ACTIVE, None, 127, None), id="not today counts as activity"
        ),
        pytest.param(
            Verb.ANOTHER, None, (SubscriberStatus.ACTIVE, None, 127, None), id="another prompt counts as activity"
        ),
    ],
)
def test_a_command_overrides_the_restored_frequency(
    start_silence: StartSilence, silent_for: timedelta, verb: Verb, until_on: date | None, expected: object
) -> None:
    silence = start_silence()
    silence.go_on(MONDAY + silent_for)
    assert silence.person().slow_down_stage is not None
    person = carry_out(silence, verb, MONDAY + silent_for + MINUTE, until_on)
    assert (person.status, person.resting_until_on, person.days_mask, person.usual_days_mask) == expected
    assert (person.slow_down_stage, person.unanswered) == (None, 0)


@pytest.mark.parametrize("silent_for", STAGES)
def test_a_restart_after_a_stop_uses_the_usual_days(start_silence: StartSilence, silent_for: timedelta) -> None:
    silence = start_silence(THREE)
    silence.go_on(MONDAY + 3 * silent_for)
    now = MONDAY + 3 * silent_for + MINUTE
    act(silence, lambda session, person: account.stop(session, person, now, source="one_click"))
    person = act(silence, lambda session, person: account.restart(session, person, now, source="reply"))
    assert (person.status, person.days_mask, person.unanswered) == (SubscriberStatus.ACTIVE, THREE.mask, 0)


@pytest.mark.parametrize("silent_for", STAGES)
def test_days_chosen_in_the_preferences_replace_the_slow_down(
    start_silence: StartSilence, silent_for: timedelta
) -> None:
    silence = start_silence()
    silence.go_on(MONDAY + silent_for)
    now = MONDAY + silent_for + MINUTE
    chosen = replace(PLAIN, schedule=replace(PLAIN.schedule, days=TUESDAYS))
    person = act(silence, lambda session, person: account.change_preferences(session, person, chosen, now))
    assert (person.status, person.slow_down_stage, person.days_mask) == (SubscriberStatus.ACTIVE, None, TUESDAYS.mask)
    assert be_active(silence, now).days_mask == TUESDAYS.mask


def test_an_invalid_date_for_a_rest_changes_nothing(start_silence: StartSilence) -> None:
    silence = start_silence()
    silence.go_on(MONDAY + YEAR)
    person = act(silence, lambda session, person: account.rest(session, person, date(2020, 1, 1), MONDAY + YEAR))
    assert (person.status, person.slow_down_stage) == (SubscriberStatus.RESTING, SlowDown.REST)


def test_skipping_one_prompt_skips_the_next_of_the_usual_days(start_silence: StartSilence) -> None:
    silence = start_silence(THREE)
    silence.go_on(MONDAY + YEAR)
    now = MONDAY + YEAR  # a Tuesday
    person = act(silence, lambda session, person: account.rest(session, person, account.Rest.SKIP_ONE, now))
    assert (person.status, person.slow_down_stage) == (SubscriberStatus.RESTING, None)
    assert person.next_prompt_at == datetime(2027, 5, 14, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def walk_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Keyring]]:
    database = Database.at(f"sqlite:///{tmp_path_factory.mktemp('silence') / 'walk.db'}")
    migrate(database.engine)
    yield database, Keyring.load(database, (b"k" * 32,), MONDAY)
    database.engine.dispose()


@settings(max_examples=15, deadline=None)
@given(mask=st.integers(1, 127), activities=st.lists(st.integers(0, 3 * 365), max_size=4), outage=st.integers(0, 700))
def test_each_silence_has_at_most_one_notice_of_each_stage(
    walk_database: tuple[Database, Keyring], library: Library, mask: int, activities: list[int], outage: int
) -> None:
    database, keyring = walk_database
    with database.write() as session:
        session.query(Delivery).delete()
        session.query(Subscriber).delete()
        person = member(session, keyring, zone="UTC", days=Days(mask), looking_from=MONDAY - DAY, wants_digest=False)
        person.next_digest_at = None
    silence = Silence(database, library, person.id)
    for activity in [*sorted(activities), 3 * 365]:
        planned = silence.go_on(min(MONDAY + activity * DAY, MONDAY + outage * DAY))
        if activity > outage:
            planned += silence.plan(MONDAY + (outage + 20) * DAY)  # a clock that was down for twenty days
        kinds_planned = kinds(planned + silence.go_on(MONDAY + activity * DAY))
        stages = [one for one in kinds_planned if one != "prompt"]
        assert stages in ([], ["rest"]) if mask.bit_count() == 1 else stages in ([], ["weekly"], ["weekly", "rest"])
        assert len(kinds_planned) <= REST_AFTER + len(stages)
        assert kinds_planned[-1:] == ["rest"] or "rest" not in kinds_planned
        after = be_active(silence, max(MONDAY + activity * DAY, MONDAY + (outage + 20) * DAY * (activity > outage)))
        assert (after.status, after.days_mask, after.usual_days_mask) == (SubscriberStatus.ACTIVE, mask, None)
