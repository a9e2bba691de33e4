"""Only a certain fault of an address bars it; a refusal that is about us never does, and is counted for the domain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from service.core.sending.domain_results import DomainResults
from service.flows.incoming.events.events import record_event
from service.flows.outgoing.sending import domain_pauses
from service.mail.outbound.mailer import SendOutcome
from service.mail.provider_events import ProviderEvent
from service.models import (
    Counter,
    DeliveryKind,
    DeliveryState,
    DomainHour,
    DomainPause,
    FullMailbox,
    Subscriber,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
)
from service.models.outgoing.deliveries.delivery_outcomes import COUNTER
from tests.harness.people.people import DAY, MINUTE
from tests.harness.sending import SendingHarness, open_sending_harness

ANA = "ana@example.com"
HOUR = timedelta(hours=1)
TOKENS = count()


@pytest.fixture
def harness(database_url: str, tmp_path: Path) -> Iterator[SendingHarness]:
    with open_sending_harness(database_url, tmp_path) as opened:
        yield opened


def tell(
    harness: SendingHarness, name: str, address: str = ANA, delivery_id: int | None = None, **details: Any
) -> None:
    """Record an event that happens now."""
    found = ProviderEvent(name, "e", harness.clock(), address, None, delivery_id, **details)
    with harness.runtime.database.write() as session:
        record_event(session, harness.runtime.keyring, found, token=f"t{next(TOKENS)}", now=harness.clock())


def fail(
    harness: SendingHarness,
    enhanced_code: str | None,
    address: str = ANA,
    delivery_id: int | None = None,
    **details: Any,
) -> None:
    details = {"code": 550, "reason": "bounce", "is_final": True, **details}
    tell(harness, "failed", address, delivery_id, enhanced_code=enhanced_code, **details)


def reason_of(harness: SendingHarness) -> str | None:
    with harness.runtime.database.read() as session:
        rows = list(session.scalars(select(Suppression)))
        assert len(rows) <= 1
        return rows[0].reason if rows else None


def person(harness: SendingHarness, id_: int) -> Subscriber:
    with harness.runtime.database.read() as session:
        return session.get_one(Subscriber, id_)


@pytest.mark.parametrize("code", ["5.1.1", "5.1.2", "5.1.10", "5.2.1"])
def test_an_address_that_does_not_exist_is_suppressed(harness: SendingHarness, code: str) -> None:
    fail(harness, code)
    assert reason_of(harness) == SuppressionReason.BOUNCED


@pytest.mark.parametrize("code", ["5.7.1", "5.7.26", "5.7.515", "5.6.0", "5.4.4", "5.3.4", "5.0.0", None])
def test_a_refusal_that_is_about_us_bars_nobody(harness: SendingHarness, code: str | None) -> None:
    harness.members(ANA)
    for _ in range(60):
        fail(harness, code)
        harness.clock.move(DAY)
    assert reason_of(harness) is None


def test_a_failure_that_will_be_tried_again_changes_nothing(harness: SendingHarness) -> None:
    fail(harness, "5.1.1", is_final=False)
    assert reason_of(harness) is None


@pytest.mark.parametrize(
    ("days", "barred"),
    [
        pytest.param((0, 15, 30), True, id="three in a row within thirty days"),
        pytest.param((0, 15, 29), False, id="three within fewer days"),
        pytest.param((0, 31), False, id="two only"),
        pytest.param((0, 1, 2, 3, 30), True, id="many, and then one after thirty days"),
    ],
)
@pytest.mark.parametrize("details", [{"enhanced_code": "5.2.2"}, {"enhanced_code": None, "code": 602, "reason": "old"}])
def test_a_full_mailbox_is_suppressed_only_when_nobody_empties_it(
    harness: SendingHarness, days: tuple[int, ...], barred: bool, details: dict[str, Any]
) -> None:
    harness.members(ANA)
    begin = harness.clock()
    for day in days:
        harness.clock.move(begin + day * DAY - harness.clock())
        fail(harness, **details)
    assert (reason_of(harness) == SuppressionReason.BOUNCED) is barred


def test_a_delivery_between_two_refusals_begins_the_count_anew(harness: SendingHarness) -> None:
    harness.members(ANA)
    for day in range(4):
        fail(harness, "5.2.2")
        if day == 1:
            tell(harness, "delivered")
        harness.clock.move(20 * DAY)
    assert reason_of(harness) is None


def test_a_delivery_that_is_told_of_late_does_not_undo_later_refusals(harness: SendingHarness) -> None:
    (ana,) = harness.members(ANA)
    before = harness.clock()
    harness.clock.move(DAY)
    fail(harness, "5.2.2")
    found = ProviderEvent("delivered", "e", before, ANA, None, None)
    with harness.runtime.database.write() as session:
        record_event(session, harness.runtime.keyring, found, token="late", now=harness.clock())
        assert session.get_one(FullMailbox, ana.id).refusals == 1


def test_a_complaint_stops_everything_and_replaces_a_bounce(harness: SendingHarness) -> None:
    (ana,) = harness.members(ANA)
    fail(harness, "5.1.1")
    tell(harness, "complained")
    assert reason_of(harness) == SuppressionReason.COMPLAINED
    assert person(harness, ana.id).status == SubscriberStatus.STOPPED
    fail(harness, "5.1.1")
    assert reason_of(harness) == SuppressionReason.COMPLAINED


@pytest.mark.parametrize(
    ("details", "suppressed", "status"),
    [
        ({"reason": "suppress-bounce", "code": 605}, SuppressionReason.BOUNCED, SubscriberStatus.ACTIVE),
        ({"reason": "suppress-complaint", "code": None}, SuppressionReason.COMPLAINED, SubscriberStatus.STOPPED),
        ({"reason": None, "code": 607}, SuppressionReason.COMPLAINED, SubscriberStatus.STOPPED),
        ({"reason": None, "code": 606}, None, SubscriberStatus.STOPPED),
    ],
)
def test_what_the_provider_dropped_was_not_sent_and_its_list_is_followed(
    harness: SendingHarness, details: dict[str, Any], suppressed: str | None, status: str
) -> None:
    (ana,) = harness.members(ANA)
    (id_,) = harness.plan([ana])
    harness.send([id_])
    assert person(harness, ana.id).unanswered == 1
    fail(harness, None, delivery_id=id_, **details)
    delivery = harness.delivery(id_)
    assert (delivery.state, delivery.reason) == (DeliveryState.FAILED, "suppressed")
    found = person(harness, ana.id)
    assert (found.unanswered, found.status) == (0, status)
    assert reason_of(harness) == suppressed


@pytest.mark.parametrize("code", ["5.1.1", "5.7.26"])
def test_a_failed_question_is_not_counted_as_unanswered_and_has_its_class(harness: SendingHarness, code: str) -> None:
    (ana,) = harness.members(ANA, unanswered=4)
    (id_,) = harness.plan([ana])
    harness.send([id_])
    for _ in range(2):
        fail(harness, code, delivery_id=id_)
    assert person(harness, ana.id).unanswered == 4
    delivery = harness.delivery(id_)
    expected = {"5.1.1": "address", "5.7.26": "policy"}[code]
    assert (delivery.state, delivery.reason) == ("failed", expected)
    with harness.runtime.database.read() as session:
        assert Counter.read_all(session)[COUNTER, f"failed.{expected}"] == 1


def test_a_failed_email_of_another_kind_leaves_the_count_of_questions(harness: SendingHarness) -> None:
    (ana,) = harness.members(ANA, unanswered=4)
    (id_,) = harness.plan([ana], kind=DeliveryKind.SIGN_IN)
    harness.send([id_])
    fail(harness, "5.7.1", delivery_id=id_)
    assert person(harness, ana.id).unanswered == 4


def test_an_event_about_another_address_does_not_fail_the_delivery(harness: SendingHarness) -> None:
    ana, _ = harness.members(ANA, "ben@example.com")
    (id_,) = harness.plan([ana])
    harness.send([id_])
    fail(harness, "5.1.1", "ben@example.com", delivery_id=id_)
    assert harness.delivery(id_).state == DeliveryState.SENT


def test_a_failure_that_is_known_before_the_response_is_recorded_stays_one(harness: SendingHarness) -> None:
    (ana,) = harness.members(ANA)
    (id_,) = harness.plan([ana])
    mailer = harness.runtime.mailer

    class TellingFirst:
        """The real gateway, whose event arrives before its response."""

        def send(self, *arguments: Any) -> SendOutcome:
            outcome = mailer.send(*arguments)
            fail(harness, None, delivery_id=id_, reason="suppress-bounce", code=605)
            return outcome

    sender = replace(harness.runtime.sender(), mailer=TellingFirst())
    assert sender.send([id_]).counts == {}
    assert harness.delivery(id_).state == DeliveryState.FAILED
    assert person(harness, ana.id).unanswered == 0


def results(harness: SendingHarness) -> DomainResults:
    with harness.runtime.database.read() as session:
        return DomainHour.recent(session, harness.runtime.keyring.domain_hash("example.com"), harness.clock())


def test_results_are_counted_for_the_last_24_hours(harness: SendingHarness) -> None:
    tell(harness, "delivered")
    fail(harness, "5.7.1")
    fail(harness, "5.1.1")
    fail(harness, None, reason="suppress-bounce", code=605)
    tell(harness, "complained")
    tell(harness, "delivered", "ana@elsewhere.example")
    assert results(harness) == DomainResults(results=3, refusals=1, complaints=1)
    harness.clock.move(23 * HOUR)
    tell(harness, "delivered")
    assert results(harness) == DomainResults(results=4, refusals=1, complaints=1)
    harness.clock.move(2 * HOUR)
    assert results(harness) == DomainResults(results=1, refusals=0, complaints=0)


def paused(harness: SendingHarness) -> list[str]:
    with harness.runtime.database.read() as session:
        found = domain_pauses.paused_domains(session, harness.runtime.keyring)
    return [pause.domain for pause in found]


def test_five_refusals_of_fifty_pause_that_domain_alone(harness: SendingHarness) -> None:
    for _ in range(45):
        tell(harness, "delivered")
    for number in range(5):
        assert paused(harness) == [], number
        fail(harness, "5.7.26")
    assert paused(harness) == ["example.com"]


def test_addresses_that_do_not_exist_pause_nothing(harness: SendingHarness) -> None:
    for number in range(60):
        fail(harness, "5.1.1", f"p{number}@example.com")
    assert paused(harness) == []


def test_three_complaints_pause_a_domain_until_somebody_resumes_it(harness: SendingHarness) -> None:
    for number in range(60):
        tell(harness, "delivered", f"p{number}@example.com")
    for number in range(3):
        tell(harness, "complained", f"p{number}@example.com")
    assert paused(harness) == ["example.com"]
    (ben,) = harness.members("ben@example.com")
    (id_,) = harness.plan([ben], kind=DeliveryKind.SIGN_IN)
    harness.clock.move(MINUTE)
    harness.send([id_])
    tell(harness, "delivered", "ben@example.com", delivery_id=id_)
    assert paused(harness) == ["example.com"]
    with harness.runtime.database.write() as session:
        assert domain_pauses.resume(session, harness.runtime.keyring, "example.com")
        assert not domain_pauses.resume(session, harness.runtime.keyring, "example.com")
    assert paused(harness) == []
    tell(harness, "complained", "p9@example.com")
    assert paused(harness) == [], "the results are counted anew"


def refuse(harness: SendingHarness) -> None:
    """Make example.com refuse so much that its questions pause."""
    for _ in range(50):
        fail(harness, "5.7.26", "somebody@example.com")
    assert paused(harness) == ["example.com"]


def test_a_paused_domain_gets_no_questions_and_others_do(harness: SendingHarness) -> None:
    refuse(harness)
    people = harness.members(ANA, "ben@example.com", "cho@elsewhere.example")
    ids = harness.plan(people)
    (sign_in,) = harness.plan(people[:1], kind=DeliveryKind.SIGN_IN)
    assert harness.send([*ids, sign_in]).counts == {"sent": 2, "planned": 2}
    assert {mail.recipient for mail in harness.mails()} == {ANA, "cho@elsewhere.example"}
    held = [delivery for delivery in map(harness.delivery, ids) if delivery.state == DeliveryState.PLANNED]
    assert {delivery.reason for delivery in held} == {"the domain is paused"}
    assert {delivery.ready_at for delivery in held} == {harness.clock() + domain_pauses.LOOK_AGAIN_AFTER}


def test_one_question_an_hour_finds_out_whether_a_domain_takes_us_again(harness: SendingHarness) -> None:
    refuse(harness)
    ids = harness.plan(harness.members(ANA, "ben@example.com", "cho@example.com"))
    harness.clock.move(HOUR)
    assert harness.send(ids).counts == {"sent": 1, "planned": 2}
    harness.clock.move(domain_pauses.LOOK_AGAIN_AFTER)
    assert harness.send(ids).counts == {"planned": 2}
    (probe,) = harness.mails()
    tell(harness, "delivered", probe.recipient, delivery_id=int(probe.variables["delivery"]))
    assert paused(harness) == []
    harness.clock.move(domain_pauses.LOOK_AGAIN_AFTER)
    assert harness.send(ids).counts == {"sent": 2}


def test_a_success_of_before_the_pause_does_not_end_it(harness: SendingHarness) -> None:
    (ana,) = harness.members(ANA)
    (id_,) = harness.plan([ana])
    harness.send([id_])
    harness.clock.move(MINUTE)
    refuse(harness)
    tell(harness, "delivered", delivery_id=id_)
    assert paused(harness) == ["example.com"]


def test_no_complaint_is_tried_out_with_another_question(harness: SendingHarness) -> None:
    for number in range(50):
        tell(harness, "delivered", f"p{number}@example.com")
    for number in range(3):
        tell(harness, "complained", f"p{number}@example.com")
    ids = harness.plan(harness.members(ANA))
    harness.clock.move(HOUR)
    assert harness.send(ids).counts == {"planned": 1}


def test_the_name_of_a_paused_domain_is_sealed(harness: SendingHarness) -> None:
    refuse(harness)
    with harness.runtime.database.read() as session:
        (pause,) = DomainPause.all(session)
    assert b"example" not in pause.sealed_domain + pause.domain_hash
