"""Discreet mode as it is sent: every kind of email to somebody discreet, and batches of prompts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest

from service.config import ROOT
from service.core.addresses import Address
from service.core.slots import request_slot
from service.flows.outgoing.auto_replies import AnsweredMail, AutoReply, plan_auto_reply, plan_receipt
from service.flows.outgoing.letters.letter_drafts import LetterDraft, make_draft
from service.flows.outgoing.letters.letter_scheduling import Straightaway, schedule
from service.flows.people.access import access_notices
from service.flows.people.addresses import aliases, change_address
from service.flows.people.journal import steps
from service.flows.people.personal_data import erase
from service.mail.outbound.short_emails import read_short_emails
from service.models import (
    Delivery,
    DeliveryKind,
    Entry,
    ExportForm,
    ExportState,
    JournalExport,
    LetterState,
    NewDelivery,
    Subscriber,
    seal_content,
)
from service.postoffice.mailbox.mailbox import MailboxMail
from tests.harness.journals.diary import write
from tests.harness.mail.telling import shown_unopened, telling_words
from tests.harness.people.people import DAY
from tests.harness.sending import SendingHarness, open_sending_harness

ANA, BO, CY = "ana@example.com", "bo@example.com", "cy@example.com"
WORDS = "The kettle sang and nobody came."
PROMPT, TITLE = "a-small-no", "A small no"
SHORT = read_short_emails((ROOT / "templates" / "email" / "answers.toml").read_text(encoding="utf-8"))
ANSWERS = [name for name in SHORT if name.startswith(("could_not_keep.", "command.", "step."))]
# What an email says does not depend on the database.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def harness(database_url: str, tmp_path: Path) -> Iterator[SendingHarness]:
    with open_sending_harness(database_url, tmp_path) as opened:
        yield opened


@dataclass
class DiscreetPerson:
    """A person in discreet mode, and the emails that become due to them."""

    harness: SendingHarness
    person: Subscriber

    @property
    def today(self) -> date:
        return self.harness.clock().date()

    def plan(self, kind: DeliveryKind, slot: str, **columns: Any) -> list[int]:
        more = {"kind": kind, "slot": slot, "prompt_id": None, "expires_at": None, **columns}
        return self.harness.plan([self.person], **more)

    def plan_requested(self, kind: DeliveryKind) -> list[int]:
        return self.plan(kind, request_slot(7, self.harness.clock()), reference=7)

    def plan_written(self, kind: DeliveryKind, slot: str, *days: date) -> list[int]:
        for on in days:
            write(self.harness.runtime.database, self.harness.runtime.keyring, self.person, on, WORDS)
        return self.plan(kind, slot)

    def owe_answer(self, name: str, number: int) -> list[int]:
        """Plan an automatic reply by its name in the templates."""
        inserted_text = "divorce.pdf" if name.startswith("could_not_keep.") else "until 3 June"
        about_id = self._choose_step() if name == "step.chosen" else None
        reply = AutoReply(name.removeprefix("could_not_keep."), number + 1, inserted_text, about_id, quoted=WORDS)
        to = AnsweredMail(TITLE, f"<{number}@mail.example.com>")
        runtime = self.harness.runtime
        with runtime.database.write() as session:
            owner = session.get_one(Subscriber, self.person.id)
            return plan_auto_reply(session, runtime.keyring, owner, reply, to=to, now=self.harness.clock())

    def _choose_step(self) -> int:
        """Store an entry that chose a step; return its id."""
        runtime, now = self.harness.runtime, self.harness.clock()
        entry_id = write(runtime.database, runtime.keyring, self.person, now.date(), WORDS)
        with runtime.database.write() as session:
            owner, entry = session.get_one(Subscriber, self.person.id), session.get_one(Entry, entry_id)
            steps.choose(session, runtime.keyring, owner, WORDS, now=now, entry=entry)
        return entry_id

    def plan_follow_up(self) -> list[int]:
        runtime, now = self.harness.runtime, self.harness.clock()
        with runtime.database.write() as session:
            owner = session.get_one(Subscriber, self.person.id)
            step_id = steps.choose(session, runtime.keyring, owner, WORDS, now=now).id
        return self.plan(DeliveryKind.STEP_FOLLOW_UP, str(self.today), reference=step_id)

    def plan_receipt(self) -> list[int]:
        runtime, now = self.harness.runtime, self.harness.clock()
        entry_id = write(runtime.database, runtime.keyring, self.person, now.date(), WORDS)
        with runtime.database.write() as session:
            owner = session.get_one(Subscriber, self.person.id)
            to = AnsweredMail(TITLE, "<1@mail.example.com>")
            return plan_receipt(session, runtime.keyring, owner, entry_id, to=to, now=now)

    def plan_notices(self) -> list[int]:
        with self.harness.runtime.database.write() as session:
            session.get_one(Subscriber, self.person.id).slow_down_stage = "weekly"
        details = ("weekly", aliases.ASKED_FOR, aliases.RELEASED)
        return [
            id_
            for number, detail in enumerate(details)
            for id_ in self.plan(DeliveryKind.NOTICE, str(self.today + number * DAY), detail=detail)
        ]

    def plan_access_notices(self) -> list[int]:
        details = (access_notices.PASSKEY_ADDED, access_notices.PASSKEY_REMOVED, access_notices.ADDRESS_ADDED)
        with self.harness.runtime.database.write() as session:
            owner = session.get_one(Subscriber, self.person.id)
            return [
                id_ for detail in details for id_ in access_notices.plan(session, owner, detail, self.harness.clock())
            ]

    def plan_letter(self) -> list[int]:
        runtime, now = self.harness.runtime, self.harness.clock()
        with runtime.database.write() as session:
            reader = session.get_one(Subscriber, self.person.id)
            reader.wants_letters, reader.letters_confirmed_at = True, now - DAY
            letter = make_draft(session, LetterDraft(title="Ice", content="The pond froze."), now)
            schedule(session, runtime.email_context(), letter.id, Straightaway(), now)
            letter.state = LetterState.SENDING
            slot, reference = letter.slot, letter.id
        return self.plan(DeliveryKind.LETTER, slot, reference=reference)

    def plan_export(self) -> list[int]:
        now = self.harness.clock()
        row = JournalExport(id=12, subscriber_id=self.person.id, form=ExportForm.OWN, created_at=now)
        row.conclude(ExportState.READY, now, now + DAY)
        with self.harness.runtime.database.write() as session:
            session.add(row)
        return self.plan(DeliveryKind.EXPORT, request_slot(12, now), reference=12)

    def plan_goodbye(self) -> list[int]:
        with self.harness.runtime.database.write() as session:
            return erase.ask(session, session.merge(self.person), self.harness.clock())

    def plan_alias_confirmation(self) -> list[int]:
        runtime, now = self.harness.runtime, self.harness.clock()
        content = seal_content(runtime.keyring, self.person, 4711, Address.parse("ana@work.example").text)
        new = NewDelivery(
            id=4711,
            subscriber_id=self.person.id,
            kind=DeliveryKind.ALIAS,
            slot=f"{self.today}/1",
            sealed_content=content,
            ready_at=now,
            planned_at=now,
        )
        with runtime.database.write() as session:
            return Delivery.plan(session, [new])

    def plan_address_change(self) -> list[int]:
        """Change the address; return the ids of the emails to both addresses."""
        runtime, now = self.harness.runtime, self.harness.clock()
        with runtime.database.write() as session:
            owner = session.get_one(Subscriber, self.person.id)
            asked = change_address.ask(session, runtime.keyring, owner, Address.parse(BO), now)
        assert self.harness.send(asked.delivery_ids).counts == {"sent": 1}
        with runtime.database.write() as session:
            owner, (asked_id,) = session.get_one(Subscriber, self.person.id), asked.delivery_ids
            done = change_address.confirm(session, runtime.keyring, owner, asked_id, this_browser=b"b" * 32, now=now)
        return [*done.delivery_ids]


# What every kind of email needs before it can be sent, except for automatic replies, which have a test of their own.
PLANS: Mapping[DeliveryKind, Callable[[DiscreetPerson], list[int]]] = {
    DeliveryKind.CONFIRMATION: lambda person: person.plan_requested(DeliveryKind.CONFIRMATION),
    DeliveryKind.WELCOME: lambda person: person.plan(DeliveryKind.WELCOME, str(person.today), prompt_id=PROMPT),
    DeliveryKind.PROMPT: lambda person: person.plan(DeliveryKind.PROMPT, str(person.today), prompt_id=PROMPT),
    DeliveryKind.ANOTHER: lambda person: person.plan(DeliveryKind.ANOTHER, f"{person.today}/1", prompt_id=PROMPT),
    DeliveryKind.STEP_FOLLOW_UP: DiscreetPerson.plan_follow_up,
    DeliveryKind.DIGEST: lambda person: person.plan_written(DeliveryKind.DIGEST, "2026-04", date(2026, 4, 3)),
    DeliveryKind.YEAR: lambda person: person.plan_written(
        DeliveryKind.YEAR, "2025", date(2025, 3, 3), date(2025, 8, 8)
    ),
    DeliveryKind.QUIET_MONTH: lambda person: person.plan(DeliveryKind.QUIET_MONTH, "2026-03"),
    DeliveryKind.SIGN_IN: lambda person: person.plan_requested(DeliveryKind.SIGN_IN),
    DeliveryKind.RECEIPT: DiscreetPerson.plan_receipt,
    DeliveryKind.NOTICE: DiscreetPerson.plan_notices,
    DeliveryKind.ALIAS: DiscreetPerson.plan_alias_confirmation,
    DeliveryKind.ADDRESS: DiscreetPerson.plan_address_change,
    DeliveryKind.ACCESS: DiscreetPerson.plan_access_notices,
    DeliveryKind.LETTER: DiscreetPerson.plan_letter,
    DeliveryKind.EXPORT: DiscreetPerson.plan_export,
    DeliveryKind.GOODBYE: DiscreetPerson.plan_goodbye,
}


def shown(mail: MailboxMail) -> list[str]:
    return shown_unopened(mail.sender, mail.subject, mail.text, mail.html)


def test_every_kind_of_email_is_read_here() -> None:
    assert {*PLANS, DeliveryKind.ANSWER} == set(DeliveryKind)


@ON_SQLITE
@pytest.mark.parametrize("kind", PLANS)
def test_an_email_of_every_kind_tells_nothing_until_it_is_opened(harness: SendingHarness, kind: DeliveryKind) -> None:
    (person,) = harness.members(ANA, is_discreet=True)
    ids = PLANS[kind](DiscreetPerson(harness, person))
    assert harness.send(ids).counts == {"sent": len(ids)}
    for mail in harness.mails():
        assert telling_words(shown(mail)) == []
        assert parseaddr(mail.sender) == ("Notes by email", "hello@mail.example.org")
        assert WORDS not in mail.text + mail.html
        assert TITLE not in mail.text + mail.html


@ON_SQLITE
def test_every_automatic_reply_tells_nothing_until_it_is_opened(harness: SendingHarness) -> None:
    (person,) = harness.members(ANA, is_discreet=True)
    discreet = DiscreetPerson(harness, person)
    for number, name in enumerate(ANSWERS):
        (id_,) = discreet.owe_answer(name, number)
        assert harness.send([id_]).counts == {"sent": 1}, name
        harness.clock.now += DAY
    mails = harness.mails()
    assert len(mails) == len(ANSWERS)
    for mail in mails:
        assert telling_words(shown(mail)) == []
        assert "divorce.pdf" not in mail.text + mail.html
        assert WORDS not in mail.text + mail.html
        assert mail.subject.startswith("Re: ")


def test_discreet_prompts_go_in_a_batch_of_their_own(harness: SendingHarness) -> None:
    discreet = harness.members(ANA, BO, is_discreet=True)
    ordinary = harness.members(CY, "di@example.com")
    alone = harness.members("bo+small@example.com", is_discreet=True)
    ids = harness.plan([*discreet, *ordinary, *alone], prompt_id=PROMPT)
    assert harness.send(ids).counts == {"sent": 5}
    mails = {mail.recipient: mail for mail in harness.mails()}
    assert len({mail.provider_id for mail in mails.values()}) == 3, (
        "two batches, and one mail to an address with a plus"
    )
    assert mails[ANA].provider_id == mails[BO].provider_id
    assert mails[ANA].subject == mails["bo+small@example.com"].subject != TITLE
    for address in (ANA, BO, "bo+small@example.com"):
        assert telling_words(shown(mails[address])) == []
        assert "To what could you say a small, polite no" in " ".join(mails[address].text.split())
    for address in (CY, "di@example.com"):
        assert mails[address].subject == TITLE
        assert parseaddr(mails[address].sender)[0] == "Small Steps"
