"""An old copy of the database sends nothing before the provider's record has been compared and marked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from service.flows.outgoing.settling.old_copy import OldCopyGuard, ReconcileReport, reconcile
from service.flows.outgoing.tick import sweep, tick
from service.models import Delivery, HoldReason, Installation, Subscriber
from tests.harness.people.people import DAY, MINUTE
from tests.harness.sending import SendingHarness, open_sending_harness

ADDRESSES = ("a@example.com", "b@example.com", "c@example.com")
HOUR = timedelta(hours=1)
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def harness(database_url: str, tmp_path: Path) -> Iterator[SendingHarness]:
    with open_sending_harness(database_url, tmp_path) as opened:
        yield opened


def held_because(harness: SendingHarness) -> str | None:
    with harness.runtime.database.read() as session:
        return Installation.current(session).held_because


def started(harness: SendingHarness) -> OldCopyGuard:
    """Return the guard of a process that has just started and asked the provider."""
    guard = harness.runtime.old_copy_guard()
    guard.start()
    guard.compare()
    return guard


def plan_and_send(harness: SendingHarness) -> None:
    """Do what the clock and a worker do."""
    runtime = harness.runtime
    tick(runtime.database, runtime.library, harness.queue, now=harness.clock(), chunk=100)
    ids, harness.queue.deliveries = harness.queue.deliveries, []
    harness.send(ids)


def go_back_to(harness: SendingHarness, copied_at: datetime) -> None:
    """Make the database what it was when a copy was made, before anybody was written to."""
    with harness.runtime.database.write() as session:
        session.execute(delete(Delivery))
        session.execute(update(Subscriber).values(next_prompt_at=copied_at, history="", prompts_sent=0))
        session.execute(update(Installation).values(compared_at=copied_at, held_because=None))


def ask_everybody_then_restore(harness: SendingHarness) -> datetime:
    """Send everybody a question, and restore a copy of before; return when the copy was made."""
    harness.members(*ADDRESSES)
    copied_at = harness.clock()
    plan_and_send(harness)
    assert len(harness.mails()) == 3
    harness.clock.move(HOUR)
    go_back_to(harness, copied_at)
    return copied_at


def test_a_restored_copy_is_noticed_at_the_start_and_asks_nobody_twice(harness: SendingHarness) -> None:
    ask_everybody_then_restore(harness)
    started(harness)
    assert held_because(harness) == HoldReason.OLD_COPY
    plan_and_send(harness)
    assert len(harness.mails()) == 3


def test_a_restore_starts_held_until_the_provider_could_be_asked(harness: SendingHarness) -> None:
    ask_everybody_then_restore(harness)
    harness.office.faults.record_status = 500
    guard = started(harness)
    assert held_because(harness) == HoldReason.NOT_COMPARED
    plan_and_send(harness)
    assert len(harness.mails()) == 3
    harness.office.faults.clear()
    guard.compare()
    assert held_because(harness) == HoldReason.OLD_COPY


def test_a_copy_restored_under_a_running_service_is_noticed_by_the_tick(harness: SendingHarness) -> None:
    guard = started(harness)
    ask_everybody_then_restore(harness)
    guard.tick()
    assert held_because(harness) == HoldReason.NOT_COMPARED, "before anything can be sent"
    guard.compare()
    assert held_because(harness) == HoldReason.OLD_COPY


def test_a_record_that_lags_is_compared_again_after_the_start(harness: SendingHarness) -> None:
    ask_everybody_then_restore(harness)
    harness.office.faults.event_lag = timedelta(minutes=65)
    guard = started(harness)
    assert held_because(harness) is None, "the record shows nothing yet"
    for _ in range(6):
        harness.clock.move(MINUTE)
        guard.tick()
        guard.compare()
    assert held_because(harness) == HoldReason.OLD_COPY


def test_an_ordinary_restart_after_a_pause_sends_on_at_once(harness: SendingHarness) -> None:
    harness.members(*ADDRESSES)
    plan_and_send(harness)
    harness.clock.move(HOUR)
    started(harness)
    assert held_because(harness) is None
    harness.clock.move(DAY - HOUR)
    started(harness)
    plan_and_send(harness)
    assert len(harness.mails()) == 6


def test_an_empty_database_with_a_new_id_never_holds(harness: SendingHarness) -> None:
    harness.office.faults.events_kept = DAY
    harness.clock.move(60 * DAY)
    guard = harness.runtime.old_copy_guard()
    guard.is_local = False
    guard.start()
    guard.compare()
    assert held_because(harness) is None


@ON_SQLITE
def test_emails_of_another_installation_hold_nothing(harness: SendingHarness) -> None:
    ask_everybody_then_restore(harness)
    with harness.runtime.database.write() as session:
        session.execute(update(Installation).values(id="another"))
    started(harness)
    assert held_because(harness) is None


@ON_SQLITE
@pytest.mark.parametrize(("is_local", "reason"), [(False, HoldReason.CANNOT_KNOW), (True, None)])
def test_a_copy_older_than_the_record_says_that_it_cannot_know(
    harness: SendingHarness, is_local: bool, reason: HoldReason | None
) -> None:
    harness.send(harness.plan(harness.members("known@example.com")))
    harness.clock.move(10 * DAY)
    harness.office.faults.events_kept = 5 * DAY
    guard = harness.runtime.old_copy_guard()
    guard.is_local = is_local
    guard.start()
    guard.compare()
    assert held_because(harness) == reason


@ON_SQLITE
def test_a_long_pause_holds_nothing_where_the_record_reaches_back(harness: SendingHarness) -> None:
    harness.send(harness.plan(harness.members("known@example.com")))
    harness.clock.move(10 * DAY)
    guard = harness.runtime.old_copy_guard()
    guard.is_local = False
    guard.start()
    guard.compare()
    assert held_because(harness) is None


@ON_SQLITE
@pytest.mark.parametrize(("pause", "reason"), [(HOUR, None), (2 * DAY, HoldReason.CANNOT_KNOW)])
def test_with_a_key_that_may_only_send_only_a_long_pause_holds(
    harness: SendingHarness, pause: timedelta, reason: HoldReason | None
) -> None:
    harness.office.faults.record_status = 401
    harness.clock.move(pause)
    guard = harness.runtime.old_copy_guard()
    guard.is_local = False
    guard.start()
    guard.compare()
    assert held_because(harness) == reason


def marked(harness: SendingHarness, since: datetime, *, write: bool) -> ReconcileReport:
    runtime = harness.runtime
    return reconcile(runtime.database, runtime.keyring, runtime.mailer, since=since, now=harness.clock(), write=write)


def test_reconciling_marks_what_the_provider_took_and_the_rest_goes_once(harness: SendingHarness) -> None:
    copied_at = ask_everybody_then_restore(harness)
    started(harness)
    new = harness.members("new@example.com", next_prompt_at=harness.clock())
    assert new
    tick(harness.runtime.database, harness.runtime.library, harness.queue, now=harness.clock(), chunk=2)
    assert marked(harness, copied_at, write=False) == ReconcileReport(copied_at, marked=3, added=0, strangers=0)
    assert "sent" not in harness.states()
    marked(harness, copied_at, write=True)
    assert marked(harness, copied_at, write=False) == ReconcileReport(copied_at, marked=0, added=0, strangers=0)
    with harness.runtime.database.write() as session:
        assert Installation.release(session)
    sweep(harness.runtime.database, harness.queue, now=harness.clock())
    plan_and_send(harness)
    assert sorted(mail.recipient for mail in harness.mails()) == [*ADDRESSES, "new@example.com"]


def test_reconciling_adds_what_is_not_planned_yet(harness: SendingHarness) -> None:
    copied_at = ask_everybody_then_restore(harness)
    sent = {mail.variables["delivery"] for mail in harness.mails()}
    assert marked(harness, copied_at, write=True) == ReconcileReport(copied_at, marked=0, added=3, strangers=0)
    assert {str(id_) for id_ in _ids(harness)} == sent
    plan_and_send(harness)
    assert len(harness.mails()) == 3


def test_reconciling_counts_people_this_copy_does_not_know(harness: SendingHarness) -> None:
    copied_at = ask_everybody_then_restore(harness)
    with harness.runtime.database.write() as session:
        session.execute(delete(Subscriber).where(Subscriber.id == session.scalars(select(Subscriber.id)).first()))
    assert marked(harness, copied_at, write=False) == ReconcileReport(copied_at, marked=0, added=2, strangers=1)


def _ids(harness: SendingHarness) -> list[int]:
    with harness.runtime.database.read() as session:
        return [*session.scalars(select(Delivery.id))]


def test_held_means_that_a_job_under_way_stops_before_its_next_request(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members("a+1@example.com", "b+1@example.com", "c+1@example.com"))

    def hold_after_the_first() -> bool:
        if len(harness.mails()) == 1:
            with harness.runtime.database.write() as session:
                Installation.hold(session, HoldReason.OPERATOR, harness.clock())
        return False

    assert harness.send(ids, stopping=hold_after_the_first).counts == {"sent": 1, "planned": 2}
    harness.clock.move(HOUR)
    assert harness.send(ids).counts == {}
    assert sweep(harness.runtime.database, harness.queue, now=harness.clock()) == (0, 0)
    with harness.runtime.database.write() as session:
        assert Installation.release(session)
    assert harness.send(ids).counts == {"sent": 2}
