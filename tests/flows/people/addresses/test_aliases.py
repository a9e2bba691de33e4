"""Another address becomes an alias only with proof, and never if somebody else has it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from service.core.addresses import Address
from service.flows.incoming.held import held
from service.flows.people.addresses import aliases
from service.flows.people.addresses.aliases import AliasClaim, AliasStanding
from service.flows.people.subscription import confirm_signup
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
from tests.harness.mail.posts import mail
from tests.harness.people.people import DAY, MINUTE

WORK = "ana@work.example"
BOB = "bob@home.example"
HELLO = "hello@reply.example.org"


@pytest.fixture
def harness(migrated_sqlite: Path, tmp_path: Path) -> Iterator[InboundHarness]:
    with open_inbound_harness(migrated_sqlite, tmp_path) as opened:
        yield opened


def _receive(harness: InboundHarness, words: str, sender: str, *, passes: bool = True, to: str | None = None) -> Reply:
    reply = harness.receive(mail(words, sender=sender, passes=passes), to)
    assert reply is not None
    return reply


def _accept(harness: InboundHarness, reply: Reply) -> AliasClaim:
    claim = held.accept(harness.sending.runtime.inbound_store(), harness.ana.id, reply.id, harness.sending.clock())
    assert claim is not None
    harness.reply_processor.process(reply.id)
    return claim


def _alias_owner_id(harness: InboundHarness, address: str) -> int | None:
    with harness.sending.runtime.database.read() as session:
        return Alias.owner_id(session, harness.sending.runtime.keyring.address_hash(Address.parse(address)))


def _delivery(harness: InboundHarness, kind: DeliveryKind) -> Delivery:
    with harness.sending.runtime.database.read() as session:
        return session.scalars(select(Delivery).where(Delivery.kind == kind)).one()


def _confirm(harness: InboundHarness, delivery_id: int) -> AliasClaim:
    with harness.sending.runtime.database.write() as session:
        person = session.get_one(Subscriber, harness.ana.id)
        return aliases.confirm(session, harness.sending.runtime.keyring, person, delivery_id, harness.sending.clock())


def test_a_sender_that_the_provider_vouches_for_is_an_alias_at_once(harness: InboundHarness) -> None:
    claim = _accept(harness, _receive(harness, "From my desk.", WORK))
    assert claim.standing is AliasStanding.THEIRS
    assert _alias_owner_id(harness, WORK) == harness.ana.id
    assert harness.sending.send(claim.delivery_ids).counts == {DeliveryState.SENT: 1}
    assert [(mail.recipient, mail.subject) for mail in harness.sending.mails()] == [
        ("ana@example.com", "An address was added")
    ]


def test_forged_mail_does_not_make_an_alias(harness: InboundHarness) -> None:
    """The attack: forge mail from somebody to your own address, claim the sender, and wait for their words."""
    claim = _accept(harness, _receive(harness, "Forged.", BOB, passes=False))
    assert claim.standing is AliasStanding.ASKED
    assert _alias_owner_id(harness, BOB) is None
    harness.sending.clock.move(MINUTE)
    assert _receive(harness, "Dear diary.", BOB, to=HELLO).outcome == Outcome.STRANGER
    assert harness.words() == ["Forged."]


def test_an_unproved_address_gets_a_confirmation_that_names_nobody(harness: InboundHarness) -> None:
    claim = _accept(harness, _receive(harness, "From a train.", WORK, passes=False))
    assert harness.sending.send(claim.delivery_ids).counts == {DeliveryState.SENT: 1}
    (sent,) = harness.sending.mails()
    assert sent.recipient == WORK
    assert "ana@example.com" not in json.dumps([sent.subject, sent.text, sent.html, *sent.headers])
    confirmed = _confirm(harness, claim.delivery_ids[0])
    assert (confirmed.standing, len(confirmed.delivery_ids)) == (AliasStanding.THEIRS, 1)
    assert _confirm(harness, claim.delivery_ids[0]) == AliasClaim(AliasStanding.THEIRS)
    assert _alias_owner_id(harness, WORK) == harness.ana.id
    assert _receive(harness, "And again.", WORK).outcome == Outcome.ENTRY


def test_nobody_else_can_confirm_an_alias(harness: InboundHarness) -> None:
    (ben,) = harness.sending.members("ben@example.com")
    (delivery_id,) = _accept(harness, _receive(harness, "From a train.", WORK, passes=False)).delivery_ids
    runtime = harness.sending.runtime
    with runtime.database.write() as session:
        person = session.get_one(Subscriber, ben.id)
        refused = aliases.confirm(session, runtime.keyring, person, delivery_id, harness.sending.clock())
    assert refused == AliasClaim(AliasStanding.REFUSED)
    assert _alias_owner_id(harness, WORK) is None


def test_claiming_a_taken_address_changes_nothing_and_its_owner_is_told(harness: InboundHarness) -> None:
    (bob,) = harness.sending.members(BOB)
    claim = _accept(harness, _receive(harness, "From his desk.", BOB))
    assert claim.standing is AliasStanding.TAKEN
    assert _alias_owner_id(harness, BOB) is None
    assert harness.sending.send(claim.delivery_ids).counts == {DeliveryState.SENT: 1}
    (notice,) = harness.sending.mails()
    assert (notice.recipient, notice.subject) == (BOB, "Somebody asked about your address")
    assert _delivery(harness, DeliveryKind.NOTICE).subscriber_id == bob.id


def test_forged_mail_does_not_reveal_who_has_signed_up(harness: InboundHarness) -> None:
    """The result is the same for an address with a journal and one without, also beyond the daily limit."""
    harness.sending.members(BOB)
    answers = []
    for number, sender in enumerate([BOB, WORK, "x@one.example", "y@two.example"]):
        harness.sending.clock.move(MINUTE)
        answers.append(_accept(harness, _receive(harness, f"Forged {number}.", sender, passes=False)))
    assert [answer.standing for answer in answers] == [*[AliasStanding.ASKED] * 3, AliasStanding.REFUSED]
    harness.sending.send([id_ for answer in answers for id_ in answer.delivery_ids])
    assert sorted((sent.recipient, sent.subject) for sent in harness.sending.mails()) == [
        (WORK, "Is this address yours too?"),
        (BOB, "Somebody asked about your address"),
        ("x@one.example", "Is this address yours too?"),
    ]


def test_an_alias_that_signs_up_is_released_and_its_former_owner_is_told(harness: InboundHarness) -> None:
    _accept(harness, _receive(harness, "From my desk.", WORK))
    runtime, clock = harness.sending.runtime, harness.sending.clock
    (other,) = harness.sending.members(WORK, status=SubscriberStatus.PENDING)
    assert _alias_owner_id(harness, WORK) == harness.ana.id
    with runtime.database.write() as session:
        planned = confirm_signup.confirm(session, runtime.keyring, runtime.library, other.id, clock(), source="link")
    assert _alias_owner_id(harness, WORK) is None
    harness.sending.send(planned)
    assert ("ana@example.com", "An address has moved") in [
        (sent.recipient, sent.subject) for sent in harness.sending.mails()
    ]
    clock.move(MINUTE)
    _receive(harness, "My own words.", WORK, to=HELLO)
    with runtime.database.read() as session:
        assert session.scalars(select(Reply.subscriber_id).order_by(Reply.received_at.desc())).first() == other.id


def test_an_alias_of_a_confirmed_address_is_ignored(harness: InboundHarness) -> None:
    """Two concurrent transactions can leave such a row."""
    (bob,) = harness.sending.members(BOB)
    runtime = harness.sending.runtime
    with runtime.database.write() as session:
        Alias.add(session, bob.address_hash, harness.ana.id, b"sealed", harness.sending.clock())
    assert _alias_owner_id(harness, BOB) is None
    assert _receive(harness, "His own.", BOB).outcome == Outcome.HELD  # to Ana's address: not hers


def test_an_unconfirmed_signup_does_not_get_the_mail_of_an_alias(harness: InboundHarness) -> None:
    """A stranger may type any address into the signup page."""
    _accept(harness, _receive(harness, "From my desk.", WORK))
    harness.sending.members(WORK, status=SubscriberStatus.PENDING)
    harness.sending.clock.move(MINUTE)
    assert _receive(harness, "No token.", WORK, to=HELLO).outcome == Outcome.ENTRY
    assert harness.words() == ["From my desk.", "No token."]


def test_a_suppressed_address_gets_no_confirmation(harness: InboundHarness) -> None:
    claim = _accept(harness, _receive(harness, "From a train.", WORK, passes=False))
    runtime = harness.sending.runtime
    with runtime.database.write() as session:
        digest = runtime.keyring.address_hash(Address.parse(WORK))
        Suppression.add(session, digest, SuppressionReason.BOUNCED, harness.sending.clock())
    assert harness.sending.send(claim.delivery_ids).counts == {DeliveryState.SKIPPED: 1}
    assert harness.sending.mails() == []


def test_an_address_gets_one_confirmation_a_month(harness: InboundHarness) -> None:
    first = _accept(harness, _receive(harness, "One.", WORK, passes=False))
    harness.sending.clock.move(2 * DAY)
    second = _accept(harness, _receive(harness, "Two.", WORK, passes=False))
    assert (len(first.delivery_ids), second.delivery_ids) == (1, ())
    assert second.standing is AliasStanding.ASKED
