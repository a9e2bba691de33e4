"""Settling by the provider's record: an accepted email is sent, an absent one goes again, a doubtful one waits."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from service.flows.outgoing.settling.settle import FIRST_ASKED_AFTER, SettleReport
from service.flows.outgoing.tick import sweep
from service.mail.outbound.mailer import OutgoingEmail, ProviderRecord, Recipient, SendOutcome
from service.mail.provider_events import ProviderEvent
from service.models import SentText, Subscriber
from service.models.outgoing.deliveries import delivery_claims
from tests.harness.people.people import MINUTE
from tests.harness.sending import SendingHarness, open_sending_harness

ADDRESSES = ("a@example.com", "b@example.com", "c@example.com")
SETTLE_AFTER = timedelta(minutes=45)
PAST = timedelta(hours=-1)
# These tests are about the provider's record, which does not depend on the database.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TAKEN = ("close-after", "error-after", "no-id")
NEVER_TAKEN = ("close-before", "error-before", "unavailable-before")


@pytest.fixture
def harness(database_url: str, tmp_path: Path) -> Iterator[SendingHarness]:
    with open_sending_harness(database_url, tmp_path) as opened:
        yield opened


@dataclass
class CountedRecord:
    """A provider's record that counts how often it is read."""

    inner: ProviderRecord
    readings: int = 0

    def find_events(
        self, begin: datetime, end: datetime, *, names: Sequence[str] = ("accepted",), newest_first: bool = False
    ) -> Iterator[ProviderEvent]:
        self.readings += 1
        return self.inner.find_events(begin, end, names=names, newest_first=newest_first)


@dataclass
class UnluckyMailer:
    """A provider of which a third of the requests gets no answer, or a wrong one, whether it takes them or not."""

    harness: SendingHarness
    chance: random.Random
    faults: int = 0

    def send(self, email: OutgoingEmail, to: Sequence[Recipient]) -> SendOutcome:
        if self.chance.random() < 1 / 3:
            self.faults += 1
            self.harness.office.faults.add(self.chance.choice([*TAKEN, *NEVER_TAKEN]))
        return self.harness.runtime.mailer.send(email, to)


def send_known(harness: SendingHarness) -> None:
    """Send somebody an email that is known to be sent, some time before anything else happens."""
    assert harness.send(harness.plan(harness.members("known@example.com"))).counts == {"sent": 1}
    harness.clock.move(20 * MINUTE)


def send_into(harness: SendingHarness, fault: str, *addresses: str) -> list[int]:
    """Send an email to each in one request that meets a fault; return the ids, which are in doubt."""
    ids = harness.plan(harness.members(*addresses))
    harness.office.faults.add(fault)
    assert harness.send(ids).counts == {"unknown": len(addresses)}
    return ids


def settle(harness: SendingHarness, after: timedelta = SETTLE_AFTER) -> SettleReport:
    harness.clock.move(after)
    return harness.runtime.settler().settle()


def recipients(harness: SendingHarness) -> list[str]:
    return sorted(mail.recipient for mail in harness.mails() if mail.recipient != "known@example.com")


@pytest.mark.parametrize("fault", TAKEN)
def test_what_the_provider_took_is_sent_and_counts_as_unanswered(harness: SendingHarness, fault: str) -> None:
    ids = send_into(harness, fault, *ADDRESSES)
    assert settle(harness, FIRST_ASKED_AFTER).sent == 3
    assert harness.states() == {"sent": 3}
    assert {harness.delivery(id_).provider_id for id_ in ids} == {mail.provider_id for mail in harness.mails()}
    with harness.runtime.database.read() as session:
        assert {session.get_one(Subscriber, harness.delivery(id_).subscriber_id).unanswered for id_ in ids} == {1}
    assert settle(harness).planned_again == []
    assert recipients(harness) == [*ADDRESSES]


@pytest.mark.parametrize("fault", NEVER_TAKEN)
def test_what_is_absent_45_minutes_after_the_request_is_sent_again_once(harness: SendingHarness, fault: str) -> None:
    send_known(harness)
    ids = send_into(harness, fault, *ADDRESSES)
    assert settle(harness, SETTLE_AFTER - MINUTE).planned_again == []
    report = settle(harness, MINUTE)
    assert (sorted(report.planned_again), report.problem) == (sorted(ids), "")
    assert harness.send(ids).counts == {"sent": 3}
    assert settle(harness).planned_again == []
    assert recipients(harness) == [*ADDRESSES]


def test_of_one_request_what_was_taken_stays_sent_and_the_rest_goes_again(harness: SendingHarness) -> None:
    send_into(harness, "close-after", "a@example.com")
    lost = send_into(harness, "close-before", "b@example.com")
    assert settle(harness).planned_again == lost, "the first is proof that the record is the right one"
    harness.send(lost)
    assert recipients(harness) == ["a@example.com", "b@example.com"]


@ON_SQLITE
def test_the_time_after_which_an_absence_counts_is_a_setting(database_url: str, tmp_path: Path) -> None:
    with open_sending_harness(database_url, tmp_path, settle_after_minutes=90) as harness:
        send_known(harness)
        ids = send_into(harness, "close-before", "a@example.com")
        assert settle(harness, 89 * MINUTE).planned_again == []
        assert settle(harness, MINUTE).planned_again == ids


@ON_SQLITE
def test_a_reply_to_what_the_record_shows_finds_the_text_it_answers(harness: SendingHarness) -> None:
    ids = send_into(harness, "close-after", *ADDRESSES)
    settle(harness, FIRST_ASKED_AFTER)
    digests = {harness.delivery(id_).sent_text for id_ in ids}
    with harness.runtime.database.read() as session:
        assert digests == {session.scalars(select(SentText.digest)).one()}


@ON_SQLITE
def test_nothing_is_sent_again_before_a_known_email_was_found_in_the_record(harness: SendingHarness) -> None:
    send_into(harness, "close-before", *ADDRESSES)
    report = settle(harness)
    assert (report.planned_again, report.held) == ([], 3)
    assert "no email that is known to be sent" in report.problem
    assert harness.states() == {"unknown": 3}


@ON_SQLITE
def test_a_record_that_does_not_reach_back_to_the_request_proves_nothing(harness: SendingHarness) -> None:
    send_known(harness)
    send_into(harness, "close-before", "a@example.com")
    harness.office.faults.events_kept = timedelta(minutes=30)
    report = settle(harness)
    assert (report.planned_again, report.held) == ([], 1)


@ON_SQLITE
def test_an_email_found_hours_later_says_nothing_of_the_record_before(harness: SendingHarness) -> None:
    for minutes in range(0, 26 * 60, 30):
        send_into(harness, "close-before" if minutes else "close-after", f"p{minutes}@example.com")
        harness.clock.move(30 * MINUTE)
    send_known(harness)
    send_into(harness, "close-before", "last@example.com")
    harness.office.faults.events_kept = timedelta(days=1)
    report = settle(harness)
    assert "p0@example.com" in recipients(harness), "the provider has it, and its record of it is gone"
    assert report.held >= 3, "what may be gone as well stays in doubt"
    assert report.planned_again, "what was lost in the last hours goes again"
    harness.send(report.planned_again)
    assert len(recipients(harness)) == len(set(recipients(harness)))


@ON_SQLITE
@pytest.mark.parametrize("status", [401, 403, 404])
def test_with_a_key_that_may_only_send_nothing_goes_again_by_itself(harness: SendingHarness, status: int) -> None:
    send_known(harness)
    send_into(harness, "close-before", "a@example.com")
    harness.office.faults.record_status = status
    report = settle(harness)
    assert report.planned_again == []
    assert "cannot be read, so nothing is sent again by itself" in report.problem
    assert harness.states() == {"sent": 1, "unknown": 1}


@ON_SQLITE
def test_a_record_that_refuses_is_asked_every_quarter_of_an_hour(harness: SendingHarness) -> None:
    send_into(harness, "close-after", "a@example.com")
    harness.clock.move(SETTLE_AFTER)
    harness.office.faults.record_status = 401
    record = CountedRecord(harness.runtime.mailer)
    settler = replace(harness.runtime.settler(), provider=record)
    for _ in range(14):
        settler.settle()
        harness.clock.move(MINUTE)
    assert record.readings == 1
    harness.office.faults.clear()
    harness.clock.move(MINUTE)
    assert settler.settle().sent == 1


@ON_SQLITE
def test_a_record_that_breaks_off_settles_what_was_read_and_proves_no_absence(harness: SendingHarness) -> None:
    send_known(harness)
    send_into(harness, "close-after", "a@example.com")
    send_into(harness, "close-before", "b@example.com")
    harness.office.faults.record_status, harness.office.faults.readable_events = 500, 1
    report = settle(harness)
    assert report.planned_again == []
    assert "could not be read to its end" in report.problem
    harness.office.faults.clear()
    assert len(settle(harness, timedelta(0)).planned_again) == 1


@ON_SQLITE
def test_a_record_that_lags_is_asked_again_until_it_shows_the_email(harness: SendingHarness) -> None:
    send_into(harness, "close-after", "a@example.com")
    harness.office.faults.event_lag = timedelta(minutes=20)
    assert settle(harness, 15 * MINUTE).sent == 0
    assert settle(harness, 15 * MINUTE).sent == 1


def test_a_question_that_is_too_late_by_then_is_skipped(harness: SendingHarness) -> None:
    send_known(harness)
    ids = harness.plan(harness.members("a@example.com"), expires_at=harness.clock() + 40 * MINUTE)
    harness.office.faults.add("close-before")
    harness.send(ids)
    assert settle(harness).planned_again == ids
    harness.send(ids)
    assert harness.delivery(ids[0]).reason == "late"
    assert recipients(harness) == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_when_a_third_of_the_requests_go_wrong_everybody_gets_one_email(harness: SendingHarness, seed: int) -> None:
    send_known(harness)
    people = [f"p{number}@example.com" for number in range(60)]
    ids = harness.plan(harness.members(*people))
    unlucky = UnluckyMailer(harness, random.Random(seed))
    settler, sender = harness.runtime.settler(), replace(harness.runtime.sender(), mailer=unlucky, batch_size=3)
    while ids:
        sender.send(ids)
        harness.clock.move(SETTLE_AFTER)
        ids = settler.settle().planned_again
    assert unlucky.faults >= 3
    assert harness.states() == {"sent": 61}
    assert recipients(harness) == sorted(people)


@ON_SQLITE
def test_one_reading_settles_many(harness: SendingHarness) -> None:
    people = harness.members(*[f"p{number}@example.com" for number in range(60)])
    for start in range(0, 60, 20):
        harness.office.faults.add("close-after")
        assert harness.send(harness.plan(people[start : start + 20])).counts == {"unknown": 20}
        harness.clock.move(MINUTE)
    record = CountedRecord(harness.runtime.mailer)
    harness.clock.move(SETTLE_AFTER)
    assert replace(harness.runtime.settler(), provider=record).settle().sent == 60
    assert record.readings == 1


@ON_SQLITE
def test_an_absence_that_could_not_be_believed_is_asked_about_less_and_less_often(harness: SendingHarness) -> None:
    send_into(harness, "close-before", "a@example.com")
    readings = 0
    for _ in range(8 * 60):
        record = CountedRecord(harness.runtime.mailer)
        harness.clock.move(MINUTE)
        replace(harness.runtime.settler(), provider=record).settle()
        readings += bool(record.readings)
    assert readings <= 14, "after 2, 4, 8, 16, 32, 45 minutes, then hourly"


@pytest.mark.parametrize("kind", ["sign_in", "confirmation"])
def test_what_a_person_waits_for_goes_once_more_at_once_and_is_counted(harness: SendingHarness, kind: str) -> None:
    ids = harness.plan(harness.members("a@example.com"), kind=kind, expires_at=None, reference=1)
    for _ in range(2):
        harness.office.faults.add("close-after")
    report = harness.send(ids)
    assert (report.counts, report.to_enqueue) == ({"planned": 1}, ids)
    assert harness.send(ids).counts == {"unknown": 1}
    assert harness.delivery(ids[0]).repeats == 1
    assert len(harness.mails()) == 2


def test_what_a_person_waits_for_goes_once_more_when_its_worker_ended(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members("a@example.com"), kind="sign_in", expires_at=None, reference=1)
    with harness.runtime.database.write() as session:
        claims = delivery_claims.claim(session, ids, lease=PAST, now=harness.clock())
        delivery_claims.hand_over(session, claims, harness.clock())
    sweep(harness.runtime.database, harness.queue, now=harness.clock())
    assert harness.queue.deliveries == ids
    assert harness.send(ids).counts == {"sent": 1}
