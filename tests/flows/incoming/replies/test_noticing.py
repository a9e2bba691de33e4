"""The notice that prompts come less often: what counts towards it, when it is sent, and replies to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from service.core.access.tokens import ReplyKind, ReplyToken
from service.core.settings.frequency import SlowDown
from service.flows.incoming.held.held import accept
from service.mail.outbound.mailer import Accepted, OutgoingEmail, Recipient, SendOutcome
from service.models import DeliveryClaim, DeliveryKind, Entry, Outcome, Subscriber, SubscriberStatus
from service.models.outgoing.deliveries import delivery_claims
from service.postoffice.replies.clients import CLIENTS
from service.postoffice.replies.quotation import Where
from service.postoffice.replies.replies import reply_as
from tests.flows.incoming.replies.test_automatic_mail import report
from tests.harness.inbound import InboundHarness, open_inbound_harness
from tests.harness.mail.posts import mail
from tests.harness.sending import REPLY_DOMAIN, SendingHarness, open_sending_harness

ON = date(2026, 5, 13)
ANA = "ana@example.com"
STAGES = ["weekly", "rest"]
LEASE = timedelta(minutes=5)


@pytest.fixture
def sending(database_url: str, tmp_path: Path) -> Iterator[SendingHarness]:
    with open_sending_harness(database_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def inbound(migrated_sqlite: Path, tmp_path: Path) -> Iterator[InboundHarness]:
    with open_inbound_harness(migrated_sqlite, tmp_path) as opened:
        yield opened


def unanswered(sending: SendingHarness, person: Subscriber) -> int:
    with sending.runtime.database.read() as session:
        return session.get_one(Subscriber, person.id).unanswered


def set_columns(sending: SendingHarness, person: Subscriber, **columns: Any) -> None:
    with sending.runtime.database.write() as session:
        row = session.get_one(Subscriber, person.id)
        for name, value in columns.items():
            setattr(row, name, value)


SLOWED_DOWN: dict[str, dict[str, Any]] = {
    "weekly": {"slow_down_stage": "weekly", "usual_days_mask": 127, "days_mask": 64},
    "rest": {"slow_down_stage": "rest", "status": SubscriberStatus.RESTING, "next_prompt_at": None},
}


def plan_notice(sending: SendingHarness, person: Subscriber, stage: str) -> list[int]:
    set_columns(sending, person, **SLOWED_DOWN[stage])
    return sending.plan([person], kind=DeliveryKind.NOTICE, detail=stage, prompt_id=None)


def test_a_prompt_counts_once_the_provider_has_accepted_it(sending: SendingHarness) -> None:
    people = sending.members("a@example.com", "b@example.com", "b+tag@example.com")
    ids = sending.plan(people)
    assert [unanswered(sending, person) for person in people] == [0, 0, 0]
    sending.send(ids)
    sending.send(ids)
    assert [unanswered(sending, person) for person in people] == [1, 1, 1]


@pytest.mark.parametrize("kind", [DeliveryKind.ANOTHER, DeliveryKind.WELCOME])
def test_no_other_email_counts(sending: SendingHarness, kind: DeliveryKind) -> None:
    (person,) = sending.members(ANA)
    sending.send(sending.plan([person], kind=kind))
    assert len(sending.mails()) == 1
    assert unanswered(sending, person) == 0


def test_what_was_not_sent_does_not_count(sending: SendingHarness) -> None:
    (person,) = sending.members(ANA)
    sending.plan([person])
    sending.send(sending.plan([person], slot="2026-05-12", expires_at=sending.clock() - LEASE))
    assert unanswered(sending, person) == 0


@dataclass(frozen=True)
class SlowMailer:
    """A mailer that calls `meanwhile`, in which another worker may act, before it accepts an email."""

    meanwhile: Callable[[], object]

    def send(self, _email: OutgoingEmail, _to: Sequence[Recipient]) -> SendOutcome:
        self.meanwhile()
        return Accepted("late")


def test_a_prompt_that_another_worker_has_sent_is_not_counted_again(sending: SendingHarness) -> None:
    (person,) = sending.members(ANA)
    ids = sending.plan([person])

    def meanwhile() -> None:
        with sending.runtime.database.write() as session:
            claims = [DeliveryClaim(ids[0], 1)]
            assert delivery_claims.plan_again(session, claims, ready_at=sending.clock(), reason="again") == 1
        sending.send(ids)

    slow_sender = replace(sending.runtime.sender(lambda: False), mailer=SlowMailer(meanwhile))
    assert slow_sender.send(ids).counts == {}
    assert unanswered(sending, person) == 1


def test_many_workers_count_prompts_of_the_same_subscribers_without_a_deadlock(
    sending: SendingHarness,
) -> None:
    people = sending.members(*(f"p{number}@example.com" for number in range(30)))
    jobs = [sending.plan(people if day % 2 else people[::-1], slot=f"2026-05-{day:02}") for day in range(1, 13)]
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(sending.send, jobs))
    assert sum(report.counts["sent"] for report in done) == 360
    assert {unanswered(sending, person) for person in people} == {12}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_subscribers_are_locked_in_the_order_of_their_ids(
    sending: SendingHarness,
) -> None:
    database = sending.runtime.database
    first, second = sorted(person.id for person in sending.members("a@example.com", "b@example.com"))
    with database.write() as session:  # the row of the larger id is now first in the table, where a scan begins
        session.execute(update(Subscriber).where(Subscriber.id == first).values(unanswered=1))

    def count() -> None:
        with database.write() as session:
            Subscriber.lock_all(session, [second, first])
            Subscriber.count_unanswered(session, [second, first])

    with ThreadPoolExecutor(1) as other:
        with database.write() as session:
            Subscriber.locked(session, first)
            counting = other.submit(count)
            while not session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                time.sleep(0.01)
            free = select(Subscriber.id).where(Subscriber.id == second).with_for_update(nowait=True)
            assert session.scalar(free) == second
        counting.result()


@pytest.mark.parametrize("stage", STAGES)
def test_the_notice_is_sent_with_links_to_stop(sending: SendingHarness, stage: str) -> None:
    (person,) = sending.members(ANA)
    assert sending.send(plan_notice(sending, person, stage)).counts == {"sent": 1}
    (sent,) = sending.mails()
    assert sent.subject == {"weekly": "Shall we write less often?", "rest": "A rest for now"}[stage]
    assert not any(letter.isdigit() for letter in sent.text.partition("http")[0])
    headers = dict(sent.headers)
    assert "/unsubscribe/" in headers["List-Unsubscribe"]
    token = ReplyToken(ReplyKind.NOTICE, person.id, 0, ON).encode(sending.runtime.keyring.index)
    assert sent.reply_to == f"r-{token}@{REPLY_DOMAIN}"


@pytest.mark.parametrize(
    "changed", [{"slow_down_stage": None}, {"slow_down_stage": "rest", "status": SubscriberStatus.RESTING}]
)
def test_a_notice_that_is_no_longer_true_is_not_sent(sending: SendingHarness, changed: dict[str, Any]) -> None:
    (person,) = sending.members(ANA)
    ids = plan_notice(sending, person, "weekly")
    set_columns(sending, person, **changed)
    assert sending.send(ids).counts == {"skipped": 1}
    assert sending.mails() == []


@pytest.mark.parametrize("where", [Where.TOP, Where.BOTTOM])
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("stage", STAGES)
def test_only_the_words_of_a_reply_to_the_notice_are_kept(
    inbound: InboundHarness, stage: str, client: str, where: Where
) -> None:
    sending = inbound.sending
    sending.send(plan_notice(sending, inbound.ana, stage))
    (sent,) = sending.mails()
    words = "It has been a lot.\n\nI am here, and the kettle is on."
    reply = inbound.receive(reply_as(client, sent, words, where), sent.reply_to)
    assert reply is not None
    assert reply.outcome == Outcome.ENTRY
    (kept,) = inbound.words()
    assert kept.split() == words.split()


def test_a_reply_to_a_notice_belongs_to_the_date_it_was_written(inbound: InboundHarness) -> None:
    sending = inbound.sending
    sending.send(plan_notice(sending, inbound.ana, "rest"))
    (sent,) = sending.mails()
    sending.clock.move(timedelta(days=90))
    inbound.receive(reply_as("iphone", sent, "Back.", sent_at=sending.clock()), sent.reply_to)
    with sending.runtime.database.read() as session:
        (entry,) = session.scalars(select(Entry))
    assert entry.written_on == ON + timedelta(days=90)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("raw", [mail("Here."), mail(""), mail("help"), mail("I am out of the office, and glad.")])
def test_one_reply_ends_the_slow_down(inbound: InboundHarness, raw: bytes, stage: str) -> None:
    set_columns(inbound.sending, inbound.ana, **SLOWED_DOWN[stage], unanswered=9)
    inbound.receive(raw)
    assert slow_down_columns(inbound) == (None, 0, SubscriberStatus.ACTIVE)


def test_a_yes_to_the_confirmation_ends_the_slow_down(inbound: InboundHarness) -> None:
    set_columns(inbound.sending, inbound.ana, **SLOWED_DOWN["rest"])
    token = ReplyToken(ReplyKind.CONFIRMATION, inbound.ana.id, 0, ON).encode(inbound.sending.runtime.keyring.index)
    reply = inbound.receive(mail("Yes!"), f"r-{token}@{REPLY_DOMAIN}")
    assert reply is not None
    assert reply.outcome == Outcome.CONFIRMED
    assert slow_down_columns(inbound) == (None, 0, SubscriberStatus.ACTIVE)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(
    ("raw", "outcome"),
    [
        pytest.param(mail("Away.", Auto_Submitted="auto-replied"), Outcome.AUTO_REPLY, id="written by a program"),
        pytest.param(mail("Here.", Precedence="bulk"), Outcome.ENTRY, id="an entry with a weak sign of a program"),
        pytest.param(mail("help", Precedence="bulk"), Outcome.ENTRY, id="a command word with a weak sign of a program"),
        pytest.param(mail("Here.", sender="ben@example.org"), Outcome.HELD, id="from another address"),
        pytest.param(mail("resume", sender="ben@example.org"), Outcome.HELD, id="a command from another address"),
    ],
)
def test_mail_that_is_not_certainly_the_subscribers_does_not_end_the_slow_down(
    inbound: InboundHarness, raw: bytes, outcome: Outcome, stage: str
) -> None:
    set_columns(inbound.sending, inbound.ana, **SLOWED_DOWN[stage], unanswered=9)
    reply = inbound.receive(raw)
    assert reply is not None
    assert reply.outcome == outcome
    status = SubscriberStatus.RESTING if stage == "rest" else SubscriberStatus.ACTIVE
    assert slow_down_columns(inbound) == (stage, 9, status)


def test_a_bounce_does_not_end_the_slow_down(inbound: InboundHarness) -> None:
    set_columns(inbound.sending, inbound.ana, **SLOWED_DOWN["rest"])
    inbound.receive(report(), envelope_sender="")
    assert slow_down_columns(inbound) == (SlowDown.REST, 0, SubscriberStatus.RESTING)


def test_a_held_mail_ends_the_slow_down_once_it_is_accepted(inbound: InboundHarness) -> None:
    sending = inbound.sending
    set_columns(sending, inbound.ana, **SLOWED_DOWN["rest"])
    reply = inbound.receive(mail("From my desk.", sender="ana@work.example"))
    assert reply is not None
    assert slow_down_columns(inbound)[2] == SubscriberStatus.RESTING
    assert accept(inbound.reply_processor.inbound_store, inbound.ana.id, reply.id, sending.clock())
    inbound.reply_processor.process(reply.id)
    assert slow_down_columns(inbound) == (None, 0, SubscriberStatus.ACTIVE)


def slow_down_columns(inbound: InboundHarness) -> tuple[str | None, int, str]:
    with inbound.sending.runtime.database.read() as session:
        ana = session.get_one(Subscriber, inbound.ana.id)
        return ana.slow_down_stage, ana.unanswered, ana.status
