"""The notice that questions come less often: what is counted for it, when it still goes, and replies to it."""

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

from service.core.frequency import SlowDown
from service.core.tokens import ReplyKind, ReplyToken
from service.flows.incoming.held import accept
from service.mail.outbound.mailer import Accepted, OutgoingEmail, Recipient, SendOutcome
from service.models import Delivery, DeliveryClaim, DeliveryKind, Entry, Outcome, Subscriber, SubscriberStatus
from service.postoffice.clients import CLIENTS
from service.postoffice.quotation import Where
from service.postoffice.replies import reply_as
from tests.flows.incoming.test_automatic_mail import report
from tests.harness.inbound import InboundHarness, open_inbound_harness
from tests.harness.posts import mail
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
def letterbox(migrated_sqlite: Path, tmp_path: Path) -> Iterator[InboundHarness]:
    with open_inbound_harness(migrated_sqlite, tmp_path) as opened:
        yield opened


def unanswered(sending: SendingHarness, person: Subscriber) -> int:
    with sending.runtime.database.read() as session:
        return session.get_one(Subscriber, person.id).unanswered


def stand(sending: SendingHarness, person: Subscriber, **columns: Any) -> None:
    with sending.runtime.database.write() as session:
        row = session.get_one(Subscriber, person.id)
        for name, value in columns.items():
            setattr(row, name, value)


EASED: dict[str, dict[str, Any]] = {
    "weekly": {"slow_down_stage": "weekly", "usual_days_mask": 127, "days_mask": 64},
    "rest": {"slow_down_stage": "rest", "status": SubscriberStatus.RESTING, "next_prompt_at": None},
}


def notice(sending: SendingHarness, person: Subscriber, journey: str) -> list[int]:
    stand(sending, person, **EASED[journey])
    return sending.plan([person], kind=DeliveryKind.NOTICE, detail=journey, prompt_id=None)


def test_a_question_counts_once_the_provider_has_taken_it(sending: SendingHarness) -> None:
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
class Late:
    """A provider that takes an email after so long that others have seen to it."""

    meanwhile: Callable[[], object]

    def send(self, _email: OutgoingEmail, _to: Sequence[Recipient]) -> SendOutcome:
        self.meanwhile()
        return Accepted("late")


def test_what_is_another_worker_s_by_now_is_not_counted_again(sending: SendingHarness) -> None:
    (person,) = sending.members(ANA)
    ids = sending.plan([person])

    def meanwhile() -> None:
        with sending.runtime.database.write() as session:
            claims = [DeliveryClaim(ids[0], 1)]
            assert Delivery.plan_again(session, claims, ready_at=sending.clock(), reason="again") == 1
        sending.send(ids)

    late = replace(sending.runtime.sender(lambda: False), mailer=Late(meanwhile))
    assert late.send(ids).counts == {}
    assert unanswered(sending, person) == 1


def test_many_workers_count_the_questions_of_the_same_people_without_waiting_for_each_other(
    sending: SendingHarness,
) -> None:
    people = sending.members(*(f"p{number}@example.com" for number in range(30)))
    jobs = [sending.plan(people if day % 2 else people[::-1], slot=f"2026-05-{day:02}") for day in range(1, 13)]
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(sending.send, jobs))
    assert sum(report.counts["sent"] for report in done) == 360
    assert {unanswered(sending, person) for person in people} == {12}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_people_are_held_in_the_order_of_their_ids_so_that_no_two_workers_wait_for_each_other(
    sending: SendingHarness,
) -> None:
    database = sending.runtime.database
    first, second = sorted(person.id for person in sending.members("a@example.com", "b@example.com"))
    with database.write() as session:  # the later id stands first in the table, where a scan would begin
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


@pytest.mark.parametrize("journey", STAGES)
def test_the_notice_goes_and_may_be_left_by_its_links(sending: SendingHarness, journey: str) -> None:
    (person,) = sending.members(ANA)
    assert sending.send(notice(sending, person, journey)).counts == {"sent": 1}
    (sent,) = sending.mails()
    assert sent.subject == {"weekly": "Shall we write less often?", "rest": "A rest for now"}[journey]
    assert not any(letter.isdigit() for letter in sent.text.partition("http")[0])
    headers = dict(sent.headers)
    assert "/unsubscribe/" in headers["List-Unsubscribe"]
    token = ReplyToken(ReplyKind.NOTICE, person.id, 0, ON).encode(sending.runtime.keyring.index)
    assert sent.reply_to == f"r-{token}@{REPLY_DOMAIN}"


@pytest.mark.parametrize(
    "stands", [{"slow_down_stage": None}, {"slow_down_stage": "rest", "status": SubscriberStatus.RESTING}]
)
def test_a_notice_that_is_no_longer_true_is_not_sent(sending: SendingHarness, stands: dict[str, Any]) -> None:
    (person,) = sending.members(ANA)
    ids = notice(sending, person, "weekly")
    stand(sending, person, **stands)
    assert sending.send(ids).counts == {"skipped": 1}
    assert sending.mails() == []


@pytest.mark.parametrize("where", [Where.TOP, Where.BOTTOM])
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("journey", STAGES)
def test_of_a_reply_to_the_notice_only_the_words_are_kept(
    letterbox: InboundHarness, journey: str, client: str, where: Where
) -> None:
    sending = letterbox.sending
    sending.send(notice(sending, letterbox.ana, journey))
    (sent,) = sending.mails()
    words = "It has been a lot.\n\nI am here, and the kettle is on."
    reply = letterbox.comes(reply_as(client, sent, words, where), sent.reply_to)
    assert reply is not None
    assert reply.outcome == Outcome.ENTRY
    (kept,) = letterbox.words()
    assert kept.split() == words.split()


def test_words_in_answer_to_a_notice_belong_to_the_day_they_were_written(letterbox: InboundHarness) -> None:
    sending = letterbox.sending
    sending.send(notice(sending, letterbox.ana, "rest"))
    (sent,) = sending.mails()
    sending.clock.move(timedelta(days=90))
    letterbox.comes(reply_as("iphone", sent, "Back.", sent_at=sending.clock()), sent.reply_to)
    with sending.runtime.database.read() as session:
        (entry,) = session.scalars(select(Entry))
    assert entry.written_on == ON + timedelta(days=90)


@pytest.mark.parametrize("journey", STAGES)
@pytest.mark.parametrize("raw", [mail("Here."), mail(""), mail("help"), mail("I am out of the office, and glad.")])
def test_one_reply_restores(letterbox: InboundHarness, raw: bytes, journey: str) -> None:
    stand(letterbox.sending, letterbox.ana, **EASED[journey], unanswered=9)
    letterbox.comes(raw)
    assert standing(letterbox) == (None, 0, SubscriberStatus.ACTIVE)


def test_a_yes_to_the_first_email_of_all_restores_too(letterbox: InboundHarness) -> None:
    stand(letterbox.sending, letterbox.ana, **EASED["rest"])
    token = ReplyToken(ReplyKind.CONFIRMATION, letterbox.ana.id, 0, ON).encode(letterbox.sending.runtime.keyring.index)
    reply = letterbox.comes(mail("Yes!"), f"r-{token}@{REPLY_DOMAIN}")
    assert reply is not None
    assert reply.outcome == Outcome.CONFIRMED
    assert standing(letterbox) == (None, 0, SubscriberStatus.ACTIVE)


@pytest.mark.parametrize("journey", STAGES)
@pytest.mark.parametrize(
    ("raw", "outcome"),
    [
        pytest.param(mail("Away.", Auto_Submitted="auto-replied"), Outcome.AUTO_REPLY, id="a program's"),
        pytest.param(mail("Here.", Precedence="bulk"), Outcome.ENTRY, id="perhaps a program's, though kept"),
        pytest.param(mail("help", Precedence="bulk"), Outcome.ENTRY, id="perhaps a program's, with a command's word"),
        pytest.param(mail("Here.", sender="ben@example.org"), Outcome.HELD, id="somebody else's"),
        pytest.param(mail("resume", sender="ben@example.org"), Outcome.HELD, id="somebody else's command"),
    ],
)
def test_what_is_not_surely_the_person_s_does_not(
    letterbox: InboundHarness, raw: bytes, outcome: Outcome, journey: str
) -> None:
    stand(letterbox.sending, letterbox.ana, **EASED[journey], unanswered=9)
    reply = letterbox.comes(raw)
    assert reply is not None
    assert reply.outcome == outcome
    status = SubscriberStatus.RESTING if journey == "rest" else SubscriberStatus.ACTIVE
    assert standing(letterbox) == (journey, 9, status)


def test_a_bounce_does_not(letterbox: InboundHarness) -> None:
    stand(letterbox.sending, letterbox.ana, **EASED["rest"])
    letterbox.comes(report(), envelope_sender="")
    assert standing(letterbox) == (SlowDown.REST, 0, SubscriberStatus.RESTING)


def test_a_held_mail_restores_once_its_owner_has_said_that_it_is_theirs(letterbox: InboundHarness) -> None:
    sending = letterbox.sending
    stand(sending, letterbox.ana, **EASED["rest"])
    reply = letterbox.comes(mail("From my desk.", sender="ana@work.example"))
    assert reply is not None
    assert standing(letterbox)[2] == SubscriberStatus.RESTING
    assert accept(letterbox.reply_processor.inbound_store, letterbox.ana.id, reply.id, sending.clock())
    letterbox.reply_processor.process(reply.id)
    assert standing(letterbox) == (None, 0, SubscriberStatus.ACTIVE)


def standing(letterbox: InboundHarness) -> tuple[str | None, int, str]:
    with letterbox.sending.runtime.database.read() as session:
        ana = session.get_one(Subscriber, letterbox.ana.id)
        return ana.slow_down_stage, ana.unanswered, ana.status
