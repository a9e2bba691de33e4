"""Which event counts for which delivery: by our id, else by message id, and only for that delivery's person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.flows.incoming.events.events import record_event
from service.flows.people.addresses import aliases
from service.mail.provider_events import ProviderEvent
from service.models import DeliveryState, Installation, seal_content
from service.models.outgoing.deliveries import delivery_evidence
from tests.harness.people.people import DAY
from tests.harness.sending import SendingHarness, open_sending_harness

ANA = "ana@example.com"
BATCH_ID = "20260203192638.000be97f99f8cea1@mail.example.org"


@pytest.fixture
def harness(database_url: str, tmp_path: Path) -> Iterator[SendingHarness]:
    with open_sending_harness(database_url, tmp_path) as opened:
        yield opened


def unknown(harness: SendingHarness, address: str = ANA, **columns: Any) -> int:
    (id_,) = harness.plan(harness.members(address), **columns)
    harness.office.faults.add("close-before")
    assert harness.send([id_]).counts == {"unknown": 1}
    return id_


def report(harness: SendingHarness, delivery_id: int | None, recipient: str = ANA, **columns: Any) -> None:
    """Post an event to the webhook."""
    values = {"name": "accepted", "event_id": "e", "occurred_at": harness.clock(), "message_id": None, **columns}
    event = ProviderEvent(recipient=recipient, delivery_id=delivery_id, **values)
    with harness.runtime.database.write() as session:
        record_event(session, harness.runtime.keyring, event, token=repr(event) + recipient, now=harness.clock())


def own(harness: SendingHarness) -> str:
    return harness.runtime.installation


@pytest.mark.parametrize("recipient", [ANA, "Ana@Example.COM"])
def test_an_event_counts_for_its_own_person_whatever_the_spelling(harness: SendingHarness, recipient: str) -> None:
    id_ = unknown(harness)
    report(harness, id_, recipient)
    assert harness.delivery(id_).state == DeliveryState.SENT


def test_an_event_in_punycode_counts_for_an_international_address(harness: SendingHarness) -> None:
    id_ = unknown(harness, "ana@bücher.example")
    report(harness, id_, "ana@xn--bcher-kva.example")
    assert harness.delivery(id_).state == DeliveryState.SENT


@pytest.mark.parametrize("recipient", ["ben@example.com", "", "no address"])
def test_an_event_about_somebody_else_does_not_count(harness: SendingHarness, recipient: str) -> None:
    harness.members("ben@example.com")
    id_ = unknown(harness)
    report(harness, id_, recipient)
    assert harness.delivery(id_).state == DeliveryState.UNKNOWN


def test_an_event_of_another_installation_does_not_count(harness: SendingHarness) -> None:
    id_ = unknown(harness)
    report(harness, id_, installation="another")
    assert harness.delivery(id_).state == DeliveryState.UNKNOWN
    report(harness, id_, installation=own(harness))
    assert harness.delivery(id_).state == DeliveryState.SENT


def test_without_our_id_an_event_counts_by_message_id_and_recipient(harness: SendingHarness) -> None:
    id_ = unknown(harness)
    with harness.runtime.database.write() as session:
        assert delivery_evidence.mark_accepted(session, {id_: BATCH_ID}, harness.clock()) == 1
        other = ProviderEvent("failed", "e", harness.clock(), ANA, BATCH_ID, None)
        key = (harness.delivery(id_).subscriber_id, BATCH_ID)
        assert delivery_evidence.known_by_message(session, {key})[key].id == id_
        assert other.delivery_id is None
    again = unknown(harness, "ben@example.com", slot="2026-05-02")
    report(harness, None, "ben@example.com", message_id=BATCH_ID)
    assert harness.delivery(again).state == DeliveryState.UNKNOWN, "the message went to somebody else"


def test_an_alias_is_confirmed_at_another_address_than_its_person_s(harness: SendingHarness) -> None:
    (person,) = harness.members(ANA)
    (id_,) = harness.plan([person], kind="alias", prompt_id=None)
    with harness.runtime.database.write() as session:
        sealed = seal_content(harness.runtime.keyring, person, id_, "other@example.com")
        delivery = harness.delivery(id_)
        session.add(delivery)
        delivery.sealed_content = sealed
    assert aliases.address_to_confirm(harness.runtime.keyring, harness.delivery(id_), person)
    harness.office.faults.add("close-after")
    assert harness.send([id_]).counts == {"unknown": 1}
    report(harness, id_, ANA)
    assert harness.delivery(id_).state == DeliveryState.UNKNOWN
    report(harness, id_, "other@example.com")
    assert harness.delivery(id_).state == DeliveryState.SENT


def test_what_was_planned_again_and_turns_out_to_be_sent_is_not_sent_again(harness: SendingHarness) -> None:
    id_ = unknown(harness)
    with harness.runtime.database.write() as session:
        assert delivery_evidence.plan_absent(session, [id_]) == [id_]
    report(harness, id_, installation=own(harness), kind="prompt", slot="2026-05-06")
    assert harness.send([id_]).counts == {}
    assert harness.mails() == []
    with harness.runtime.database.read() as session:
        assert not Installation.is_held(session), "this database knew of the request"


def test_every_email_names_its_installation_and_what_it_is_for(harness: SendingHarness) -> None:
    people = harness.members("a@example.com", "b@example.com")
    harness.send(harness.plan(people))
    for mail in harness.mails():
        variables = {name: value for name, value in mail.variables.items() if name != "delivery"}
        slot = f"{harness.clock():%Y-%m-%d}"
        assert variables == {"installation": own(harness), "kind": "prompt", "slot": slot}


def test_somebody_who_left_and_came_back_holds_nothing(harness: SendingHarness) -> None:
    (person,) = harness.members(ANA, created_at=harness.clock() - DAY / 2)
    event = {"name": "delivered", "installation": own(harness), "kind": "prompt", "slot": "2026-05-05"}
    report(harness, 77, ANA, **event)
    with harness.runtime.database.read() as session:
        assert person.id
        assert not Installation.is_held(session)
    harness.members("ben@example.com")
    report(harness, 78, "ben@example.com", **event)
    with harness.runtime.database.read() as session:
        assert Installation.is_held(session), "somebody was here all the time, and was sent what nobody planned"
