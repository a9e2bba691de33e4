"""Every way out of the letters and of the questions, as mail programs, pages, replies and the provider use it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from service.core.access.tokens import FrequencyToken, ReplyKind, ReplyToken
from service.core.settings.consent import ConsentEvent, Stream
from service.flows.incoming.events.events import record_event
from service.flows.people.settings.consent import confirm_letters
from service.flows.people.subscription import account
from service.mail.provider_events import ProviderEvent
from service.models import Consent, Delivery, DeliveryKind, Outcome, Subscriber, SubscriberStatus, Suppression
from tests.harness.inbound import ANA, InboundHarness, open_inbound_harness
from tests.harness.mail.posts import mail
from tests.harness.people.people import MINUTE
from tests.harness.sending import REPLY_DOMAIN

TOKENS = count()
LETTER = Stream.LETTERS
CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Leaver:
    """One person who gets letters, questions, or both."""

    inbound: InboundHarness

    def wants(self, *streams: Stream) -> None:
        with self.inbound.sending.runtime.database.write() as session:
            person = session.get_one(Subscriber, self.inbound.ana.id)
            person.wants_questions = Stream.QUESTIONS in streams
            if LETTER in streams:
                confirm_letters(session, person, self.inbound.sending.clock() - MINUTE, source="link")
            person.schedule_next(self.inbound.sending.clock())

    def gets(self) -> set[str]:
        """Return what this person may be sent from now on, as the conditions of the claims and plans say."""
        with self.inbound.sending.runtime.database.read() as session:
            person = session.get_one(Subscriber, self.inbound.ana.id)
            if Suppression.covers(session, person.address_hash):
                return set()
            letters = session.scalar(
                select(Subscriber.id).where(Subscriber.may_get_letters(self.inbound.sending.clock()))
            )
            found = {"letters"} if letters else set()
            return found | ({"questions"} if person.next_prompt_at else set())

    def person(self) -> Subscriber:
        with self.inbound.sending.runtime.database.read() as session:
            return session.get_one(Subscriber, self.inbound.ana.id)

    def lines(self, event: ConsentEvent) -> list[str]:
        with self.inbound.sending.runtime.database.read() as session:
            return [
                line.stream for line in Consent.for_address(session, self.person().address_hash) if line.event == event
            ]

    def token(self, stream: Stream | None) -> str:
        return FrequencyToken(self.person().id, stream).encode(self.inbound.sending.runtime.keyring.index)

    def answers(self) -> list[str | None]:
        with self.inbound.sending.runtime.database.read() as session:
            query = select(Delivery.detail).where(Delivery.kind == DeliveryKind.ANSWER).order_by(Delivery.planned_at)
            return [*session.scalars(query)]

    def reply(self, words: str, kind: ReplyKind) -> None:
        index = self.inbound.sending.runtime.keyring.index
        token = ReplyToken(kind, self.person().id, 0, date(2026, 5, 11)).encode(index)
        row = self.inbound.receive(mail(words), f"r-{token}@{REPLY_DOMAIN}")
        assert row is not None
        assert row.outcome == Outcome.COMMAND

    def press(self, stream: Stream | None, what: str) -> str:
        """Open the page behind a link and press one of its buttons; return the page that follows."""
        path = f"/unsubscribe/{self.token(stream)}"
        page = self.inbound.web.get(path).text
        assert f'value="{what}"' in page
        found = CSRF.search(page)
        assert found is not None
        answer = self.inbound.web.post(path, data={"csrf_token": found.group(1), "what": what})
        return self.inbound.web.get(answer.location).text


@pytest.fixture
def ana(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Leaver]:
    """Somebody who gets both."""
    with open_inbound_harness(migrated_sqlite, tmp_path) as opened:
        leaver = Leaver(opened)
        leaver.wants(*Stream)
        yield leaver


def one_click(stream: Stream | None) -> Callable[[Leaver], None]:
    def leave(ana: Leaver) -> None:
        one_click = {"List-Unsubscribe": "One-Click"}
        assert ana.inbound.web.post(f"/unsubscribe/{ana.token(stream)}", data=one_click).status_code == 200

    return leave


def by_address(stream: Stream | None) -> Callable[[Leaver], None]:
    def leave(ana: Leaver) -> None:
        ana.inbound.receive(mail(""), f"s-{ana.token(stream)}@{REPLY_DOMAIN}")

    return leave


def by_reply(kind: ReplyKind) -> Callable[[Leaver], None]:
    return lambda ana: ana.reply("stop", kind)


OF_A_LETTER = [
    pytest.param(one_click(LETTER), id="one click"),
    pytest.param(by_address(LETTER), id="an email to the address of the header"),
    pytest.param(by_reply(ReplyKind.LETTER), id="a reply"),
]
OF_A_QUESTION = [
    pytest.param(one_click(None), id="one click"),
    pytest.param(by_address(None), id="an email to the address of the header"),
    pytest.param(by_reply(ReplyKind.PROMPT), id="a reply"),
]


@pytest.mark.parametrize("leave", OF_A_LETTER)
def test_a_letter_s_way_out_leaves_the_questions_as_they_were(ana: Leaver, leave: Callable[[Leaver], None]) -> None:
    due_at = ana.person().next_prompt_at
    leave(ana)
    assert ana.gets() == {"questions"}
    assert (ana.person().status, ana.person().next_prompt_at) == (SubscriberStatus.ACTIVE, due_at)
    assert ana.lines(ConsentEvent.STOPPED) == [LETTER]


@pytest.mark.parametrize("leave", OF_A_LETTER)
def test_the_way_out_of_a_letter_stops_a_person_with_letters_alone(
    ana: Leaver, leave: Callable[[Leaver], None]
) -> None:
    ana.wants(LETTER)
    leave(ana)
    assert ana.gets() == set()
    assert ana.person().status == SubscriberStatus.STOPPED
    assert ana.lines(ConsentEvent.STOPPED) == [LETTER]


@pytest.mark.parametrize("leave", OF_A_QUESTION)
@pytest.mark.parametrize("wanted", [[*Stream], [Stream.QUESTIONS]], ids=["both", "questions alone"])
def test_a_question_s_way_out_stops_everything(
    ana: Leaver, leave: Callable[[Leaver], None], wanted: list[Stream]
) -> None:
    if wanted == [Stream.QUESTIONS]:
        one_click(LETTER)(ana)
    leave(ana)
    assert ana.gets() == set()
    assert ana.person().status == SubscriberStatus.STOPPED
    assert sorted(ana.lines(ConsentEvent.STOPPED)) == sorted(Stream)


def test_the_answer_to_a_letter_s_stop_offers_everything_and_means_it(ana: Leaver) -> None:
    ana.reply("stop", ReplyKind.LETTER)
    assert ana.answers() == ["command.stop_letters"]
    ana.inbound.sending.clock.move(MINUTE)
    ana.reply("stop", ReplyKind.ANSWER)
    assert ana.answers() == ["command.stop_letters", "command.stop"]
    assert ana.person().status == SubscriberStatus.STOPPED


@pytest.mark.parametrize("stream", [LETTER, None], ids=["of a letter", "of a question"])
@pytest.mark.parametrize(
    ("what", "left"),
    [("letters", {"questions"}), ("questions", {"letters"}), ("everything", set())],
)
def test_the_page_behind_either_link_has_a_button_for_each_and_for_everything(
    ana: Leaver, stream: Stream | None, what: str, left: set[str]
) -> None:
    page = ana.press(stream, what)
    assert ana.gets() == left
    assert f"The {'emails' if what == 'everything' else what} have stopped" in page
    assert ("Stop everything" in page) == bool(left)
    if left:
        assert "The emails have stopped" in ana.press(stream, "everything")
        assert ana.gets() == set()


def test_a_rest_misses_letters_and_pauses_questions(ana: Leaver) -> None:
    with ana.inbound.sending.runtime.database.write() as session:
        person = Subscriber.locked(session, ana.person().id)
        assert person is not None
        account.rest(session, person, account.Rest.OPEN_ENDED, ana.inbound.sending.clock())
    assert ana.gets() == set()
    assert ana.lines(ConsentEvent.STOPPED) == []
    ana.reply("resume", ReplyKind.LETTER)
    assert ana.gets() == {"letters", "questions"}


@pytest.mark.parametrize("event", ["complained", "failed"], ids=["a complaint", "an address that does not exist"])
def test_a_complaint_or_a_bounce_ends_both(ana: Leaver, event: str) -> None:
    now = ana.inbound.sending.clock()
    details: dict[str, Any] = {}
    if event == "failed":
        details = {"code": 550, "enhanced_code": "5.1.1", "reason": "bounce", "is_final": True}
    found = ProviderEvent(event, "e", now, ANA, None, None, **details)
    with ana.inbound.sending.runtime.database.write() as session:
        record_event(session, ana.inbound.sending.runtime.keyring, found, token=f"t{next(TOKENS)}", now=now)
    assert ana.inbound.is_suppressed()
    assert ana.gets() == set()
    assert ana.person().status == (SubscriberStatus.STOPPED if event == "complained" else SubscriberStatus.ACTIVE)


def test_resume_brings_back_what_stopped_with_a_line_for_each(ana: Leaver) -> None:
    ana.reply("stop", ReplyKind.PROMPT)
    ana.inbound.sending.clock.move(MINUTE)
    ana.reply("resume", ReplyKind.ANSWER)
    ana.inbound.sending.clock.move(MINUTE)
    assert ana.gets() == {"letters", "questions"}
    assert sorted(ana.lines(ConsentEvent.CONFIRMED)) == [LETTER, LETTER, Stream.QUESTIONS]


def get_letters_again(ana: Leaver) -> None:
    with ana.inbound.sending.runtime.database.write() as session:
        person = session.get_one(Subscriber, ana.inbound.ana.id)
        if person.status in {SubscriberStatus.ACTIVE, SubscriberStatus.RESTING}:
            confirm_letters(session, person, ana.inbound.sending.clock(), source="page")


@pytest.mark.parametrize("seed", range(4))
def test_nobody_without_a_confirming_line_is_planned_for_a_letter(ana: Leaver, seed: int) -> None:
    """Whatever somebody does, in any order: letters come only if the last line about them agrees to them."""
    steps = (
        *(one_click(stream) for stream in (LETTER, None)),
        *(by_address(stream) for stream in (LETTER, None)),
        *(
            lambda ana, words=words: ana.reply(words, ReplyKind.PROMPT)
            for words in ("stop", "resume", "weekly", "pause")
        ),
        lambda ana: ana.reply("stop", ReplyKind.LETTER),
        get_letters_again,
    )
    for step in Random(seed).choices(steps, k=6):
        step(ana)
        ana.inbound.sending.clock.move(MINUTE)
        with ana.inbound.sending.runtime.database.read() as session:
            line = Consent.newest(session, ana.person().address_hash, LETTER)
        agrees = line is not None and line.event == ConsentEvent.CONFIRMED
        is_active = ana.person().status == SubscriberStatus.ACTIVE
        assert ("letters" in ana.gets()) == (agrees and is_active)


@pytest.mark.parametrize("words", ["resume", "weekly"])
def test_no_command_brings_questions_to_a_person_who_chose_letters_alone(ana: Leaver, words: str) -> None:
    ana.wants(LETTER)
    ana.reply(words, ReplyKind.LETTER)
    assert ana.gets() == {"letters"}
    assert ana.answers() == ["command.letters_only"]
