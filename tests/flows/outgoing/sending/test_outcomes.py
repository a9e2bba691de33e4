"""Each delivery's outcome: one log line by which it can be followed, and one count, both only if it is committed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from service.flows.outgoing.tick import sweep
from service.flows.people.subscription import account
from service.models import Counter, DeliveryClaim, DeliveryKind, Subscriber
from service.models.outgoing.deliveries import delivery_claims, delivery_evidence
from service.models.outgoing.deliveries.delivery_outcomes import LABELS, reason_label
from tests.harness.people.people import DAY
from tests.harness.sending import LEASE, SendingHarness, open_sending_harness

ADDRESSES = ("a@example.com", "b@example.com", "c@example.com")


@pytest.fixture
def harness(database_url: str, tmp_path: Path) -> Iterator[SendingHarness]:
    with open_sending_harness(database_url, tmp_path) as opened:
        yield opened


def counted(harness: SendingHarness, name: str = "deliveries") -> dict[str, int]:
    harness.runtime.write_counts()
    with harness.runtime.database.read() as session:
        return {label: value for (counter, label), value in Counter.read_all(session).items() if counter == name}


def outcomes(lines: list[Any]) -> list[dict[str, Any]]:
    return [line for line in lines if line["event"] == "delivery.outcome"]


def test_each_delivery_of_a_batch_has_one_line_with_what_it_takes_to_follow_it(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members(*ADDRESSES))
    with capture_logs() as lines:
        harness.send(ids)
    [provider_id] = {mail.provider_id for mail in harness.mails()}
    lines_by_id = {line["delivery"]: line for line in outcomes(lines)}
    assert lines_by_id == {
        id_: {
            "event": "delivery.outcome",
            "log_level": "info",
            "delivery": id_,
            "kind": "prompt",
            "state": "sent",
            "reason": "",
            "provider_id": provider_id,
        }
        for id_ in ids
    }
    assert len(outcomes(lines)) == 3
    assert "@example.com" not in repr(lines)
    assert counted(harness) == {"sent": 3}
    assert counted(harness, "provider calls") == {"accepted": 1}


@pytest.mark.parametrize(
    ("fault", "label", "call"),
    [("close-before", "unknown", "unknown"), ("refused", "failed.refused", "refused")],
)
def test_an_unknown_and_a_refused_delivery_are_counted_and_logged(
    harness: SendingHarness, fault: str, label: str, call: str
) -> None:
    harness.office.faults.add(fault)
    with capture_logs() as lines:
        harness.send(harness.plan(harness.members("a@example.com")))
    [line] = outcomes(lines)
    assert ".".join(filter(None, (line["state"], line["reason"]))) == label
    assert counted(harness) == {label: 1}
    assert counted(harness, "provider calls") == {call: 1}
    assert "@example.com" not in repr(lines)


def test_what_is_skipped_at_the_claim_is_counted_by_reason(harness: SendingHarness) -> None:
    late, stopped = harness.members("late@example.com", "stopped@example.com")
    ids = harness.plan([late], expires_at=harness.clock() - timedelta(hours=1)) + harness.plan([stopped])
    with harness.runtime.database.write() as session:
        account.stop(session, session.get_one(Subscriber, stopped.id), harness.clock(), source="page")
    with capture_logs() as lines:
        harness.send(ids)
    assert {line["reason"] for line in outcomes(lines)} == {"late", "not_wanted"}
    assert counted(harness) == {"skipped.late": 1, "skipped.not_wanted": 1}


def test_a_worker_that_went_away_in_a_call_leaves_a_line(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members("a@example.com"))
    with harness.runtime.database.write() as session:
        claims = delivery_claims.claim(session, ids, lease=timedelta(hours=-1), now=harness.clock())
        delivery_claims.hand_over(session, claims, harness.clock())
    with capture_logs() as lines:
        sweep(harness.runtime.database, harness.queue, now=harness.clock())
    assert [(line["delivery"], line["state"]) for line in outcomes(lines)] == [(ids[0], "unknown")]
    assert counted(harness) == {"unknown": 1}


def test_an_outcome_that_an_event_reported_first_is_counted_once(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members("a@example.com"))
    now = harness.clock()
    with harness.runtime.database.write() as session:
        [claim] = delivery_claims.claim(session, ids, lease=LEASE, now=now)
    with capture_logs() as lines:
        with harness.runtime.database.write() as session:
            assert delivery_evidence.mark_accepted(session, {claim.id: None}, now) == 1
        with harness.runtime.database.write() as session:
            assert delivery_claims.mark_sent(session, [claim], provider_id="<1@mail>", sent_at=now) == ids
    assert len(outcomes(lines)) == 1
    assert counted(harness) == {"sent": 1}
    assert harness.delivery(ids[0]).provider_id == "<1@mail>"


def test_an_outcome_that_is_not_committed_is_neither_counted_nor_logged(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members("a@example.com"))
    with capture_logs() as lines, harness.runtime.database.write() as session:
        claims = delivery_claims.claim(session, ids, lease=LEASE, now=harness.clock())
        delivery_claims.mark_sent(session, claims, sent_at=harness.clock())
        session.rollback()
    assert (outcomes(lines), counted(harness), harness.states()) == ([], {}, {"planned": 1})


def test_a_worker_that_lost_its_claim_counts_nothing(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members("a@example.com"))
    with harness.runtime.database.write() as session:
        delivery_claims.mark_sent(session, [DeliveryClaim(ids[0], 7)], sent_at=harness.clock() + DAY)
    assert counted(harness) == {}


def test_a_text_of_the_providers_never_becomes_a_label() -> None:
    assert reason_label("failed", "to parameter is not a valid address: ana@example.com") == "refused"
    assert reason_label("skipped", None) == "other"
    assert {reason_label("failed", reason) for reason in LABELS} == {*LABELS.values()}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_sign_in_that_goes_once_more_is_counted_apart_from_the_outcomes(harness: SendingHarness) -> None:
    ids = harness.plan(harness.members("a@example.com"), kind=DeliveryKind.SIGN_IN, slot="a request")
    for _ in range(2):
        harness.office.faults.add("close-after")
        ids = harness.send(ids).to_enqueue
    assert ids == []
    assert counted(harness, "repeats") == {"sign_in": 1}
    assert counted(harness) == {"unknown": 2}
