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

from service.core.easing import Ease
from service.core.tokens import ReplyKind, ReplyToken
from service.flows.held import take_in
from service.mail.outgoing import Accepted, OutgoingEmail, Recipient, SendOutcome
from service.models import Claim, Delivery, Entry, Kind, Outcome, Status, Subscriber
from service.postoffice.clients import CLIENTS
from service.postoffice.quotation import Where
from service.postoffice.replies import reply_as
from tests.flows.letterbox import Letterbox, open_letterbox
from tests.flows.line import REPLY_DOMAIN, Line, open_line
from tests.flows.posts import mail
from tests.flows.test_automatic_mail import report

ON = date(2026, 5, 13)
ANA = "ana@example.com"
STAGES = ["weekly", "rest"]
LEASE = timedelta(minutes=5)


@pytest.fixture
def line(database_url: str, tmp_path: Path) -> Iterator[Line]:
    with open_line(database_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def letterbox(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Letterbox]:
    with open_letterbox(migrated_sqlite, tmp_path) as opened:
        yield opened


def unanswered(line: Line, person: Subscriber) -> int:
    with line.runtime.database.read() as session:
        return session.get_one(Subscriber, person.id).unanswered


def stand(line: Line, person: Subscriber, **columns: Any) -> None:
    with line.runtime.database.write() as session:
        row = session.get_one(Subscriber, person.id)
        for name, value in columns.items():
            setattr(row, name, value)


EASED: dict[str, dict[str, Any]] = {
    "weekly": {"eased": "weekly", "usual_days_mask": 127, "days_mask": 64},
    "rest": {"eased": "rest", "status": Status.RESTING, "next_prompt_at": None},
}


def notice(line: Line, person: Subscriber, stage: str) -> list[int]:
    stand(line, person, **EASED[stage])
    return line.plan([person], kind=Kind.NOTICE, detail=stage, prompt_id=None)


def test_a_question_counts_once_the_provider_has_taken_it(line: Line) -> None:
    people = line.members("a@example.com", "b@example.com", "b+tag@example.com")
    ids = line.plan(people)
    assert [unanswered(line, person) for person in people] == [0, 0, 0]
    line.send(ids)
    line.send(ids)
    assert [unanswered(line, person) for person in people] == [1, 1, 1]


@pytest.mark.parametrize("kind", [Kind.ANOTHER, Kind.WELCOME])
def test_no_other_email_counts(line: Line, kind: Kind) -> None:
    (person,) = line.members(ANA)
    line.send(line.plan([person], kind=kind))
    assert len(line.mails()) == 1
    assert unanswered(line, person) == 0


def test_what_was_not_sent_does_not_count(line: Line) -> None:
    (person,) = line.members(ANA)
    line.plan([person])
    line.send(line.plan([person], slot="2026-05-12", expires_at=line.clock() - LEASE))
    assert unanswered(line, person) == 0


@dataclass(frozen=True)
class Late:
    """A provider that takes an email after so long that others have seen to it."""

    meanwhile: Callable[[], object]

    def send(self, _email: OutgoingEmail, _to: Sequence[Recipient]) -> SendOutcome:
        self.meanwhile()
        return Accepted("late")


def test_what_is_another_worker_s_by_now_is_not_counted_again(line: Line) -> None:
    (person,) = line.members(ANA)
    ids = line.plan([person])

    def meanwhile() -> None:
        with line.runtime.database.write() as session:
            claims = [Claim(ids[0], 1)]
            assert Delivery.put_back(session, claims, ready_at=line.clock(), reason="again") == 1
        line.send(ids)

    late = replace(line.runtime.sender(lambda: False), mailer=Late(meanwhile))
    assert late.send(ids).counts == {}
    assert unanswered(line, person) == 1


def test_many_workers_count_the_questions_of_the_same_people_without_waiting_for_each_other(line: Line) -> None:
    people = line.members(*(f"p{number}@example.com" for number in range(30)))
    jobs = [line.plan(people if day % 2 else people[::-1], slot=f"2026-05-{day:02}") for day in range(1, 13)]
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(line.send, jobs))
    assert sum(report.counts["sent"] for report in done) == 360
    assert {unanswered(line, person) for person in people} == {12}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_people_are_held_in_the_order_of_their_ids_so_that_no_two_workers_wait_for_each_other(line: Line) -> None:
    database = line.runtime.database
    first, second = sorted(person.id for person in line.members("a@example.com", "b@example.com"))
    with database.write() as session:  # the later id stands first in the table, where a scan would begin
        session.execute(update(Subscriber).where(Subscriber.id == first).values(unanswered=1))

    def count() -> None:
        with database.write() as session:
            Subscriber.hold(session, [second, first])
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
def test_the_notice_goes_and_may_be_left_by_its_links(line: Line, stage: str) -> None:
    (person,) = line.members(ANA)
    assert line.send(notice(line, person, stage)).counts == {"sent": 1}
    (sent,) = line.mails()
    assert sent.subject == {"weekly": "Shall we write less often?", "rest": "A rest for now"}[stage]
    assert not any(letter.isdigit() for letter in sent.text.partition("http")[0])
    headers = dict(sent.headers)
    assert "/unsubscribe/" in headers["List-Unsubscribe"]
    token = ReplyToken(ReplyKind.NOTICE, person.id, 0, ON).encode(line.runtime.keyring.index)
    assert sent.reply_to == f"r-{token}@{REPLY_DOMAIN}"


@pytest.mark.parametrize("stands", [{"eased": None}, {"eased": "rest", "status": Status.RESTING}])
def test_a_notice_that_is_no_longer_true_is_not_sent(line: Line, stands: dict[str, Any]) -> None:
    (person,) = line.members(ANA)
    ids = notice(line, person, "weekly")
    stand(line, person, **stands)
    assert line.send(ids).counts == {"skipped": 1}
    assert line.mails() == []


@pytest.mark.parametrize("where", [Where.TOP, Where.BOTTOM])
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("stage", STAGES)
def test_of_a_reply_to_the_notice_only_the_words_are_kept(
    letterbox: Letterbox, stage: str, client: str, where: Where
) -> None:
    line = letterbox.line
    line.send(notice(line, letterbox.ana, stage))
    (sent,) = line.mails()
    words = "It has been a lot.\n\nI am here, and the kettle is on."
    reply = letterbox.comes(reply_as(client, sent, words, where), sent.reply_to)
    assert reply is not None
    assert reply.outcome == Outcome.ENTRY
    (kept,) = letterbox.words()
    assert kept.split() == words.split()


def test_words_in_answer_to_a_notice_belong_to_the_day_they_were_written(letterbox: Letterbox) -> None:
    line = letterbox.line
    line.send(notice(line, letterbox.ana, "rest"))
    (sent,) = line.mails()
    line.clock.move(timedelta(days=90))
    letterbox.comes(reply_as("iphone", sent, "Back.", sent_at=line.clock()), sent.reply_to)
    with line.runtime.database.read() as session:
        (entry,) = session.scalars(select(Entry))
    assert entry.written_on == ON + timedelta(days=90)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("raw", [mail("Here."), mail(""), mail("help"), mail("I am out of the office, and glad.")])
def test_one_reply_restores(letterbox: Letterbox, raw: bytes, stage: str) -> None:
    stand(letterbox.line, letterbox.ana, **EASED[stage], unanswered=9)
    letterbox.comes(raw)
    assert standing(letterbox) == (None, 0, Status.ACTIVE)


def test_a_yes_to_the_first_email_of_all_restores_too(letterbox: Letterbox) -> None:
    stand(letterbox.line, letterbox.ana, **EASED["rest"])
    token = ReplyToken(ReplyKind.CONFIRMATION, letterbox.ana.id, 0, ON).encode(letterbox.line.runtime.keyring.index)
    reply = letterbox.comes(mail("Yes!"), f"r-{token}@{REPLY_DOMAIN}")
    assert reply is not None
    assert reply.outcome == Outcome.CONFIRMED
    assert standing(letterbox) == (None, 0, Status.ACTIVE)


@pytest.mark.parametrize("stage", STAGES)
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
    letterbox: Letterbox, raw: bytes, outcome: Outcome, stage: str
) -> None:
    stand(letterbox.line, letterbox.ana, **EASED[stage], unanswered=9)
    reply = letterbox.comes(raw)
    assert reply is not None
    assert reply.outcome == outcome
    status = Status.RESTING if stage == "rest" else Status.ACTIVE
    assert standing(letterbox) == (stage, 9, status)


def test_a_bounce_does_not(letterbox: Letterbox) -> None:
    stand(letterbox.line, letterbox.ana, **EASED["rest"])
    letterbox.comes(report(), envelope_sender="")
    assert standing(letterbox) == (Ease.REST, 0, Status.RESTING)


def test_a_held_mail_restores_once_its_owner_has_said_that_it_is_theirs(letterbox: Letterbox) -> None:
    line = letterbox.line
    stand(line, letterbox.ana, **EASED["rest"])
    reply = letterbox.comes(mail("From my desk.", sender="ana@work.example"))
    assert reply is not None
    assert standing(letterbox)[2] == Status.RESTING
    assert take_in(letterbox.receiver.door, letterbox.ana.id, reply.id, line.clock())
    letterbox.receiver.understand(reply.id)
    assert standing(letterbox) == (None, 0, Status.ACTIVE)


def standing(letterbox: Letterbox) -> tuple[str | None, int, str]:
    with letterbox.line.runtime.database.read() as session:
        ana = session.get_one(Subscriber, letterbox.ana.id)
        return ana.eased, ana.unanswered, ana.status
