"""On a quiet date no question goes and nothing is looked back at; what is owed goes on the first other day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from service.core.settings.quiet_dates import MonthDay, QuietSpan
from service.flows.outgoing.tick import tick
from service.flows.people.journal import steps
from service.flows.people.settings import quiet_dates
from service.models import Delivery, DeliveryState, Subscriber
from tests.harness.journals.diary import write
from tests.harness.people.members import member
from tests.harness.people.people import DAY
from tests.harness.sending import SendingHarness, open_sending_harness

LATE_DECEMBER = datetime(2026, 12, 30, 12, tzinfo=UTC)
MORNING = datetime(2026, 12, 31, 8, tzinfo=UTC)  # 08:00 in London
# What the rules do with days does not depend on the database; one test runs on both.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NEW_YEAR = QuietSpan(MonthDay(12, 31), MonthDay(1, 3))


@pytest.fixture
def sending(database_url: str, tmp_path: Path) -> Iterator[SendingHarness]:
    with open_sending_harness(database_url, tmp_path) as opened:
        yield opened


def keep_quiet(sending: SendingHarness, person: Subscriber, span: QuietSpan) -> None:
    with sending.runtime.database.write() as session:
        keyring, now = sending.runtime.keyring, sending.clock()
        owner = session.get_one(Subscriber, person.id)
        assert isinstance(quiet_dates.add(session, keyring, owner, span, label="", now=now), int)


def writer_of_two_months(sending: SendingHarness) -> Subscriber:
    """Add somebody with a question every day, who is owed December's digest and that of 2026."""
    database, keyring = sending.runtime.database, sending.runtime.keyring
    with database.write() as session:
        person = member(session, keyring, looking_from=LATE_DECEMBER)
    for on in (date(2026, 3, 3), date(2026, 12, 9)):
        write(database, keyring, person, on)
    return person


def live_through(sending: SendingHarness, first: datetime, days: int) -> list[tuple[str, str]]:
    """Tick and send at the person's hour of these days; return the day and the kind of each email that went."""
    database = sending.runtime.database
    for number in range(days):
        sending.clock.now = first + number * DAY
        tick(database, sending.runtime.library, sending.queue, now=sending.clock(), chunk=100)
        with database.read() as session:
            ready = select(Delivery.id).where(
                Delivery.state == DeliveryState.PLANNED, Delivery.ready_at <= sending.clock()
            )
            ids = [*session.scalars(ready)]
        sending.send(ids)
    with database.read() as session:
        sent = select(Delivery).where(Delivery.state == DeliveryState.SENT).order_by(Delivery.sent_at)
        return [(f"{delivery.sent_at:%d %b}", delivery.kind) for delivery in session.scalars(sent)]


@ON_SQLITE
@pytest.mark.parametrize(
    ("quiet", "wanted"),
    [
        pytest.param(
            None,
            [
                ("31 Dec", "prompt"),
                ("01 Jan", "digest"),
                ("02 Jan", "year"),
                ("03 Jan", "prompt"),
                ("04 Jan", "prompt"),
            ],
            id="none: each on its day",
        ),
        pytest.param(
            NEW_YEAR, [("04 Jan", "digest"), ("05 Jan", "year"), ("06 Jan", "prompt")], id="over the New Year"
        ),
        pytest.param(
            QuietSpan(MonthDay(1, 1), MonthDay(1, 1)),
            [("31 Dec", "prompt"), ("02 Jan", "year"), ("03 Jan", "digest"), ("04 Jan", "prompt")],
            id="the 1st alone: the month waits until after the year",
        ),
        pytest.param(
            QuietSpan(MonthDay(1, 2), MonthDay(1, 2)),
            [("31 Dec", "prompt"), ("01 Jan", "digest"), ("03 Jan", "year"), ("04 Jan", "prompt")],
            id="the 2nd alone",
        ),
    ],
)
def test_a_day_brings_one_email_and_a_quiet_one_none(
    sending: SendingHarness, quiet: QuietSpan | None, wanted: list[tuple[str, str]]
) -> None:
    person = writer_of_two_months(sending)
    if quiet is not None:
        keep_quiet(sending, person, quiet)
    assert live_through(sending, MORNING, 7)[: len(wanted)] == wanted


def test_other_people_are_asked_on_somebodys_quiet_date(sending: SendingHarness) -> None:
    ana = writer_of_two_months(sending)
    with sending.runtime.database.write() as session:
        member(session, sending.runtime.keyring, "ben@example.com", looking_from=LATE_DECEMBER)
    keep_quiet(sending, ana, NEW_YEAR)
    assert live_through(sending, MORNING, 1) == [("31 Dec", "prompt")]


@ON_SQLITE
def test_a_question_that_was_planned_before_its_day_became_quiet_is_left_out(sending: SendingHarness) -> None:
    [person] = sending.members("ana@example.com")
    [planned] = sending.plan([person])
    keep_quiet(sending, person, QuietSpan(MonthDay.of(sending.clock().date()), MonthDay.of(sending.clock().date())))
    assert sending.send([planned]).counts == {"skipped": 1}
    assert not sending.mails()


@ON_SQLITE
def test_the_follow_up_of_a_step_waits_although_its_last_day_passes(sending: SendingHarness) -> None:
    with sending.runtime.database.write() as session:
        person = member(session, sending.runtime.keyring, looking_from=LATE_DECEMBER, wants_digest=False)
        step = steps.choose(session, sending.runtime.keyring, person, "Open a window.", now=MORNING - 3 * DAY)
        follow_up_on = step.follow_up_on
    keep_quiet(sending, person, QuietSpan(MonthDay.of(follow_up_on), MonthDay(1, 9)))
    first = datetime.combine(follow_up_on, MORNING.timetz())
    went = live_through(sending, first, 14)
    assert went[:2] == [("10 Jan", "step_follow_up"), ("11 Jan", "prompt")]


@ON_SQLITE
def test_if_the_whole_year_is_quiet_nothing_waits_for_ever(sending: SendingHarness) -> None:
    person = writer_of_two_months(sending)
    for first in (MonthDay(month, 1) for month in range(1, 13)):
        keep_quiet(sending, person, QuietSpan(first, MonthDay(first.month % 12 + 1, 2)))
    assert live_through(sending, MORNING, 4) == []
    assert "planned" not in sending.states()
