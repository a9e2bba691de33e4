"""The email that a reply answers is found as it was sent."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from email.utils import parseaddr
from pathlib import Path

import pytest
from sqlalchemy import delete

from service.core.access.tokens import ReplyKind, ReplyToken
from service.core.replies import SentEmail
from service.flows.incoming.replies.owner import Owner
from service.flows.outgoing.auto_replies import AnsweredMail, AutoReply, plan_auto_reply, plan_receipt
from service.flows.people.access import access_notices
from service.flows.people.addresses import aliases
from service.flows.people.personal_data import erase
from service.models import (
    Delivery,
    DeliveryKind,
    Erasure,
    ExportForm,
    ExportState,
    JournalExport,
    NewDelivery,
    Subscriber,
)
from tests.harness.journals.diary import take_step, write
from tests.harness.sending import SendingHarness, open_sending_harness


@pytest.fixture
def harness(migrated_sqlite: Path, tmp_path: Path) -> Iterator[SendingHarness]:
    file = tmp_path / "smallsteps.db"
    shutil.copy(migrated_sqlite, file)
    with open_sending_harness(f"sqlite:///{file}", tmp_path) as opened:
        yield opened


def owner_of_reply(harness: SendingHarness, kind: ReplyKind = ReplyKind.PROMPT) -> Owner:
    """Send a prompt to one person, and return the owner of a reply to it."""
    (person,) = harness.members("ana@example.com")
    harness.send(harness.plan([person]))
    prompt = harness.runtime.library.first_six("en-GB")[0]
    token = ReplyToken(kind, person.id, prompt.key, harness.clock().date())
    return Owner(person, token.on, token)


def find_sent(harness: SendingHarness, owner: Owner) -> SentEmail | None:
    with harness.runtime.database.read() as session:
        return harness.runtime.reply_processor().sent_email_finder.find(session, owner)


def test_a_reply_to_a_prompt_finds_the_text_of_its_batch(harness: SendingHarness) -> None:
    found = find_sent(harness, owner_of_reply(harness))
    (mail,) = harness.mails()
    assert found is not None
    assert found.subject == mail.subject
    assert "%recipient.stop%" in found.text
    assert "%recipient.stop%" in found.html
    assert found.reply_address == mail.reply_to


def test_a_reply_to_a_prompt_without_its_delivery_finds_it_composed_again(harness: SendingHarness) -> None:
    owner = owner_of_reply(harness)
    kept = find_sent(harness, owner)
    with harness.runtime.database.write() as session:
        session.execute(delete(Delivery))
    again = find_sent(harness, owner)
    assert kept is not None
    assert again is not None
    assert (again.subject, again.reply_address) == (kept.subject, kept.reply_address)


@pytest.mark.parametrize("kind", [ReplyKind.STEP, ReplyKind.ANSWER, ReplyKind.DIGEST])
def test_a_token_without_a_known_email_gives_the_reply_address_alone(harness: SendingHarness, kind: ReplyKind) -> None:
    found = find_sent(harness, owner_of_reply(harness, kind))
    assert found is not None
    assert (found.subject, found.text, found.html) == ("", "", "")
    assert found.reply_address.startswith("r-")


def _write_for_months(harness: SendingHarness, person: Subscriber) -> None:
    """Write entries from September to December and in the December before, with a step and a recurring word."""
    database, keyring = harness.runtime.database, harness.runtime.keyring
    asked = next(p.id for p in harness.runtime.library.for_locale("en-GB") if p.resurface and p.kind == "question")
    for month in (9, 10, 11):
        for day in (4, 9, 14):
            write(database, keyring, person, date(2026, month, day), "Rain on the roof again.", asked)
    write(database, keyring, person, date(2025, 12, 7), "The first snow, and no sound at all.", asked)
    for day in (3, 9, 20):
        write(database, keyring, person, date(2026, 12, day), "Priya rang, and then Priya came by.", asked)
    take_step(database, keyring, person, "Ring Priya from the bus stop", date(2026, 12, 8))


@pytest.mark.parametrize(
    ("kind", "slot", "on", "expected"),
    [
        ("digest", "2026-12", date(2027, 1, 1), ["Priya rang", "first snow", "“Priya” came back"]),
        ("quiet_month", "2027-01", date(2027, 2, 1), ["January was quiet"]),
        ("year", "2026", date(2027, 1, 2), ["September to December", "Rain on the roof", "Ring Priya", "into 2027"]),
    ],
)
def test_a_reply_to_a_month_or_a_year_finds_every_line_that_was_sent(
    harness: SendingHarness, kind: str, slot: str, on: date, expected: list[str]
) -> None:
    (person,) = harness.members("ana@example.com", wants_thread=True)
    _write_for_months(harness, person)
    assert harness.send(harness.plan([person], kind=kind, slot=slot)).counts == {"sent": 1}
    (mail,) = harness.mails()
    token = ReplyToken.decode(mail.reply_to.partition("@")[0].removeprefix("r-"), harness.runtime.keyring.index)
    assert token is not None
    assert (token.kind, token.on) == (ReplyKind.DIGEST, on)
    found = find_sent(harness, Owner(person, token.on, token))
    assert found is not None
    assert (found.subject, found.reply_address) == (mail.subject, mail.reply_to)
    for words in expected:
        assert words in mail.text
    sent_lines = [text for text in mail.text.splitlines() if text and "://" not in text]
    assert [text for text in sent_lines if text not in found.text.splitlines()] == []


@pytest.mark.parametrize("was_discreet", [True, False])
def test_an_email_is_found_as_it_was_sent_though_discreet_mode_was_switched_since(
    harness: SendingHarness, was_discreet: bool
) -> None:
    (person,) = harness.members("ana@example.com", is_discreet=was_discreet)
    _write_for_months(harness, person)
    harness.send(harness.plan([person], kind="digest", slot="2026-12"))
    (mail,) = harness.mails()
    token = ReplyToken.decode(mail.reply_to.partition("@")[0].removeprefix("r-"), harness.runtime.keyring.index)
    person.is_discreet = not was_discreet
    found = find_sent(harness, Owner(person, date(2027, 1, 1), token))
    assert found is not None
    known = {line for text, _ in ((found.text, ""), *found.alternatives) for line in text.splitlines()}
    assert [text for text in mail.text.splitlines() if text and "://" not in text and text not in known] == []


@pytest.mark.parametrize("is_discreet", [True, False])
def test_the_sender_s_name_is_that_of_the_email_that_went_out(harness: SendingHarness, is_discreet: bool) -> None:
    (person,) = harness.members("ana@example.com", is_discreet=is_discreet)
    harness.send(harness.plan([person]))
    prompt = harness.runtime.library.first_six("en-GB")[0]
    token = ReplyToken(ReplyKind.PROMPT, person.id, prompt.key, harness.clock().date())
    person.is_discreet = not is_discreet
    found = find_sent(harness, Owner(person, token.on, token))
    (mail,) = harness.mails()
    assert found is not None
    assert found.sender_name == parseaddr(mail.sender)[0] == ("Notes by email" if is_discreet else "Small Steps")


def test_the_sender_s_name_of_a_discreet_receipt_is_known_though_its_subject_begins_with_re(
    harness: SendingHarness,
) -> None:
    (person,) = harness.members("ana@example.com", is_discreet=True)
    runtime, now = harness.runtime, harness.clock()
    entry_id = write(runtime.database, runtime.keyring, person, now.date())
    with runtime.database.write() as session:
        owner = session.get_one(Subscriber, person.id)
        to = AnsweredMail("A small no", "<1@mail.example.com>")
        ids = plan_receipt(session, runtime.keyring, owner, entry_id, to=to, now=now)
    harness.send(ids)
    (mail,) = harness.mails()
    token = ReplyToken.decode(mail.reply_to.partition("@")[0].removeprefix("r-"), runtime.keyring.index)
    assert token is not None
    found = find_sent(harness, Owner(person, token.on, token))
    assert found is not None
    assert (found.subject, found.sender_name) == (mail.subject, "Notes by email")
    assert found.subject.startswith("Re: ")


def test_an_answer_is_found_however_many_equal_ones_were_sent_after_it(harness: SendingHarness) -> None:
    (person,) = harness.members("ana@example.com")
    with harness.runtime.database.write() as session:
        for number, name in enumerate(["command.help", *["empty"] * 40]):
            now = harness.clock() + timedelta(seconds=number)
            answered = AutoReply(name, number + 1)
            assert plan_auto_reply(session, harness.runtime.keyring, person, answered, to=AnsweredMail(), now=now)
    token = ReplyToken(ReplyKind.ANSWER, person.id, 0, harness.clock().date())
    found = find_sent(harness, Owner(person, token.on, token))
    assert found is not None
    assert "without any words" in found.text
    # Each once, but in either mode: the setting may have been switched since.
    assert sorted("What you can reply" in text for text, _ in found.alternatives) == [False, True, True]


def _plan_told(harness: SendingHarness, person: Subscriber, kind: DeliveryKind) -> list[int]:
    """Plan an email that tells somebody of something done."""
    now = harness.clock()
    with harness.runtime.database.write() as session:
        owner = session.get_one(Subscriber, person.id)
        if kind == DeliveryKind.GOODBYE:
            return erase.ask(session, owner, now)
        if kind == DeliveryKind.NOTICE:
            return aliases.plan_notice(session, owner, aliases.RELEASED, now)
        if kind == DeliveryKind.ACCESS:
            return access_notices.plan(session, owner, access_notices.PASSKEY_ADDED, now)
        export = JournalExport(subscriber_id=person.id, form=ExportForm.OWN, state=ExportState.READY, created_at=now)
        session.add(export)
        session.flush()
        told = NewDelivery(
            subscriber_id=person.id,
            kind=kind,
            slot="2026-05-06/1",
            reference=export.id,
            ready_at=now,
            planned_at=now,
            enqueued_at=now,
        )
        return Delivery.plan(session, [told])


@pytest.mark.parametrize("kind", [DeliveryKind.EXPORT, DeliveryKind.GOODBYE, DeliveryKind.NOTICE, DeliveryKind.ACCESS])
def test_an_email_that_tells_of_something_done_is_found(harness: SendingHarness, kind: DeliveryKind) -> None:
    (person,) = harness.members("ana@example.com")
    harness.send(_plan_told(harness, person, kind))
    (mail,) = harness.mails()
    token = ReplyToken.decode(mail.reply_to.partition("@")[0].removeprefix("r-"), harness.runtime.keyring.index)
    if kind == DeliveryKind.GOODBYE:
        with harness.runtime.database.write() as session:
            assert Erasure.take_back(session, person.id)
    found = find_sent(harness, Owner(person, harness.clock().date(), token))
    assert found is not None
    assert found.subject == mail.subject
    assert [line for line in mail.text.splitlines() if line not in found.text and "://" not in line] == []


def test_a_mail_without_a_token_finds_nothing(harness: SendingHarness) -> None:
    assert find_sent(harness, replace(owner_of_reply(harness), token=None)) is None
