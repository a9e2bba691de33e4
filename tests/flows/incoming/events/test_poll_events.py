"""Where no events come by webhook, bounces, complaints and unsubscribes are read from the provider's record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from service.flows.incoming.events.events import note_webhook
from service.flows.incoming.events.poll_events import POLLED_EVERY, poll_events, webhook_is_silent
from service.models import Subscriber, SubscriberStatus, Suppression
from tests.harness.people.people import DAY, MINUTE
from tests.harness.sending import SendingHarness, open_sending_harness

ANA = "ana@example.com"


@pytest.fixture
def harness(database_url: str, tmp_path: Path) -> Iterator[SendingHarness]:
    with open_sending_harness(database_url, tmp_path) as opened:
        yield opened


def poll(harness: SendingHarness) -> int:
    runtime = harness.runtime
    return poll_events(runtime.database, runtime.keyring, runtime.mailer, harness.clock())


def happened(harness: SendingHarness, name: str) -> Subscriber:
    """Record an event of an email; the webhook of this post office is not set, so nobody is told."""
    (person,) = harness.members(ANA)
    harness.send(harness.plan([person]))
    harness.office.happen(name, harness.mails()[0])
    harness.clock.move(MINUTE)
    return person


def webhook_brings_something(harness: SendingHarness) -> None:
    with harness.runtime.database.write() as session:
        note_webhook(session, harness.clock())


@pytest.mark.parametrize(
    ("name", "is_suppressed", "status"),
    [
        ("failed", True, SubscriberStatus.ACTIVE),
        ("complained", True, SubscriberStatus.STOPPED),
        ("unsubscribed", False, SubscriberStatus.STOPPED),
        ("temporarily_failed", False, SubscriberStatus.ACTIVE),
    ],
)
def test_what_happened_is_read_from_the_record_once(
    harness: SendingHarness, name: str, is_suppressed: bool, status: SubscriberStatus
) -> None:
    person = happened(harness, name)
    assert poll(harness) == 1
    with harness.runtime.database.read() as session:
        assert Suppression.covers(session, person.address_hash) == is_suppressed
        assert session.get_one(Subscriber, person.id).status == status
    harness.clock.move(POLLED_EVERY)
    assert poll(harness) == 0, "it is read again, and known"


def test_the_record_is_left_alone_while_the_webhook_brings_events(harness: SendingHarness) -> None:
    happened(harness, "complained")
    assert webhook_is_silent(harness.runtime.database, harness.clock())
    webhook_brings_something(harness)
    assert poll(harness) == 0
    harness.clock.move(DAY + timedelta(seconds=1))
    assert webhook_is_silent(harness.runtime.database, harness.clock())
    assert poll(harness) == 1


def test_the_record_is_read_every_quarter_of_an_hour(harness: SendingHarness) -> None:
    assert poll(harness) == 0
    happened(harness, "complained")
    assert poll(harness) == 0
    harness.clock.move(POLLED_EVERY)
    assert poll(harness) == 1


def test_a_record_that_cannot_be_read_changes_nothing_and_is_read_later(harness: SendingHarness) -> None:
    happened(harness, "complained")
    harness.office.faults.record_status = 401
    assert poll(harness) == 0
    harness.office.faults.clear()
    harness.clock.move(POLLED_EVERY)
    assert poll(harness) == 1
