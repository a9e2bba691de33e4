"""The year's digest: for whom, when, and instead of which prompt."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from service.core.library.prompts import Library
from service.core.settings.schedule import Days
from service.db import Database
from service.flows.outgoing.planning.plan_digests import DIGEST_MAX_DELAY
from service.flows.outgoing.sending.send_records import skip
from service.flows.outgoing.tick import tick
from service.job_queue import InMemoryQueue
from service.models import (
    Delivery,
    DeliveryClaim,
    DeliveryKind,
    DeliveryState,
    Entry,
    Keyring,
    Subscriber,
    SubscriberStatus,
)
from service.models.outgoing.deliveries import delivery_claims
from tests.harness.journals.diary import write
from tests.harness.people.members import member, owed
from tests.harness.people.people import DAY, MINUTE

LATE_DECEMBER = datetime(2026, 12, 31, 20, tzinfo=UTC)
FIRST = datetime(2027, 1, 1, 8, tzinfo=UTC)  # a Friday, 08:00 in London
SECOND = FIRST + DAY
MONTHS_WRITTEN = (date(2026, 3, 3), date(2026, 12, 30))


def create_subscriber(database: Database, keyring: Keyring, **columns: Any) -> Subscriber:
    with database.write() as session:
        return member(session, keyring, **{"looking_from": LATE_DECEMBER, **columns})


def write_on(database: Database, keyring: Keyring, person: Subscriber, *days: date) -> Subscriber:
    for on in days:
        write(database, keyring, person, on)
    return person


def tick_and_list(database: Database, library: Library, person: Subscriber, now: datetime) -> list[tuple[str, str]]:
    """Tick, and return (kind, slot) of each delivery."""
    tick(database, library, InMemoryQueue(), now=now, chunk=100)
    with database.read() as session:
        return [(kind, slot) for kind, slot, _ in owed(session, person)]


def find_year(database: Database, person: Subscriber) -> Delivery:
    with database.read() as session:
        delivery = Delivery.find(session, person.id, DeliveryKind.YEAR, "2026")
    assert delivery is not None
    return delivery


def test_the_years_digest_replaces_the_prompt_of_the_second(
    database: Database, keyring: Keyring, library: Library
) -> None:
    person = write_on(database, keyring, create_subscriber(database, keyring), *MONTHS_WRITTEN)
    both = [("year", "2026"), ("digest", "2026-12")]
    assert tick_and_list(database, library, person, FIRST - MINUTE) == []
    assert tick_and_list(database, library, person, FIRST) == both
    year = find_year(database, person)
    assert (year.ready_at, year.expires_at) == (SECOND, SECOND + DIGEST_MAX_DELAY)
    assert (year.on, year.month) == (date(2026, 1, 1), 202612)
    assert tick_and_list(database, library, person, SECOND) == both
    assert tick_and_list(database, library, person, SECOND + DAY) == [*both, ("prompt", "2027-01-03")]


@pytest.mark.parametrize(
    ("days", "wanted"),
    [
        ((date(2026, 3, 3), date(2026, 5, 3)), ["year", "quiet_month"]),
        ((date(2026, 12, 3), date(2026, 12, 4)), ["digest"]),
        ((date(2025, 12, 31), date(2026, 12, 4), date(2027, 1, 1)), ["digest"]),
        ((), ["quiet_month"]),
    ],
    ids=["not in December", "in one month", "in one month of this year", "never"],
)
def test_the_years_digest_needs_entries_in_two_months_of_the_year(
    database: Database, keyring: Keyring, library: Library, days: tuple[date, ...], wanted: list[str]
) -> None:
    person = write_on(database, keyring, create_subscriber(database, keyring), *days)
    assert [kind for kind, _ in tick_and_list(database, library, person, FIRST)] == wanted


def test_no_other_month_plans_a_years_digest(database: Database, keyring: Keyring, library: Library) -> None:
    november = datetime(2026, 11, 30, 20, tzinfo=UTC)
    person = create_subscriber(database, keyring, looking_from=november)
    write_on(database, keyring, person, date(2026, 3, 3), date(2026, 11, 3))
    december_first = datetime(2026, 12, 1, 8, tzinfo=UTC)
    assert tick_and_list(database, library, person, december_first) == [("digest", "2026-11")]
    assert tick_and_list(database, library, person, december_first + DAY)[-1] == ("prompt", "2026-12-02")


@pytest.mark.parametrize(
    ("columns", "kinds"),
    [
        ({"wants_digest": False}, ["prompt"]),
        ({"status": SubscriberStatus.RESTING}, ["year", "digest"]),
        ({"status": SubscriberStatus.STOPPED}, []),
    ],
    ids=["no digests wanted", "resting", "stopped"],
)
def test_a_subscriber_without_digests_gets_no_years_digest(
    database: Database, keyring: Keyring, library: Library, columns: dict[str, Any], kinds: list[str]
) -> None:
    person = write_on(database, keyring, create_subscriber(database, keyring, **columns), *MONTHS_WRITTEN)
    assert [kind for kind, _ in tick_and_list(database, library, person, FIRST)] == kinds


def test_a_subscriber_who_was_quiet_for_months_gets_only_the_years_digest(
    database: Database, keyring: Keyring, library: Library
) -> None:
    person = create_subscriber(database, keyring, looking_from=datetime(2026, 11, 30, 20, tzinfo=UTC))
    write_on(database, keyring, person, date(2026, 3, 3), date(2026, 4, 3))
    assert ("quiet_month", "2026-11") in tick_and_list(database, library, person, datetime(2026, 12, 1, 8, tzinfo=UTC))
    assert tick_and_list(database, library, person, FIRST)[0] == ("year", "2026")
    assert ("quiet_month", "2026-12") not in tick_and_list(database, library, person, FIRST)


def test_the_years_digest_is_due_on_the_local_second_at_the_usual_time(
    database: Database, keyring: Keyring, library: Library
) -> None:
    person = create_subscriber(
        database, keyring, zone="Pacific/Kiritimati", looking_from=datetime(2026, 12, 30, tzinfo=UTC)
    )
    write_on(database, keyring, person, *MONTHS_WRITTEN)
    tick_and_list(database, library, person, datetime(2026, 12, 31, 18, tzinfo=UTC))
    assert find_year(database, person).ready_at == datetime(2027, 1, 1, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("late", "years"),
    [(FIRST + DIGEST_MAX_DELAY, 1), (FIRST + DIGEST_MAX_DELAY + MINUTE, 0)],
    ids=["seven days after the first", "later than that"],
)
def test_the_years_digest_may_be_as_late_as_a_months(
    database: Database, keyring: Keyring, library: Library, late: datetime, years: int
) -> None:
    person = write_on(database, keyring, create_subscriber(database, keyring), *MONTHS_WRITTEN)
    assert [kind for kind, _ in tick_and_list(database, library, person, late)].count("year") == years


def test_a_skipped_years_digest_makes_the_days_prompt_due(
    database: Database, keyring: Keyring, library: Library
) -> None:
    person = write_on(database, keyring, create_subscriber(database, keyring), *MONTHS_WRITTEN)
    tick_and_list(database, library, person, FIRST)
    tick_and_list(database, library, person, SECOND)
    year = find_year(database, person)
    with database.write() as session:
        session.execute(delete(Entry))
        [claim] = delivery_claims.claim(session, [year.id], lease=timedelta(minutes=5), now=SECOND + MINUTE)
        skip(session, [DeliveryClaim(claim.id, claim.attempt)])
    assert find_year(database, person).state == DeliveryState.SKIPPED
    assert tick_and_list(database, library, person, SECOND + 2 * MINUTE)[-1] == ("prompt", "2027-01-02")
    with database.read() as session:
        assert session.get_one(Subscriber, person.id).next_prompt_at == SECOND + DAY


def test_the_years_digest_is_sent_on_the_second_whatever_the_schedule(
    database: Database, keyring: Keyring, library: Library
) -> None:
    person = create_subscriber(database, keyring, days=Days.of(2))  # the 2nd is a Saturday
    write_on(database, keyring, person, *MONTHS_WRITTEN)
    assert ("year", "2026") in tick_and_list(database, library, person, FIRST)
    assert tick_and_list(database, library, person, SECOND + DAY) == [("year", "2026"), ("digest", "2026-12")]
