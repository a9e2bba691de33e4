"""Beside the clock's ticks the provider's record is read: emails in doubt are settled, and an old copy is held."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from sqlalchemy import delete, update

from service.dispatch import RqJobQueue
from service.flows.outgoing.settling.old_copy import OldCopyGuard
from service.models import Delivery, Heartbeat, HoldReason, Installation
from tests.harness.people.people import DAY, MINUTE
from tests.harness.sending import SendingHarness, open_sending_harness
from workers.clock import begin
from workers.provider_record import RecordReader
from workers.worker import work

HOUR = timedelta(hours=1)


@pytest.fixture
def harness(database_url: str, tmp_path: Path, redis_url: str) -> Iterator[SendingHarness]:
    with open_sending_harness(database_url, tmp_path, now=datetime.now(UTC), redis_url=redis_url) as opened:
        yield opened


def reader(harness: SendingHarness, guard: OldCopyGuard | None = None) -> RecordReader:
    runtime = harness.runtime
    return RecordReader(runtime, guard or runtime.old_copy_guard(), runtime.settler())


def held_because(harness: SendingHarness) -> str | None:
    with harness.runtime.database.read() as session:
        return Installation.current(session).held_because


def lose_one(harness: SendingHarness) -> list[int]:
    """Send an email that is known to be sent and one that the provider never got, and wait for 45 minutes."""
    harness.send(harness.plan(harness.members("known@example.com")))
    harness.clock.move(20 * MINUTE)
    ids = harness.plan(harness.members("ana@example.com"))
    harness.office.faults.add("close-before")
    assert harness.send(ids).counts == {"unknown": 1}
    harness.clock.move(45 * MINUTE)
    return ids


def old_copy(harness: SendingHarness) -> list[int]:
    """Send somebody an email, restore a copy of before, and plan it again; return its id."""
    (person,) = harness.members("ana@example.com")
    copied_at = harness.clock()
    harness.send(harness.plan([person]))
    harness.clock.move(HOUR)
    with harness.runtime.database.write() as session:
        session.execute(delete(Delivery))
        session.execute(update(Installation).values(compared_at=copied_at))
    return harness.plan([person])


def test_one_reading_settles_what_is_in_doubt_and_enqueues_what_was_lost(harness: SendingHarness) -> None:
    ids = lose_one(harness)
    reader(harness).read_once()
    assert harness.queue.deliveries == ids
    assert harness.send(ids).counts == {"sent": 1}


def test_a_reading_that_fails_keeps_nothing_else_from_being_done(harness: SendingHarness) -> None:
    ids = lose_one(harness)

    class BrokenGuard(OldCopyGuard):
        def compare(self) -> None:
            raise OSError

    runtime = harness.runtime
    broken = BrokenGuard(runtime.database, runtime.keyring, runtime.mailer, runtime.clock, is_local=True)
    with structlog.testing.capture_logs() as logged:
        reader(harness, broken).read_once()
    assert [line["error"] for line in logged if line["event"] == "provider_record.failed"] == ["OSError"]
    assert harness.queue.deliveries == ids


def test_the_thread_reads_until_it_is_told_to_stop(harness: SendingHarness) -> None:
    ids = lose_one(harness)
    stop = threading.Event()
    thread = reader(harness).start(stop, 0.01)
    while not harness.queue.deliveries:
        assert thread.is_alive()
        thread.join(0.01)
    stop.set()
    thread.join()
    assert harness.queue.deliveries == ids


def test_a_worker_that_starts_on_an_old_copy_sends_nothing(harness: SendingHarness, redis_url: str) -> None:
    ids = old_copy(harness)
    queue = RqJobQueue(redis_url)
    queue.enqueue_deliveries(ids)
    work(replace(harness.runtime, job_queue=queue), "send", burst=True)
    queue.connection.close()
    assert held_because(harness) == HoldReason.OLD_COPY
    assert len(harness.mails()) == 1
    assert harness.states() == {"planned": 1}


def test_a_clock_that_starts_on_an_old_copy_holds_before_anything_is_asked(harness: SendingHarness) -> None:
    ids = old_copy(harness)
    guard = harness.runtime.old_copy_guard()
    begin(harness.runtime, guard)
    assert held_because(harness) == HoldReason.NOT_COMPARED
    assert harness.send(ids).counts == {}
    reader(harness, guard).read_once()
    assert held_because(harness) == HoldReason.OLD_COPY


def test_the_clock_says_at_its_start_if_no_events_come_by_webhook(harness: SendingHarness) -> None:
    far = harness.runtime.settings.model_copy(update={"mailgun_api_url": "https://api.mailgun.net"})

    def warnings() -> list[str]:
        with structlog.testing.capture_logs() as logged:
            begin(replace(harness.runtime, settings=far), harness.runtime.old_copy_guard())
        return [line["event"] for line in logged if line["log_level"] == "warning"]

    assert warnings() == ["events.none_by_webhook"]
    with harness.runtime.database.write() as session:
        Heartbeat.record(session, "events", harness.clock())
    assert warnings() == []
    harness.clock.move(2 * DAY)
    assert warnings() == ["events.none_by_webhook"]
