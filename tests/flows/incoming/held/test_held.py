"""Held mail: accepted, disowned or restored; and the addresses that are aliases from then on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from service.core.addresses import Address
from service.flows.incoming.held import held
from service.models import Alias, Delivery, DeliveryKind, Entry, Outcome, Reply
from service.postoffice.route import authenticated
from tests.harness.inbound import ANA, InboundHarness, open_inbound_harness
from tests.harness.mail.posts import mail
from tests.harness.people.people import DAY, MINUTE

WORK = "ana@work.example"


@pytest.fixture
def harness(migrated_sqlite: Path, tmp_path: Path) -> Iterator[InboundHarness]:
    with open_inbound_harness(migrated_sqlite, tmp_path) as opened:
        yield opened


def _receive(harness: InboundHarness, words: str, sender: str = WORK) -> Reply:
    reply = harness.receive(mail(words, sender=sender))
    assert reply is not None
    return reply


def _row(harness: InboundHarness, reply_id: int) -> Reply:
    return next(row for row in harness.rows() if row.id == reply_id)


def _restore(harness: InboundHarness, reply_id: int) -> bool:
    inbound_store = harness.sending.runtime.inbound_store()
    return held.restore(inbound_store, harness.ana.id, reply_id, harness.sending.clock())


def _accept(harness: InboundHarness, reply: Reply) -> Reply:
    assert held.accept(harness.sending.runtime.inbound_store(), harness.ana.id, reply.id, harness.sending.clock())
    harness.reply_processor.process(reply.id)
    return _row(harness, reply.id)


def _count_answers(harness: InboundHarness) -> int:
    with harness.sending.runtime.database.read() as session:
        return Delivery.count_since(session, harness.ana.id, DeliveryKind.ANSWER, harness.sending.clock() - 30 * DAY)


def _is_alias(harness: InboundHarness, address: str) -> bool:
    with harness.sending.runtime.database.read() as session:
        owner = Alias.owner_id(session, harness.sending.runtime.keyring.address_hash(Address.parse(address)))
    return owner == harness.ana.id


def test_an_accepted_mail_is_an_entry_and_its_sender_an_alias(harness: InboundHarness) -> None:
    reply = _receive(harness, "From my desk.")
    assert reply.outcome == Outcome.HELD
    harness.sending.clock.move(9 * DAY)
    assert _accept(harness, reply).outcome == Outcome.ENTRY
    assert harness.words() == ["From my desk."]
    assert _is_alias(harness, WORK)
    assert _receive(harness, "And again.").outcome == Outcome.ENTRY


@pytest.mark.parametrize("as_mime", [True, False], ids=["raw", "fields"])
def test_the_owner_sees_the_words_in_whatever_form_the_mail_came(harness: InboundHarness, as_mime: bool) -> None:
    head = f"From: {WORK}\r\nTo: x@example.org\r\nSubject: Re: x\r\nContent-Type: text/html\r\n\r\n"
    raw = authenticated(f"{head}<p>From my desk.</p>\r\n".encode(), passes=True)
    reply = harness.receive(raw, as_mime=as_mime)
    assert reply is not None
    assert reply.outcome == Outcome.HELD
    shown = held.open_held_mail(harness.sending.runtime.inbound_store(), harness.ana.id, reply.id)
    assert shown is not None
    assert (shown.sender, shown.text.strip()) == (WORK, "From my desk.")


def test_a_held_command_becomes_an_entry(harness: InboundHarness) -> None:
    """A command is meant for the moment it was sent: accepted days later, it is an entry."""
    assert _accept(harness, _receive(harness, "stop")).outcome == Outcome.ENTRY
    assert harness.words() == ["stop"]


def test_the_owners_own_address_never_becomes_an_alias(harness: InboundHarness) -> None:
    reply = harness.receive(mail("No token, no proof.", sender=ANA, passes=False), "hello@mail.example.org")
    assert reply is not None
    assert reply.outcome == Outcome.HELD
    _accept(harness, reply)
    assert not _is_alias(harness, ANA)


def test_the_owner_gets_one_notice_a_day_that_leads_to_all_held_mail(harness: InboundHarness) -> None:
    first = _receive(harness, "One.")
    harness.sending.clock.move(MINUTE)
    second = _receive(harness, "Two.")
    assert _count_answers(harness) == 1
    held_mail = held.open_held_mail(harness.sending.runtime.inbound_store(), harness.ana.id, first.id)
    assert held_mail is not None
    assert held_mail.next_id == second.id
    harness.sending.clock.move(DAY)
    _receive(harness, "Three.")
    assert _count_answers(harness) == 2


def test_a_disowned_mail_is_kept_for_a_day_and_can_be_accepted_until_then(harness: InboundHarness) -> None:
    reply = _receive(harness, "Was it me?")
    with harness.sending.runtime.database.write() as session:
        held.disown(session, harness.ana.id, reply.id, harness.sending.clock())
    row = _row(harness, reply.id)
    assert row.kept_until == harness.sending.clock() + timedelta(days=1)
    held_mail = held.open_held_mail(harness.sending.runtime.inbound_store(), harness.ana.id, reply.id)
    assert held_mail is not None
    assert held_mail.is_disowned
    assert _accept(harness, reply).outcome == Outcome.ENTRY


def test_nobody_else_can_accept_disown_or_restore_a_mail(harness: InboundHarness) -> None:
    (ben,) = harness.sending.members("ben@example.com")
    reply, inbound_store, now = (
        _receive(harness, "Ana's, perhaps."),
        harness.sending.runtime.inbound_store(),
        harness.sending.clock(),
    )
    assert not held.accept(inbound_store, ben.id, reply.id, now)
    assert not held.restore(inbound_store, ben.id, reply.id, now)
    with inbound_store.database.write() as session:
        held.disown(session, ben.id, reply.id, now)
    assert not _row(harness, reply.id).is_disowned


def test_an_entry_deleted_by_reply_is_put_back_as_it_was(harness: InboundHarness) -> None:
    kept = _receive(harness, "Not for keeping.", ANA)
    harness.sending.clock.move(MINUTE)
    assert _receive(harness, "delete that", ANA).outcome == Outcome.COMMAND
    assert harness.words() == []
    assert _row(harness, kept.id).kept_until == harness.sending.clock() + timedelta(days=1)
    for _ in range(2):  # it is put back once, and nothing is left to process
        assert not _restore(harness, kept.id)
        assert harness.words() == ["Not for keeping."]
    assert _row(harness, kept.id).entry_id == kept.entry_id


def test_an_entry_that_was_deleted_for_good_is_made_again_from_its_mail(harness: InboundHarness) -> None:
    """An earlier version did that to entries deleted by reply, and its links are in mailboxes for a day."""
    kept = _receive(harness, "Not for keeping.", ANA)
    with harness.sending.runtime.database.write() as session:
        assert kept.entry_id
        assert Entry.remove(session, harness.ana.id, kept.entry_id)
    assert _restore(harness, kept.id)
    harness.reply_processor.process(kept.id)
    assert harness.words() == ["Not for keeping."]
    assert not _restore(harness, kept.id)
