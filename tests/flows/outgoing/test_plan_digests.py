from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from service.core.library.prompts import Library
from service.db import Database
from service.flows.outgoing.plan_digests import DIGEST_MAX_DELAY, plan_due_digests
from service.flows.outgoing.plan_prompts import make_prompt_due
from service.flows.outgoing.tick import tick
from service.flows.people import account
from service.job_queue import InMemoryQueue
from service.models import Delivery, DeliveryState, Keyring, Subscriber, SubscriberStatus
from tests.harness.diary import write
from tests.harness.members import FIRST, member, owed
from tests.harness.people import DAY, MINUTE

MAY = date(2026, 5, 1)
LATE_MAY = datetime(2026, 5, 31, 20, 0, tzinfo=UTC)
JULY_FIRST = FIRST + 30 * DAY


def joined(database: Database, keyring: Keyring, **columns: Any) -> Subscriber:
    with database.write() as session:
        return member(session, keyring, looking_from=LATE_MAY, **columns)


def planned(database: Database, library: Library, person: Subscriber, now: datetime) -> list[tuple[str, str]]:
    """Tick, and return (kind, slot) of everything owed."""
    tick(database, library, InMemoryQueue(), now=now, chunk=100)
    with database.read() as session:
        return [(kind, slot) for kind, slot, _ in owed(session, person)]


def test_who_wrote_gets_the_month_on_the_first_in_place_of_that_days_prompt(
    database: Database, keyring: Keyring, library: Library
) -> None:
    person = joined(database, keyring)
    write(database, keyring, person, date(2026, 5, 31))
    assert planned(database, library, person, FIRST - MINUTE) == []
    assert planned(database, library, person, FIRST) == [("digest", "2026-05")]
    assert planned(database, library, person, FIRST + MINUTE) == [("digest", "2026-05")]
    assert planned(database, library, person, FIRST + DAY) == [("digest", "2026-05"), ("prompt", "2026-06-02")]


@pytest.mark.parametrize("on", [date(2026, 4, 30), date(2026, 6, 1)])
def test_only_the_local_month_counts(database: Database, keyring: Keyring, library: Library, on: date) -> None:
    person = joined(database, keyring)
    write(database, keyring, person, on)
    assert planned(database, library, person, FIRST) == [("quiet_month", "2026-05")]


def test_a_quiet_month_is_asked_about_once_and_then_not_until_something_is_written(
    database: Database, keyring: Keyring, library: Library
) -> None:
    person = joined(database, keyring)
    assert planned(database, library, person, FIRST) == [("quiet_month", "2026-05")]
    assert planned(database, library, person, JULY_FIRST) == [("quiet_month", "2026-05"), ("prompt", "2026-07-01")]
    write(database, keyring, person, date(2026, 7, 3))
    assert ("digest", "2026-07") in planned(database, library, person, JULY_FIRST + 31 * DAY)
    assert ("quiet_month", "2026-08") in planned(database, library, person, JULY_FIRST + 62 * DAY)


@pytest.mark.parametrize(
    ("confirmed_on", "wanted"),
    [(date(2026, 5, 22), "quiet_month"), (date(2026, 5, 23), "prompt")],
    ids=["ten days before the first", "nine days before it"],
)
def test_who_joined_less_than_ten_days_ago_gets_a_prompt_like_on_any_day(
    database: Database, keyring: Keyring, library: Library, confirmed_on: date, wanted: str
) -> None:
    confirmed_at = datetime(2026, confirmed_on.month, confirmed_on.day, 12, tzinfo=UTC)
    person = joined(database, keyring, confirmed_at=confirmed_at)
    assert [kind for kind, _ in planned(database, library, person, FIRST)] == [wanted]


def test_who_wants_no_digest_gets_the_prompt(database: Database, keyring: Keyring, library: Library) -> None:
    person = joined(database, keyring, wants_digest=False)
    write(database, keyring, person, date(2026, 5, 3))
    assert planned(database, library, person, FIRST) == [("prompt", "2026-06-01")]


@pytest.mark.parametrize(("wrote", "wanted"), [(True, [("digest", "2026-05")]), (False, [])])
def test_who_rests_gets_a_month_that_has_entries_and_no_other(
    database: Database, keyring: Keyring, library: Library, wrote: bool, wanted: list[tuple[str, str]]
) -> None:
    person = joined(database, keyring, status=SubscriberStatus.RESTING)
    if wrote:
        write(database, keyring, person, date(2026, 5, 3))
    assert planned(database, library, person, FIRST) == wanted


@pytest.mark.parametrize("status", [SubscriberStatus.PENDING, SubscriberStatus.STOPPED])
def test_nobody_else_gets_one(database: Database, keyring: Keyring, library: Library, status: SubscriberStatus) -> None:
    person = joined(database, keyring, status=status)
    write(database, keyring, person, date(2026, 5, 3))
    assert planned(database, library, person, FIRST) == []


@pytest.mark.parametrize(
    ("now", "digests"),
    [
        pytest.param(FIRST + DIGEST_MAX_DELAY, ["2026-05"], id="seven days late it still goes"),
        pytest.param(FIRST + DIGEST_MAX_DELAY + MINUTE, [], id="later than that it is let go"),
        pytest.param(JULY_FIRST + 2 * DAY, ["2026-06"], id="after a month down the last month goes alone"),
    ],
)
def test_how_late_a_digest_may_be(database: Database, keyring: Keyring, now: datetime, digests: list[str]) -> None:
    person = joined(database, keyring)
    for on in (date(2026, 5, 3), date(2026, 6, 3)):
        write(database, keyring, person, on)
    with database.write() as session:
        plan_due_digests(session, now=now, limit=10)
    with database.read() as session:
        assert [slot for _, slot, _ in owed(session, person)] == digests
        next_at = session.get_one(Subscriber, person.id).next_digest_at
    assert next_at is not None
    assert now < next_at <= now + 31 * DAY


def test_a_day_down_brings_at_most_one_late_email_of_a_kind(
    database: Database, keyring: Keyring, library: Library
) -> None:
    person = joined(database, keyring)
    write(database, keyring, person, date(2026, 5, 3))
    woken = planned(database, library, person, FIRST + DAY + timedelta(hours=1))
    assert woken == [("digest", "2026-05"), ("prompt", "2026-06-02")]


def test_where_a_digest_is_skipped_the_days_prompt_goes(database: Database, keyring: Keyring, library: Library) -> None:
    person = joined(database, keyring)
    write(database, keyring, person, date(2026, 5, 3))
    assert planned(database, library, person, FIRST) == [("digest", "2026-05")]
    with database.write() as session:
        delivery = session.scalars(select(Delivery)).one()
        delivery.state = DeliveryState.SKIPPED
        make_prompt_due(session, session.get_one(Subscriber, person.id), delivery.ready_at)
    assert planned(database, library, person, FIRST + MINUTE)[-1] == ("prompt", "2026-06-01")
    with database.read() as session:
        assert session.get_one(Subscriber, person.id).next_prompt_at == FIRST + DAY


def test_no_prompt_is_owed_for_a_day_that_the_schedule_leaves_out(database: Database, keyring: Keyring) -> None:
    person = joined(database, keyring)
    with database.write() as session:
        owner = session.get_one(Subscriber, person.id)
        account.rest(session, owner, account.Rest.OPEN_ENDED, FIRST)
        make_prompt_due(session, owner, FIRST)
        assert owner.next_prompt_at is None


def test_planning_digests_again_plans_nothing(database: Database, keyring: Keyring) -> None:
    person = joined(database, keyring)
    with database.write() as session:
        assert len(plan_due_digests(session, now=FIRST, limit=10).delivery_ids) == 1
    with database.write() as session:
        session.get_one(Subscriber, person.id).next_digest_at = FIRST
    with database.write() as session:
        assert plan_due_digests(session, now=FIRST, limit=10).delivery_ids == []
        assert session.scalar(select(func.count()).select_from(Delivery)) == 1
