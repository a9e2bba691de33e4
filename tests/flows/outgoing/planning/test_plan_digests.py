"""Planning digests and the quiet month's question: for whom, when, and instead of which prompt."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from service.core.library.prompts import Library
from service.db import Database
from service.flows.outgoing.planning.plan_digests import DIGEST_MAX_DELAY, plan_due_digests
from service.flows.outgoing.planning.plan_prompts import make_prompt_due
from service.flows.outgoing.tick import tick
from service.flows.people.subscription import account
from service.job_queue import InMemoryQueue
from service.models import Delivery, DeliveryState, Keyring, Subscriber, SubscriberStatus
from tests.harness.journals.diary import write
from tests.harness.people.members import FIRST, member, owed
from tests.harness.people.people import DAY, MINUTE

MAY = date(2026, 5, 1)
LATE_MAY = datetime(2026, 5, 31, 20, 0, tzinfo=UTC)
JULY_FIRST = FIRST + 30 * DAY


def create_subscriber(database: Database, keyring: Keyring, **columns: Any) -> Subscriber:
    with database.write() as session:
        return member(session, keyring, looking_from=LATE_MAY, **columns)


def tick_and_list(database: Database, library: Library, person: Subscriber, now: datetime) -> list[tuple[str, str]]:
    """Tick, and return (kind, slot) of each delivery."""
    tick(database, library, InMemoryQueue(), now=now, chunk=100)
    with database.read() as session:
        return [(kind, slot) for kind, slot, _ in owed(session, person)]


def test_a_digest_replaces_the_prompt_of_the_first(database: Database, keyring: Keyring, library: Library) -> None:
    person = create_subscriber(database, keyring)
    write(database, keyring, person, date(2026, 5, 31))
    assert tick_and_list(database, library, person, FIRST - MINUTE) == []
    assert tick_and_list(database, library, person, FIRST) == [("digest", "2026-05")]
    assert tick_and_list(database, library, person, FIRST + MINUTE) == [("digest", "2026-05")]
    assert tick_and_list(database, library, person, FIRST + DAY) == [("digest", "2026-05"), ("prompt", "2026-06-02")]


@pytest.mark.parametrize("on", [date(2026, 4, 30), date(2026, 6, 1)])
def test_only_entries_of_the_local_month_count(
    database: Database, keyring: Keyring, library: Library, on: date
) -> None:
    person = create_subscriber(database, keyring)
    write(database, keyring, person, on)
    assert tick_and_list(database, library, person, FIRST) == [("quiet_month", "2026-05")]


def test_a_quiet_month_has_one_question_until_something_is_written(
    database: Database, keyring: Keyring, library: Library
) -> None:
    person = create_subscriber(database, keyring)
    assert tick_and_list(database, library, person, FIRST) == [("quiet_month", "2026-05")]
    assert tick_and_list(database, library, person, JULY_FIRST) == [
        ("quiet_month", "2026-05"),
        ("prompt", "2026-07-01"),
    ]
    write(database, keyring, person, date(2026, 7, 3))
    assert ("digest", "2026-07") in tick_and_list(database, library, person, JULY_FIRST + 31 * DAY)
    assert ("quiet_month", "2026-08") in tick_and_list(database, library, person, JULY_FIRST + 62 * DAY)


@pytest.mark.parametrize(
    ("confirmed_on", "wanted"),
    [(date(2026, 5, 22), "quiet_month"), (date(2026, 5, 23), "prompt")],
    ids=["ten days before the first", "nine days before it"],
)
def test_a_subscriber_who_joined_less_than_ten_days_ago_gets_a_prompt(
    database: Database, keyring: Keyring, library: Library, confirmed_on: date, wanted: str
) -> None:
    confirmed_at = datetime(2026, confirmed_on.month, confirmed_on.day, 12, tzinfo=UTC)
    person = create_subscriber(database, keyring, confirmed_at=confirmed_at)
    assert [kind for kind, _ in tick_and_list(database, library, person, FIRST)] == [wanted]


def test_a_subscriber_without_digests_gets_the_prompt(database: Database, keyring: Keyring, library: Library) -> None:
    person = create_subscriber(database, keyring, wants_digest=False)
    write(database, keyring, person, date(2026, 5, 3))
    assert tick_and_list(database, library, person, FIRST) == [("prompt", "2026-06-01")]


@pytest.mark.parametrize(("wrote", "wanted"), [(True, [("digest", "2026-05")]), (False, [])])
def test_a_resting_subscriber_gets_a_digest_only_with_entries(
    database: Database, keyring: Keyring, library: Library, wrote: bool, wanted: list[tuple[str, str]]
) -> None:
    person = create_subscriber(database, keyring, status=SubscriberStatus.RESTING)
    if wrote:
        write(database, keyring, person, date(2026, 5, 3))
    assert tick_and_list(database, library, person, FIRST) == wanted


@pytest.mark.parametrize("status", [SubscriberStatus.PENDING, SubscriberStatus.STOPPED])
def test_pending_and_stopped_subscribers_get_no_digest(
    database: Database, keyring: Keyring, library: Library, status: SubscriberStatus
) -> None:
    person = create_subscriber(database, keyring, status=status)
    write(database, keyring, person, date(2026, 5, 3))
    assert tick_and_list(database, library, person, FIRST) == []


@pytest.mark.parametrize(
    ("now", "digests"),
    [
        pytest.param(FIRST + DIGEST_MAX_DELAY, ["2026-05"], id="seven days late"),
        pytest.param(FIRST + DIGEST_MAX_DELAY + MINUTE, [], id="more than seven days late"),
        pytest.param(JULY_FIRST + 2 * DAY, ["2026-06"], id="a month late, only the last month"),
    ],
)
def test_how_late_a_digest_may_be(database: Database, keyring: Keyring, now: datetime, digests: list[str]) -> None:
    person = create_subscriber(database, keyring)
    for on in (date(2026, 5, 3), date(2026, 6, 3)):
        write(database, keyring, person, on)
    with database.write() as session:
        plan_due_digests(session, now=now, limit=10)
    with database.read() as session:
        assert [slot for _, slot, _ in owed(session, person)] == digests
        next_at = session.get_one(Subscriber, person.id).next_digest_at
    assert next_at is not None
    assert now < next_at <= now + 31 * DAY


def test_after_an_outage_of_a_day_one_late_email_of_each_kind_is_sent(
    database: Database, keyring: Keyring, library: Library
) -> None:
    person = create_subscriber(database, keyring)
    write(database, keyring, person, date(2026, 5, 3))
    late = tick_and_list(database, library, person, FIRST + DAY + timedelta(hours=1))
    assert late == [("digest", "2026-05"), ("prompt", "2026-06-02")]


def test_a_skipped_digest_makes_the_days_prompt_due(database: Database, keyring: Keyring, library: Library) -> None:
    person = create_subscriber(database, keyring)
    write(database, keyring, person, date(2026, 5, 3))
    assert tick_and_list(database, library, person, FIRST) == [("digest", "2026-05")]
    with database.write() as session:
        delivery = session.scalars(select(Delivery)).one()
        delivery.state = DeliveryState.SKIPPED
        make_prompt_due(session, session.get_one(Subscriber, person.id), delivery.ready_at)
    assert tick_and_list(database, library, person, FIRST + MINUTE)[-1] == ("prompt", "2026-06-01")
    with database.read() as session:
        assert session.get_one(Subscriber, person.id).next_prompt_at == FIRST + DAY


def test_a_resting_subscribers_prompt_does_not_become_due(database: Database, keyring: Keyring) -> None:
    person = create_subscriber(database, keyring)
    with database.write() as session:
        owner = session.get_one(Subscriber, person.id)
        account.rest(session, owner, account.Rest.OPEN_ENDED, FIRST)
        make_prompt_due(session, owner, FIRST)
        assert owner.next_prompt_at is None


def test_planning_digests_again_plans_nothing(database: Database, keyring: Keyring) -> None:
    person = create_subscriber(database, keyring)
    with database.write() as session:
        assert len(plan_due_digests(session, now=FIRST, limit=10).delivery_ids) == 1
    with database.write() as session:
        session.get_one(Subscriber, person.id).next_digest_at = FIRST
    with database.write() as session:
        assert plan_due_digests(session, now=FIRST, limit=10).delivery_ids == []
        assert session.scalar(select(func.count()).select_from(Delivery)) == 1
