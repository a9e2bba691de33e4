"""Joining by mail: a proved sender becomes active, and any other mail changes nothing and is not answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from service.core.addresses import Address
from service.core.settings.consent import ConsentEvent, Stream, current_version
from service.core.settings.schedule import Rhythm
from service.flows.people.subscription import account
from service.models import (
    Consent,
    Delivery,
    DeliveryKind,
    MailRequest,
    MailRequestKind,
    Outcome,
    Subscriber,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
)
from tests.harness.inbound import InboundHarness, open_inbound_harness
from tests.harness.mail.posts import mail
from tests.harness.people.people import DAY, MINUTE
from tests.harness.sending import REPLY_DOMAIN

NEW = "new.heron@example.com"
QUESTIONS, LETTERS = f"join@{REPLY_DOMAIN}", f"Join-Letters@{REPLY_DOMAIN}"


@pytest.fixture
def inbound(migrated_sqlite: Path, tmp_path: Path) -> Iterator[InboundHarness]:
    with open_inbound_harness(migrated_sqlite, tmp_path, writer_time_zone="Europe/Berlin") as opened:
        yield opened


def send(inbound: InboundHarness, to: str = QUESTIONS, *, passes: bool = True, **headers: Any) -> str:
    """Send a mail to join and return its outcome; nothing of the mail is kept."""
    row = inbound.receive(mail("Hello", passes=passes, **{"sender": NEW, **headers}), to=to)
    assert row is not None
    assert (row.has_raw, row.subscriber_id) == (False, None)
    return str(row.outcome)


def person(inbound: InboundHarness, address: str = NEW) -> Subscriber | None:
    runtime = inbound.sending.runtime
    with runtime.database.read() as session:
        return Subscriber.with_address(session, runtime.keyring.address_hash(Address.parse(address)))


def lines(inbound: InboundHarness) -> list[tuple[str, str, str, str]]:
    with inbound.sending.runtime.database.read() as session:
        hashed = inbound.sending.runtime.keyring.address_hash(Address.parse(NEW))
        return [(line.stream, line.event, line.source, line.wording) for line in Consent.for_address(session, hashed)]


def planned(inbound: InboundHarness) -> list[str]:
    """Return the kinds of email that were planned for the new person."""
    found = person(inbound)
    with inbound.sending.runtime.database.read() as session:
        query = select(Delivery.kind).where(Delivery.subscriber_id == (found.id if found else 0))
        return [*session.scalars(query)]


def test_a_proved_mail_brings_the_questions_and_the_welcome_once(inbound: InboundHarness) -> None:
    assert send(inbound) == Outcome.CONFIRMED
    found = person(inbound)
    assert found is not None
    assert (found.status, found.streams) == (SubscriberStatus.ACTIVE, (Stream.QUESTIONS,))
    assert (found.time_zone, found.send_minute) == ("Europe/Berlin", 480)
    assert found.schedule.days == Rhythm.THREE.days
    assert found.next_prompt_at is not None
    line = (Stream.QUESTIONS, ConsentEvent.CONFIRMED, "mail", current_version(Stream.QUESTIONS))
    assert lines(inbound) == [line]
    assert send(inbound) == Outcome.STRANGER
    assert (planned(inbound), lines(inbound)) == ([DeliveryKind.WELCOME], [line])
    assert inbound.words() == []


def test_letters_have_an_address_of_their_own_and_are_added_to_what_somebody_gets(inbound: InboundHarness) -> None:
    assert send(inbound, LETTERS) == Outcome.CONFIRMED
    found = person(inbound)
    assert found is not None
    assert (found.status, found.streams, planned(inbound)) == (SubscriberStatus.ACTIVE, (Stream.LETTERS,), [])
    assert send(inbound) == Outcome.CONFIRMED
    found = person(inbound)
    assert found is not None
    assert found.streams == (Stream.QUESTIONS, Stream.LETTERS)
    agreed = [(Stream.LETTERS, ConsentEvent.CONFIRMED), (Stream.QUESTIONS, ConsentEvent.CONFIRMED)]
    assert sorted((stream, event) for stream, event, _, _ in lines(inbound)) == agreed


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"passes": False}, id="a sender that is not proved"),
        pytest.param({"Auto_Submitted": "auto-replied"}, id="a program"),
        pytest.param({"sender": "nobody at all"}, id="no address"),
        pytest.param({"sender": "barred@example.com"}, id="a suppressed address"),
    ],
)
def test_any_other_mail_changes_nothing_and_gets_no_answer(inbound: InboundHarness, headers: dict[str, Any]) -> None:
    runtime = inbound.sending.runtime
    with runtime.database.write() as session:
        barred = runtime.keyring.address_hash(Address.parse("barred@example.com"))
        Suppression.add(session, barred, SuppressionReason.COMPLAINED, inbound.sending.clock())
    assert send(inbound, **headers) == Outcome.STRANGER
    with runtime.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Subscriber)) == 1  # Ana, who was there before
        assert session.scalars(select(Consent)).all() == []
    assert inbound.answers() == []


def test_a_reply_that_is_also_sent_to_join_stays_a_reply(inbound: InboundHarness) -> None:
    row = inbound.receive(mail("Soup, slowly."), to=f"{QUESTIONS},{inbound.address()}")
    assert row is not None
    assert (row.outcome, inbound.words()) == (Outcome.ENTRY, ["Soup, slowly."])


def test_whoever_stopped_can_come_again_but_not_more_than_three_times_a_day(inbound: InboundHarness) -> None:
    runtime = inbound.sending.runtime
    outcomes = []
    for _ in range(4):
        outcomes.append(send(inbound))
        found = person(inbound)
        assert found is not None
        inbound.sending.clock.move(MINUTE)
        with runtime.database.write() as session:
            account.stop(session, session.get_one(Subscriber, found.id), inbound.sending.clock(), source="page")
        inbound.sending.clock.move(MINUTE)
    assert outcomes == [Outcome.CONFIRMED] * 3 + [Outcome.STRANGER]
    with runtime.database.read() as session:
        assert MailRequest.count_of_kind(session, MailRequestKind.JOIN, inbound.sending.clock() - DAY) == 3
