"""Another address counts as a person's own only once that is proved, and never where somebody else has it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from service.core.addresses import Address
from service.flows.incoming import held
from service.flows.people import aliases, signup
from service.flows.people.aliases import AliasClaim, AliasStanding
from service.models import (
    Alias,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Outcome,
    Reply,
    Subscriber,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
)
from tests.harness.inbound import InboundHarness, open_inbound_harness
from tests.harness.people import DAY, MINUTE
from tests.harness.posts import mail

WORK = "ana@work.example"
BOB = "bob@home.example"
HELLO = "hello@reply.example.org"


@pytest.fixture
def harness(migrated_sqlite: Path, tmp_path: Path) -> Iterator[InboundHarness]:
    with open_inbound_harness(migrated_sqlite, tmp_path) as opened:
        yield opened


def _comes(harness: InboundHarness, words: str, sender: str, *, passes: bool = True, to: str | None = None) -> Reply:
    reply = harness.comes(mail(words, sender=sender, passes=passes), to)
    assert reply is not None
    return reply


def _take_in(harness: InboundHarness, reply: Reply) -> AliasClaim:
    claimed = held.accept(harness.sending.runtime.inbound_store(), harness.ana.id, reply.id, harness.sending.clock())
    assert claimed is not None
    harness.reply_processor.process(reply.id)
    return claimed


def _owner(harness: InboundHarness, address: str) -> int | None:
    with harness.sending.runtime.database.read() as session:
        return Alias.owner_id(session, harness.sending.runtime.keyring.address_hash(Address.parse(address)))


def _delivery(harness: InboundHarness, kind: DeliveryKind) -> Delivery:
    with harness.sending.runtime.database.read() as session:
        return session.scalars(select(Delivery).where(Delivery.kind == kind)).one()


def _confirm(harness: InboundHarness, delivery_id: int) -> AliasStanding:
    with harness.sending.runtime.database.write() as session:
        person = session.get_one(Subscriber, harness.ana.id)
        return aliases.confirm(session, harness.sending.runtime.keyring, person, delivery_id, harness.sending.clock())


def test_a_sender_the_provider_vouches_for_counts_at_once(harness: InboundHarness) -> None:
    assert _take_in(harness, _comes(harness, "From my desk.", WORK)) == AliasClaim(AliasStanding.THEIRS)
    assert _owner(harness, WORK) == harness.ana.id


def test_forged_mail_gives_nobody_another_s_address(harness: InboundHarness) -> None:
    """The attack: forge mail from somebody to oneself, say that it was oneself, and wait for their words."""
    claimed = _take_in(harness, _comes(harness, "Forged.", BOB, passes=False))
    assert claimed.standing is AliasStanding.ASKED
    assert _owner(harness, BOB) is None
    harness.sending.clock.move(MINUTE)
    assert _comes(harness, "Dear diary.", BOB, to=HELLO).outcome == Outcome.STRANGER
    assert harness.words() == ["Forged."]


def test_an_unproved_address_is_asked_by_an_email_that_names_nobody(harness: InboundHarness) -> None:
    claimed = _take_in(harness, _comes(harness, "From a train.", WORK, passes=False))
    assert harness.sending.send(claimed.delivery_ids).counts == {DeliveryState.SENT: 1}
    (sent,) = harness.sending.mails()
    assert sent.recipient == WORK
    assert "ana@example.com" not in json.dumps([sent.subject, sent.text, sent.html, *sent.headers])
    assert _confirm(harness, claimed.delivery_ids[0]) is AliasStanding.THEIRS
    assert _owner(harness, WORK) == harness.ana.id
    assert _comes(harness, "And again.", WORK).outcome == Outcome.ENTRY


def test_nobody_else_can_confirm_it(harness: InboundHarness) -> None:
    (ben,) = harness.sending.members("ben@example.com")
    (delivery_id,) = _take_in(harness, _comes(harness, "From a train.", WORK, passes=False)).delivery_ids
    runtime = harness.sending.runtime
    with runtime.database.write() as session:
        person = session.get_one(Subscriber, ben.id)
        assert (
            aliases.confirm(session, runtime.keyring, person, delivery_id, harness.sending.clock())
            is AliasStanding.REFUSED
        )
    assert _owner(harness, WORK) is None


def test_a_taken_address_is_said_to_both_and_stays(harness: InboundHarness) -> None:
    (bob,) = harness.sending.members(BOB)
    claimed = _take_in(harness, _comes(harness, "From his desk.", BOB))
    assert claimed.standing is AliasStanding.TAKEN
    assert _owner(harness, BOB) is None
    assert harness.sending.send(claimed.delivery_ids).counts == {DeliveryState.SENT: 1}
    (told,) = harness.sending.mails()
    assert (told.recipient, told.subject) == (BOB, "Somebody asked about your address")
    assert _delivery(harness, DeliveryKind.NOTICE).subscriber_id == bob.id


def test_who_has_signed_up_cannot_be_found_out_by_forging_mail(harness: InboundHarness) -> None:
    """An address with a journal and one without get the same answer, also past the limit of a day."""
    harness.sending.members(BOB)
    answers = []
    for number, sender in enumerate([BOB, WORK, "x@one.example", "y@two.example"]):
        harness.sending.clock.move(MINUTE)
        answers.append(_take_in(harness, _comes(harness, f"Forged {number}.", sender, passes=False)))
    assert [answer.standing for answer in answers] == [*[AliasStanding.ASKED] * 3, AliasStanding.REFUSED]
    harness.sending.send([id_ for answer in answers for id_ in answer.delivery_ids])
    assert sorted((sent.recipient, sent.subject) for sent in harness.sending.mails()) == [
        (WORK, "Is this address yours too?"),
        (BOB, "Somebody asked about your address"),
        ("x@one.example", "Is this address yours too?"),
    ]


def test_an_alias_that_signs_up_is_nobody_else_s_any_more_and_they_are_told(harness: InboundHarness) -> None:
    _take_in(harness, _comes(harness, "From my desk.", WORK))
    runtime, clock = harness.sending.runtime, harness.sending.clock
    (other,) = harness.sending.members(WORK, status=SubscriberStatus.PENDING)
    assert _owner(harness, WORK) == harness.ana.id
    with runtime.database.write() as session:
        planned = signup.confirm(session, runtime.keyring, runtime.library, other.id, clock(), source="link")
    assert _owner(harness, WORK) is None
    harness.sending.send(planned)
    assert ("ana@example.com", "An address has moved") in [
        (sent.recipient, sent.subject) for sent in harness.sending.mails()
    ]
    clock.move(MINUTE)
    _comes(harness, "My own words.", WORK, to=HELLO)
    with runtime.database.read() as session:
        assert session.scalars(select(Reply.subscriber_id).order_by(Reply.received_at.desc())).first() == other.id


def test_an_alias_of_a_confirmed_address_counts_for_nobody_however_it_came_there(harness: InboundHarness) -> None:
    """Two transactions at once may leave one; it is never believed."""
    (bob,) = harness.sending.members(BOB)
    runtime = harness.sending.runtime
    with runtime.database.write() as session:
        Alias.add(session, bob.address_hash, harness.ana.id, harness.sending.clock())
    assert _owner(harness, BOB) is None
    assert _comes(harness, "His own.", BOB).outcome == Outcome.HELD  # to Ana's address: not hers


def test_a_signup_nobody_confirmed_takes_no_alias_s_mail(harness: InboundHarness) -> None:
    """A stranger types the address into the signup page; its mail still goes where it went."""
    _take_in(harness, _comes(harness, "From my desk.", WORK))
    harness.sending.members(WORK, status=SubscriberStatus.PENDING)
    harness.sending.clock.move(MINUTE)
    assert _comes(harness, "No token.", WORK, to=HELLO).outcome == Outcome.ENTRY
    assert harness.words() == ["From my desk.", "No token."]


def test_a_suppressed_address_is_not_asked(harness: InboundHarness) -> None:
    claimed = _take_in(harness, _comes(harness, "From a train.", WORK, passes=False))
    runtime = harness.sending.runtime
    with runtime.database.write() as session:
        digest = runtime.keyring.address_hash(Address.parse(WORK))
        Suppression.add(session, digest, SuppressionReason.BOUNCED, harness.sending.clock())
    assert harness.sending.send(claimed.delivery_ids).counts == {DeliveryState.SKIPPED: 1}
    assert harness.sending.mails() == []


def test_one_address_is_asked_once_a_month(harness: InboundHarness) -> None:
    first = _take_in(harness, _comes(harness, "One.", WORK, passes=False))
    harness.sending.clock.move(2 * DAY)
    second = _take_in(harness, _comes(harness, "Two.", WORK, passes=False))
    assert (len(first.delivery_ids), second.delivery_ids) == (1, ())
    assert second.standing is AliasStanding.ASKED
