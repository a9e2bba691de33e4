"""Mail that waits for its owner's word: taken in, disowned, put back; and the addresses that count from then on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from service.core.addresses import Address
from service.flows.incoming import held
from service.models import Alias, Delivery, DeliveryKind, Outcome, Reply
from tests.harness.inbound import ANA, InboundHarness, open_inbound_harness
from tests.harness.people import DAY, MINUTE
from tests.harness.posts import mail

WORK = "ana@work.example"


@pytest.fixture
def harness(migrated_sqlite: Path, tmp_path: Path) -> Iterator[InboundHarness]:
    with open_inbound_harness(migrated_sqlite, tmp_path) as opened:
        yield opened


def _comes(harness: InboundHarness, words: str, sender: str = WORK) -> Reply:
    reply = harness.comes(mail(words, sender=sender))
    assert reply is not None
    return reply


def _row(harness: InboundHarness, reply_id: int) -> Reply:
    return next(row for row in harness.rows() if row.id == reply_id)


def _take_in(harness: InboundHarness, reply: Reply) -> Reply:
    assert held.accept(harness.sending.runtime.inbound_store(), harness.ana.id, reply.id, harness.sending.clock())
    harness.reply_processor.process(reply.id)
    return _row(harness, reply.id)


def _notices(harness: InboundHarness) -> int:
    with harness.sending.runtime.database.read() as session:
        return Delivery.count_since(session, harness.ana.id, DeliveryKind.ANSWER, harness.sending.clock() - 30 * DAY)


def _is_alias(harness: InboundHarness, address: str) -> bool:
    with harness.sending.runtime.database.read() as session:
        owner = Alias.owner_id(session, harness.sending.runtime.keyring.address_hash(Address.parse(address)))
    return owner == harness.ana.id


def test_what_is_taken_in_is_an_entry_of_its_day_and_its_sender_counts(harness: InboundHarness) -> None:
    reply = _comes(harness, "From my desk.")
    assert reply.outcome == Outcome.HELD
    harness.sending.clock.move(9 * DAY)
    assert _take_in(harness, reply).outcome == Outcome.ENTRY
    assert harness.words() == ["From my desk."]
    assert _is_alias(harness, WORK)
    assert _comes(harness, "And again.").outcome == Outcome.ENTRY


def test_a_command_that_was_held_is_kept_as_words(harness: InboundHarness) -> None:
    """It was meant for its moment; what its owner takes in days later is an entry."""
    assert _take_in(harness, _comes(harness, "stop")).outcome == Outcome.ENTRY
    assert harness.words() == ["stop"]


def test_their_own_address_never_becomes_an_alias(harness: InboundHarness) -> None:
    reply = harness.comes(mail("No token, no proof.", sender=ANA, passes=False), "hello@mail.example.org")
    assert reply is not None
    assert reply.outcome == Outcome.HELD
    _take_in(harness, reply)
    assert not _is_alias(harness, ANA)


def test_the_owner_is_asked_once_a_day_and_finds_the_others_there(harness: InboundHarness) -> None:
    first = _comes(harness, "One.")
    harness.sending.clock.move(MINUTE)
    second = _comes(harness, "Two.")
    assert _notices(harness) == 1
    look = held.open_held_mail(harness.sending.runtime.inbound_store(), harness.ana.id, first.id)
    assert look is not None
    assert look.next_id == second.id
    harness.sending.clock.move(DAY)
    _comes(harness, "Three.")
    assert _notices(harness) == 2


def test_what_is_disowned_goes_in_a_day_and_may_be_taken_in_until_then(harness: InboundHarness) -> None:
    reply = _comes(harness, "Was it me?")
    with harness.sending.runtime.database.write() as session:
        held.disown(session, harness.ana.id, reply.id, harness.sending.clock())
    row = _row(harness, reply.id)
    assert row.kept_until == harness.sending.clock() + timedelta(days=1)
    look = held.open_held_mail(harness.sending.runtime.inbound_store(), harness.ana.id, reply.id)
    assert look is not None
    assert look.is_disowned
    assert _take_in(harness, reply).outcome == Outcome.ENTRY


def test_nobody_else_takes_it_in_disowns_it_or_puts_it_back(harness: InboundHarness) -> None:
    (ben,) = harness.sending.members("ben@example.com")
    reply, inbound_store, now = (
        _comes(harness, "Ana's, perhaps."),
        harness.sending.runtime.inbound_store(),
        harness.sending.clock(),
    )
    assert not held.accept(inbound_store, ben.id, reply.id, now)
    assert not held.restore(inbound_store, ben.id, reply.id, now)
    with inbound_store.database.write() as session:
        held.disown(session, ben.id, reply.id, now)
    assert not _row(harness, reply.id).is_disowned


def test_what_was_deleted_by_reply_can_be_put_back_as_it_was_sent(harness: InboundHarness) -> None:
    kept = _comes(harness, "Not for keeping.", ANA)
    harness.sending.clock.move(MINUTE)
    assert _comes(harness, "delete that", ANA).outcome == Outcome.COMMAND
    assert harness.words() == []
    assert _row(harness, kept.id).kept_until == harness.sending.clock() + timedelta(days=1)
    assert held.restore(harness.sending.runtime.inbound_store(), harness.ana.id, kept.id, harness.sending.clock())
    harness.reply_processor.process(kept.id)
    assert harness.words() == ["Not for keeping."]
    assert not held.restore(harness.sending.runtime.inbound_store(), harness.ana.id, kept.id, harness.sending.clock())
