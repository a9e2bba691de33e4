"""Own questions and wishes as they are planned, sent and answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from service.core.access.tokens import ReplyToken
from service.core.library.own_question import NOT_QUOTED, SUBJECT, prompt_id_of
from service.core.settings.quiet_dates import MonthDay, QuietSpan
from service.flows.incoming.replies.owner import Owner
from service.flows.outgoing.tick import tick
from service.flows.people.settings import own_questions, question_wishes, quiet_dates
from service.flows.people.settings.question_wishes import Wish
from service.models import Delivery, DeliveryState, OwnQuestion, QuestionWish, SentText, Subscriber
from tests.harness.people.members import member
from tests.harness.people.people import DAY
from tests.harness.sending import SendingHarness, open_sending_harness

MORNING = datetime(2026, 5, 13, 7, tzinfo=UTC)  # 08:00 in London, a Wednesday
QUESTION = "What did the sea say <today>, %recipient.reply%?"
AGAIN = "a-small-no"  # not one of the first six
# The rules do not depend on the database; one test runs on both.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def sending(database_url: str, tmp_path: Path) -> Iterator[SendingHarness]:
    with open_sending_harness(database_url, tmp_path) as opened:
        yield opened


def join(sending: SendingHarness, **columns: Any) -> Subscriber:
    sending.clock.now = MORNING - DAY / 2
    with sending.runtime.database.write() as session:
        return member(session, sending.runtime.keyring, looking_from=sending.clock(), **columns)


def write_question(sending: SendingHarness, person: Subscriber, words: str = QUESTION) -> int:
    with sending.runtime.database.write() as session:
        owner = session.get_one(Subscriber, person.id)
        kept = own_questions.add(session, sending.runtime.keyring, owner, words, sending.clock())
    assert isinstance(kept, int)
    return kept


def wish(sending: SendingHarness, person: Subscriber, prompt_id: str, chosen: Wish) -> None:
    prompt = sending.runtime.library.get(prompt_id)
    assert prompt is not None
    with sending.runtime.database.write() as session:
        owner = session.get_one(Subscriber, person.id)
        question_wishes.record(session, owner, prompt, chosen, sending.clock())


def asked(sending: SendingHarness, days: int, *, first: datetime = MORNING) -> list[str]:
    """Tick and send on these days; return the prompt of each question that went, in order."""
    database = sending.runtime.database
    for number in range(days):
        sending.clock.now = first + number * DAY
        tick(database, sending.runtime.library, sending.queue, now=sending.clock(), chunk=100)
        with database.read() as session:
            ids = [*session.scalars(select(Delivery.id).where(Delivery.state == DeliveryState.PLANNED))]
        sending.send(ids)
    with database.read() as session:
        sent = select(Delivery).where(Delivery.state == DeliveryState.SENT, Delivery.prompt_id.is_not(None))
        return [delivery.prompt_id or "" for delivery in session.scalars(sent.order_by(Delivery.sent_at))]


def test_an_own_question_goes_alone_in_its_turn_and_stands_in_no_text_of_a_batch(sending: SendingHarness) -> None:
    person = join(sending)
    question_id = write_question(sending, person)
    went = asked(sending, 3)
    assert [prompt_id == prompt_id_of(question_id) for prompt_id in went] == [True, False, False]
    own, *others = sending.mails()
    assert own.subject == SUBJECT
    assert QUESTION in own.text
    assert "&lt;today&gt;" in own.html
    assert all(QUESTION not in other.text for other in others)
    with sending.runtime.database.read() as session:
        assert all(QUESTION not in stored.text for stored in session.scalars(select(SentText)))
        assert session.get_one(OwnQuestion, question_id).asked_on == MORNING.date()
        assert session.get_one(Subscriber, person.id).prompts_sent == 2


@ON_SQLITE
def test_a_discreet_email_leads_to_the_question_and_does_not_quote_it(sending: SendingHarness) -> None:
    write_question(sending, join(sending, is_discreet=True))
    asked(sending, 1)
    [mail] = sending.mails()
    assert mail.subject != SUBJECT
    assert "sea" not in mail.text + mail.html
    assert NOT_QUOTED in " ".join(mail.text.split())
    assert "/write/" in mail.text


@ON_SQLITE
@pytest.mark.parametrize("is_discreet", [False, True])
def test_a_reply_finds_the_question_as_it_was_asked(sending: SendingHarness, is_discreet: bool) -> None:
    person = join(sending, is_discreet=is_discreet)
    question_id = write_question(sending, person)
    asked(sending, 1)
    runtime = sending.runtime
    with runtime.database.write() as session:
        own_questions.change(
            session, runtime.keyring, person, session.get_one(OwnQuestion, question_id), "What did the wind say?"
        )
    [mail] = sending.mails()
    token = ReplyToken.decode(mail.reply_to.partition("@")[0].removeprefix("r-"), runtime.keyring.index)
    with runtime.database.read() as session:
        found = runtime.reply_processor().sent_email_finder.find(session, Owner(person, MORNING.date(), token))
    assert found is not None
    assert [line for line in mail.text.splitlines() if line not in found.text and "://" not in line] == []


@ON_SQLITE
def test_a_question_that_is_removed_before_it_goes_does_not_go(sending: SendingHarness) -> None:
    person = join(sending)
    question_id = write_question(sending, person)
    sending.clock.now = MORNING
    database = sending.runtime.database
    tick(database, sending.runtime.library, sending.queue, now=MORNING, chunk=100)
    with database.write() as session:
        row = session.get_one(OwnQuestion, question_id)
        own_questions.remove(session, session.get_one(Subscriber, person.id), row)
    with database.read() as session:
        assert session.get(OwnQuestion, question_id) is None
        ids = [*session.scalars(select(Delivery.id))]
    sending.send(ids)
    assert sending.mails() == []


@ON_SQLITE
def test_a_question_comes_again_on_its_day_and_in_its_turn_after_that(sending: SendingHarness) -> None:
    person = join(sending)
    wish(sending, person, AGAIN, Wish.MONTH)
    went = asked(sending, 3, first=MORNING + 29 * DAY)  # a month from 12 May, the evening before, is 12 June
    assert went[1] == AGAIN
    assert went.count(AGAIN) == 1
    with sending.runtime.database.read() as session:
        assert QuestionWish.find(session, person.id, AGAIN) is None


@ON_SQLITE
def test_a_question_to_come_again_waits_for_the_end_of_a_quiet_date(sending: SendingHarness) -> None:
    person = join(sending)
    wish(sending, person, AGAIN, Wish.MONTH)
    with sending.runtime.database.write() as session:
        owner, span = session.get_one(Subscriber, person.id), QuietSpan(MonthDay(6, 12), MonthDay(6, 13))
        quiet_dates.add(session, sending.runtime.keyring, owner, span, label="", now=sending.clock())
    assert asked(sending, 4, first=MORNING + 29 * DAY)[1:] == [AGAIN]


@ON_SQLITE
def test_what_somebody_does_not_want_again_is_not_asked_also_among_the_first_six(sending: SendingHarness) -> None:
    person = join(sending)
    unwanted = sending.runtime.library.first_six("en-GB")[0].id
    wish(sending, person, unwanted, Wish.NEVER)
    assert unwanted not in asked(sending, 6)


@ON_SQLITE
def test_a_wish_for_a_question_that_is_gone_is_dropped(sending: SendingHarness) -> None:
    person = join(sending)
    with sending.runtime.database.write() as session:
        QuestionWish.put(session, person.id, "no-such-question", date(2026, 5, 1))
        QuestionWish.put(session, person.id, prompt_id_of(7), date(2026, 5, 2))
    [prompt_id] = asked(sending, 1)
    assert sending.runtime.library.get(prompt_id) is not None
    with sending.runtime.database.read() as session:
        assert QuestionWish.of_subscriber(session, person.id) == []
