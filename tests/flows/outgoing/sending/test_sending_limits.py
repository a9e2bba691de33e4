"""What the provider takes at once is learnt and kept, and the rate that was set holds for all workers together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.flows.outgoing.sending.provider_requests import MISCONFIGURED_WAIT
from service.flows.outgoing.sending.send import AFTER_WHAT_WAS_ASKED_FOR
from service.models import Counter, DeliveryKind, DeliveryState, SendingHour
from service.models.outgoing.deliveries.delivery_outcomes import COUNTER
from service.postoffice.faults import Quota
from tests.harness.people.people import DAY, MINUTE
from tests.harness.sending import SendingHarness, open_sending_harness

HOUR = timedelta(hours=1)
# These tests are about the provider's responses, which do not depend on the database.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def harness(database_url: str, tmp_path: Path) -> Iterator[SendingHarness]:
    with open_sending_harness(database_url, tmp_path) as opened:
        yield opened


def addresses(number: int, domain: str = "example.com") -> list[str]:
    return [f"p{each}@{domain}" for each in range(number)]


def sizes(harness: SendingHarness) -> list[int]:
    """Return how many mails each request made that was accepted, in order."""
    found: dict[str, int] = {}
    for mail in harness.mails():
        found[mail.provider_id] = found.get(mail.provider_id, 0) + 1
    return [*found.values()]


def refusals(harness: SendingHarness, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows by the recipients of each request from now on."""
    calls: list[int] = []
    send = harness.runtime.mailer.send

    def counted(email: Any, to: Any) -> Any:
        calls.append(len(to))
        return send(email, to)

    monkeypatch.setattr(harness.runtime.mailer, "send", counted)
    return calls


@ON_SQLITE
def test_the_size_that_probation_allows_is_kept_for_every_worker(
    harness: SendingHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.office.faults.on_probation = 10
    people = harness.members(*addresses(35))
    calls = refusals(harness, monkeypatch)
    assert harness.send(harness.plan(people)).counts == {"sent": 35}
    assert calls == [35, 10, 10, 10, 5]
    calls.clear()
    assert harness.send(harness.plan(people, slot="2026-06-01")).counts == {"sent": 35}
    assert calls == [10, 10, 10, 5], "another worker"


@ON_SQLITE
def test_a_day_later_twice_as_many_are_tried_and_the_size_falls_again(
    harness: SendingHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.office.faults.on_probation = 10
    people = harness.members(*addresses(40))
    harness.send(harness.plan(people))
    calls = refusals(harness, monkeypatch)
    harness.clock.move(DAY)
    assert harness.send(harness.plan(people, slot="2026-06-01")).counts == {"sent": 40}
    assert calls == [10, 20, 10, 10, 10], "one refusal a day"


@ON_SQLITE
def test_when_probation_ends_the_size_rises_to_the_one_that_was_set(
    harness: SendingHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.office.faults.on_probation = 10
    people = harness.members(*addresses(40))
    harness.send(harness.plan(people))
    harness.office.faults.on_probation = None
    calls = refusals(harness, monkeypatch)
    for day in range(1, 8):
        harness.clock.move(DAY)
        assert harness.send(harness.plan(people, slot=f"2026-06-0{day}")).counts == {"sent": 40}
    assert calls[:3] == [10, 20, 10], "the size rises after a success"
    assert calls[-1] == 40


@ON_SQLITE
def test_three_hundred_go_through_a_quota_of_a_hundred_in_three_windows(harness: SendingHarness) -> None:
    harness.office.faults.quota = Quota(100, HOUR)
    ids = harness.plan(harness.members(*addresses(300)))
    sent = []
    for _ in range(3):
        sent.append(harness.send(ids).counts.get("sent", 0))
        assert harness.send(ids).counts == {}, "nothing is tried before the quota begins anew"
        harness.clock.move(HOUR + AFTER_WHAT_WAS_ASKED_FOR)
    assert sent == [100, 100, 100]
    assert harness.states() == {"sent": 300}
    assert len({mail.recipient for mail in harness.mails()}) == len(harness.mails()) == 300


@ON_SQLITE
def test_what_people_asked_for_goes_first_when_a_quota_begins_anew(harness: SendingHarness) -> None:
    harness.office.faults.quota = Quota(3, HOUR)
    people = harness.members(*addresses(6))
    prompts = harness.plan(people)
    assert harness.send(prompts).counts == {"sent": 3, "planned": 3}
    sign_ins = harness.plan(people, kind=DeliveryKind.SIGN_IN, expires_at=None)
    assert harness.send(sign_ins).counts == {"planned": 6}
    for _ in range(2):
        harness.clock.move(HOUR)
        assert harness.send(prompts + sign_ins).counts.get("sent") == 3
    assert {harness.delivery(id_).state for id_ in sign_ins} == {DeliveryState.SENT}
    harness.clock.move(HOUR + AFTER_WHAT_WAS_ASKED_FOR)
    harness.send(prompts)
    assert harness.states() == {"sent": 12}


@ON_SQLITE
def test_one_address_that_the_sandbox_does_not_know_fails_alone(harness: SendingHarness) -> None:
    harness.office.faults.sandbox_recipients = frozenset(addresses(9)) - {"p4@example.com"}
    ids = harness.plan(harness.members(*addresses(9)))
    assert harness.send(ids).counts == {"sent": 8, "failed": 1}
    (failed,) = [delivery for delivery in map(harness.delivery, ids) if delivery.state == DeliveryState.FAILED]
    assert failed.reason == "403: not an authorised recipient of the sandbox"


@pytest.mark.parametrize("fault", ["payment", "no-method", "conflict", "media-type", "misdirected", "locked", "legal"])
@ON_SQLITE
def test_an_answer_that_is_about_nobody_fails_nobody(
    harness: SendingHarness, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = harness.plan(harness.members(*addresses(5)))
    harness.office.faults.add(fault)
    assert harness.send(ids).counts == {"planned": 5}
    assert "provider.misconfigured" in capsys.readouterr().out
    harness.clock.move(MISCONFIGURED_WAIT)
    assert harness.send(ids).counts == {"sent": 5}


@ON_SQLITE
def test_the_wait_of_a_gateway_is_kept(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members("a@example.com"))
    harness.office.faults.add("rate-limit-retry-after", wait_seconds=600)
    assert harness.send(ids).counts == {"planned": 1}
    assert harness.delivery(ids[0]).ready_at == harness.clock() + timedelta(minutes=10)


@ON_SQLITE
def test_a_request_has_few_bytes_of_variables(database_url: str, tmp_path: Path) -> None:
    with open_sending_harness(database_url, tmp_path, batch_bytes=2_000) as harness:
        assert harness.send(harness.plan(harness.members(*addresses(20)))).counts == {"sent": 20}
        assert sizes(harness) == [8, 8, 4]
        assert not any("%recipient" in repr(mail.as_json()) for mail in harness.mails())


@ON_SQLITE
def test_addresses_with_a_percent_sign_are_sent_alone_with_their_own_links(harness: SendingHarness) -> None:
    people = harness.members("a@example.com", "b%recipient.stop%c@example.com", "d@example.com")
    assert harness.send(harness.plan(people)).counts == {"sent": 3}
    assert sorted(sizes(harness)) == [1, 2]
    assert not any("%recipient." in mail.text for mail in harness.mails())


def test_all_workers_together_keep_to_the_rate_of_an_hour(database_url: str, tmp_path: Path) -> None:
    with open_sending_harness(database_url, tmp_path, emails_per_hour=7) as harness:
        people = harness.members(*addresses(10))
        first, second = harness.plan(people[:6]), harness.plan(people[6:])
        assert harness.send(first).counts == {"sent": 6}
        assert harness.send(second).counts == {"sent": 1, "planned": 3}
        harness.clock.move(59 * MINUTE)
        assert harness.send(second).counts == {}
        harness.clock.move(MINUTE)
        assert harness.send(second).counts == {"sent": 3}


@ON_SQLITE
def test_what_somebody_asks_for_goes_beyond_the_rate_and_counts(database_url: str, tmp_path: Path) -> None:
    with open_sending_harness(database_url, tmp_path, emails_per_hour=2) as harness:
        people = harness.members(*addresses(3))
        assert harness.send(harness.plan(people, kind=DeliveryKind.SIGN_IN)).counts == {"sent": 3}
        assert harness.send(harness.plan(people)).counts == {"planned": 3}


@ON_SQLITE
def test_a_request_that_was_refused_does_not_use_up_the_rate(database_url: str, tmp_path: Path) -> None:
    with open_sending_harness(database_url, tmp_path, emails_per_hour=8) as harness:
        harness.office.faults.largest_batch = 2
        assert harness.send(harness.plan(harness.members(*addresses(8)))).counts == {"sent": 8}


@ON_SQLITE
def test_a_new_domain_is_warmed_up(database_url: str, tmp_path: Path) -> None:
    today = date(2026, 5, 13)
    with open_sending_harness(database_url, tmp_path, warm_up_from=today) as harness:
        harness.clock.move(timedelta(0))
        assert harness.clock().date() >= today
        days = (harness.clock().date() - today).days
        ids = harness.plan(harness.members(*addresses(30)))
        assert harness.send(ids).counts == {"sent": min(30, 20 << days), "planned": 30 - min(30, 20 << days)}
        with harness.runtime.database.write() as session:
            assert SendingHour.take(session, harness.clock(), 5, 20 << days) == max(0, (20 << days) - 30)


@ON_SQLITE
def test_what_comes_too_late_is_skipped_counted_and_logged(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_sending_harness(database_url, tmp_path, emails_per_hour=1) as harness:
        ids = harness.plan(harness.members(*addresses(3)), expires_at=harness.clock() + 2 * HOUR)
        assert harness.send(ids).counts == {"sent": 1, "planned": 2}
        harness.clock.move(3 * HOUR)
        assert harness.send(ids).counts == {}
        assert {harness.delivery(id_).reason for id_ in ids} == {None, "late"}
        logged = [line for line in capsys.readouterr().out.splitlines() if "reason=late" in line]
        assert len(logged) == 2
        with harness.runtime.database.read() as session:
            assert Counter.read_all(session)[COUNTER, "skipped.late"] == 2
