"""Another address counts as a person's own only once that is proved, and never where somebody else has it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from service.core.addresses import Address
from service.flows import aliases, held, signup
from service.flows.aliases import Claimed, Standing
from service.models import (
    Alias,
    Delivery,
    Kind,
    Outcome,
    Reply,
    State,
    Status,
    Subscriber,
    Suppression,
    SuppressionReason,
)
from tests.flows.letterbox import Letterbox, open_letterbox
from tests.flows.people import DAY, MINUTE
from tests.flows.posts import mail

WORK = "ana@work.example"
BOB = "bob@home.example"
HELLO = "hello@reply.example.org"


@pytest.fixture
def box(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Letterbox]:
    with open_letterbox(migrated_sqlite, tmp_path) as opened:
        yield opened


def _comes(box: Letterbox, words: str, sender: str, *, passes: bool = True, to: str | None = None) -> Reply:
    reply = box.comes(mail(words, sender=sender, passes=passes), to)
    assert reply is not None
    return reply


def _take_in(box: Letterbox, reply: Reply) -> Claimed:
    claimed = held.take_in(box.line.runtime.door(), box.ana.id, reply.id, box.line.clock())
    assert claimed is not None
    box.receiver.understand(reply.id)
    return claimed


def _owner(box: Letterbox, address: str) -> int | None:
    with box.line.runtime.database.read() as session:
        return Alias.owner_id(session, box.line.runtime.keyring.address_hash(Address.parse(address)))


def _delivery(box: Letterbox, kind: Kind) -> Delivery:
    with box.line.runtime.database.read() as session:
        return session.scalars(select(Delivery).where(Delivery.kind == kind)).one()


def _confirm(box: Letterbox, delivery_id: int) -> Standing:
    with box.line.runtime.database.write() as session:
        person = session.get_one(Subscriber, box.ana.id)
        return aliases.confirm(session, box.line.runtime.keyring, person, delivery_id, box.line.clock())


def test_a_sender_the_provider_vouches_for_counts_at_once(box: Letterbox) -> None:
    assert _take_in(box, _comes(box, "From my desk.", WORK)) == Claimed(Standing.THEIRS)
    assert _owner(box, WORK) == box.ana.id


def test_forged_mail_gives_nobody_another_s_address(box: Letterbox) -> None:
    """The attack: forge mail from somebody to oneself, say that it was oneself, and wait for their words."""
    claimed = _take_in(box, _comes(box, "Forged.", BOB, passes=False))
    assert claimed.standing is Standing.ASKED
    assert _owner(box, BOB) is None
    box.line.clock.move(MINUTE)
    assert _comes(box, "Dear diary.", BOB, to=HELLO).outcome == Outcome.STRANGER
    assert box.words() == ["Forged."]


def test_an_unproved_address_is_asked_by_an_email_that_names_nobody(box: Letterbox) -> None:
    claimed = _take_in(box, _comes(box, "From a train.", WORK, passes=False))
    assert box.line.send(claimed.delivery_ids).counts == {State.SENT: 1}
    (sent,) = box.line.mails()
    assert sent.recipient == WORK
    assert "ana@example.com" not in json.dumps([sent.subject, sent.text, sent.html, *sent.headers])
    assert _confirm(box, claimed.delivery_ids[0]) is Standing.THEIRS
    assert _owner(box, WORK) == box.ana.id
    assert _comes(box, "And again.", WORK).outcome == Outcome.ENTRY


def test_nobody_else_can_confirm_it(box: Letterbox) -> None:
    (ben,) = box.line.members("ben@example.com")
    (delivery_id,) = _take_in(box, _comes(box, "From a train.", WORK, passes=False)).delivery_ids
    runtime = box.line.runtime
    with runtime.database.write() as session:
        person = session.get_one(Subscriber, ben.id)
        assert aliases.confirm(session, runtime.keyring, person, delivery_id, box.line.clock()) is Standing.REFUSED
    assert _owner(box, WORK) is None


def test_a_taken_address_is_said_to_both_and_stays(box: Letterbox) -> None:
    (bob,) = box.line.members(BOB)
    claimed = _take_in(box, _comes(box, "From his desk.", BOB))
    assert claimed.standing is Standing.TAKEN
    assert _owner(box, BOB) is None
    assert box.line.send(claimed.delivery_ids).counts == {State.SENT: 1}
    (told,) = box.line.mails()
    assert (told.recipient, told.subject) == (BOB, "Somebody asked about your address")
    assert _delivery(box, Kind.NOTICE).subscriber_id == bob.id


def test_who_has_signed_up_cannot_be_found_out_by_forging_mail(box: Letterbox) -> None:
    """An address with a journal and one without get the same answer, also past the limit of a day."""
    box.line.members(BOB)
    answers = []
    for number, sender in enumerate([BOB, WORK, "x@one.example", "y@two.example"]):
        box.line.clock.move(MINUTE)
        answers.append(_take_in(box, _comes(box, f"Forged {number}.", sender, passes=False)))
    assert [answer.standing for answer in answers] == [*[Standing.ASKED] * 3, Standing.REFUSED]
    box.line.send([id_ for answer in answers for id_ in answer.delivery_ids])
    assert sorted((sent.recipient, sent.subject) for sent in box.line.mails()) == [
        (WORK, "Is this address yours too?"),
        (BOB, "Somebody asked about your address"),
        ("x@one.example", "Is this address yours too?"),
    ]


def test_an_alias_that_signs_up_is_nobody_else_s_any_more_and_they_are_told(box: Letterbox) -> None:
    _take_in(box, _comes(box, "From my desk.", WORK))
    runtime, clock = box.line.runtime, box.line.clock
    (other,) = box.line.members(WORK, status=Status.PENDING)
    assert _owner(box, WORK) == box.ana.id
    with runtime.database.write() as session:
        planned = signup.confirm(session, runtime.library, other.id, clock(), source="link")
    assert _owner(box, WORK) is None
    box.line.send(planned)
    assert ("ana@example.com", "An address has moved") in [(sent.recipient, sent.subject) for sent in box.line.mails()]
    clock.move(MINUTE)
    _comes(box, "My own words.", WORK, to=HELLO)
    with runtime.database.read() as session:
        assert session.scalars(select(Reply.subscriber_id).order_by(Reply.received_at.desc())).first() == other.id


def test_an_alias_of_a_confirmed_address_counts_for_nobody_however_it_came_there(box: Letterbox) -> None:
    """Two transactions at once may leave one; it is never believed."""
    (bob,) = box.line.members(BOB)
    runtime = box.line.runtime
    with runtime.database.write() as session:
        Alias.add(session, bob.address_hash, box.ana.id, box.line.clock())
    assert _owner(box, BOB) is None
    assert _comes(box, "His own.", BOB).outcome == Outcome.HELD  # to Ana's address: not hers


def test_a_signup_nobody_confirmed_takes_no_alias_s_mail(box: Letterbox) -> None:
    """A stranger types the address into the signup page; its mail still goes where it went."""
    _take_in(box, _comes(box, "From my desk.", WORK))
    box.line.members(WORK, status=Status.PENDING)
    box.line.clock.move(MINUTE)
    assert _comes(box, "No token.", WORK, to=HELLO).outcome == Outcome.ENTRY
    assert box.words() == ["From my desk.", "No token."]


def test_a_suppressed_address_is_not_asked(box: Letterbox) -> None:
    claimed = _take_in(box, _comes(box, "From a train.", WORK, passes=False))
    runtime = box.line.runtime
    with runtime.database.write() as session:
        digest = runtime.keyring.address_hash(Address.parse(WORK))
        Suppression.add(session, digest, SuppressionReason.BOUNCED, box.line.clock())
    assert box.line.send(claimed.delivery_ids).counts == {State.SKIPPED: 1}
    assert box.line.mails() == []


def test_one_address_is_asked_once_a_month(box: Letterbox) -> None:
    first = _take_in(box, _comes(box, "One.", WORK, passes=False))
    box.line.clock.move(2 * DAY)
    second = _take_in(box, _comes(box, "Two.", WORK, passes=False))
    assert (len(first.delivery_ids), second.delivery_ids) == (1, ())
    assert second.standing is Standing.ASKED
