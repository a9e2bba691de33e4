"""Replies to a letter: exactly the person's words, only in their journal, and sent to the writer only by the button."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from service.flows.outgoing.letters.send_on import find_offer, send_on
from service.models import Delivery, DeliveryKind, Entry, Subscriber, WriterMail
from service.postoffice.replies.clients import CLIENTS
from service.postoffice.replies.replies import reply_as
from service.postoffice.route import authenticated
from tests.harness.inbound import ANA, InboundHarness, open_inbound_harness
from tests.harness.people.letters import A_MONTH_AGO, LettersHarness

WORDS = "I saw the herons too.\n\nThey stood there all morning, and so did I."
WRITER = "writer@example.org"
PARAGRAPH = "The pond froze on Sunday, and two herons stood on it, both on one leg. I went twice and told nobody. "
LONG = "\n\n".join(
    f"## Part {number}\n\n{PARAGRAPH * 3}\n\n- A flask\n- Bread {number}\n\n> So said the miller."
    for number in range(1, 66)
)


@pytest.fixture
def inbound(migrated_sqlite: Path, tmp_path: Path) -> Iterator[InboundHarness]:
    with open_inbound_harness(migrated_sqlite, tmp_path, writer_emails=WRITER, letters_from="Mara") as opened:
        yield opened


def send_letter(inbound: InboundHarness, content: str) -> None:
    """Send a letter to Ana."""
    letters = LettersHarness(inbound.sending)
    with letters.runtime.database.write() as session:
        ana = session.get_one(Subscriber, inbound.ana.id)
        ana.wants_letters, ana.letters_confirmed_at = True, A_MONTH_AGO
    letters.schedule(letters.draft(content=content), when=letters.straightaway)
    inbound.sending.clock.move(timedelta(minutes=5))
    assert letters.send_due()["sent"] >= 1


def reply(inbound: InboundHarness, words: str, client: str = "gmail_web") -> None:
    mail = next(mail for mail in inbound.sending.mails()[::-1] if mail.variables["kind"] == "letter")
    raw = reply_as(client, mail, words, sent_at=inbound.sending.clock())
    assert inbound.receive(authenticated(raw, passes=True), to=mail.reply_to) is not None


def answers(inbound: InboundHarness) -> list[Delivery]:
    with inbound.sending.runtime.database.read() as session:
        query = select(Delivery).where(Delivery.kind == DeliveryKind.ANSWER).order_by(Delivery.planned_at)
        return [*session.scalars(query)]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_reply_to_a_long_letter_leaves_exactly_the_words(inbound: InboundHarness, client: str) -> None:
    send_letter(inbound, LONG)
    [mail] = [mail for mail in inbound.sending.mails() if mail.variables["kind"] == "letter"]
    assert len(mail.text) > 20_000
    assert len(mail.html) > 58_000
    reply(inbound, WORDS, client)
    assert inbound.words() == [WORDS]
    for answer in answers(inbound):
        inbound.sending.send([answer.id])
    assert {mail.recipient for mail in inbound.sending.mails()} == {ANA}
    with inbound.sending.runtime.database.read() as session:
        assert session.scalars(select(WriterMail)).all() == []


def test_the_first_reply_is_answered_once_and_nothing_goes_to_the_writer(inbound: InboundHarness) -> None:
    send_letter(inbound, "The pond froze.")
    for number in range(2):
        reply(inbound, f"{WORDS} {number}")
        inbound.sending.clock.move(timedelta(minutes=1))
    [answer] = answers(inbound)
    inbound.sending.send([answer.id])
    mail = inbound.sending.mails()[-1]
    assert mail.subject == "Re: Ice"
    assert "Send this to Mara as well" in mail.text
    assert "/act/" in mail.text
    assert {mail.recipient for mail in inbound.sending.mails()} == {ANA}
    with inbound.sending.runtime.database.read() as session:
        assert session.scalars(select(WriterMail)).all() == []
        # The answer says that the words are kept, so no receipt says it again.
        assert session.scalars(select(Delivery).where(Delivery.kind == DeliveryKind.RECEIPT)).all() == []


def test_by_the_button_the_words_reach_the_writer_and_are_then_deleted(inbound: InboundHarness) -> None:
    send_letter(inbound, "The pond froze.")
    reply(inbound, WORDS)
    runtime, now = inbound.sending.runtime, inbound.sending.clock()
    with runtime.database.write() as session:
        [entry] = session.scalars(select(Entry))
        ana = session.get_one(Subscriber, inbound.ana.id)
        offer = find_offer(session, runtime.keyring, ana, entry.id, now)
        assert offer is not None
        assert (offer.words, offer.address) == (WORDS, ANA)
        assert not send_on(session, runtime.keyring, ana, entry.id, seen="what stood there before", now=now)
        assert send_on(session, runtime.keyring, ana, entry.id, seen=offer.seen, now=now)
        assert send_on(session, runtime.keyring, ana, entry.id, seen=offer.seen, now=now)
        [planned] = session.scalars(select(WriterMail))
        assert b"herons" not in planned.sealed_values
    runtime.writer_mail_sender(lambda: False).send(planned.id)
    [mail] = [mail for mail in inbound.sending.mails() if mail.recipient == WRITER]
    assert mail.reply_to == ANA
    assert "I saw the herons too." in mail.text
    with runtime.database.read() as session:
        assert {row.sealed_values for row in session.scalars(select(WriterMail))} == {b""}
        assert find_offer(session, runtime.keyring, ana, entry.id, now + timedelta(days=31)) is None
        again = find_offer(session, runtime.keyring, ana, entry.id, now)
        assert again is not None
        assert again.is_sent


def test_no_other_entry_can_be_sent_on(inbound: InboundHarness) -> None:
    raw = b"From: ana@example.com\r\nTo: x@example.org\r\nSubject: Re: x\r\n\r\nJust for me.\r\n"
    inbound.receive(authenticated(raw, passes=True))
    runtime, now = inbound.sending.runtime, inbound.sending.clock()
    with runtime.database.read() as session:
        [entry] = session.scalars(select(Entry))
        ana = session.get_one(Subscriber, inbound.ana.id)
        assert find_offer(session, runtime.keyring, ana, entry.id, now) is None
