"""A small step: chosen in a reply, asked about once, answered, and honoured in the month."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from service.core.steps import StepState
from service.models import Delivery, DeliveryKind, Outcome, Reply, Step
from tests.harness.journey import JourneyHarness

ANA = "ana@example.com"
STEP = "After I lock the front door, I will stand still for a breath."
SUNDAY = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)


def _choose(journey: JourneyHarness, words: str = STEP, **options: Any) -> None:
    """Join on Wednesday the 6th, and answer a step prompt of Thursday."""
    journey.join(ANA)
    journey.clock.now += timedelta(days=1)
    question = journey.ask(ANA, "nearly-silly")
    assert question["subject"] == "Nearly silly"
    assert "one email" in question["text"]
    assert journey.reply(question, words, **options)["status"] == 200
    journey.work()


def _follow_up(journey: JourneyHarness) -> dict[str, Any]:
    """Go to the day of the follow-up; return it."""
    journey.go_to(SUNDAY)
    return next(mail for mail in journey.mails(ANA) if STEP in mail["text"])


def _steps(journey: JourneyHarness) -> list[Step]:
    with journey.runtime.database.read() as session:
        return [*Step.list_for(session, journey.person(ANA).id)]


def _follow_ups(journey: JourneyHarness) -> int:
    with journey.runtime.database.read() as session:
        return len(session.scalars(select(Delivery).where(Delivery.kind == DeliveryKind.STEP_FOLLOW_UP)).all())


def _last_outcome(journey: JourneyHarness) -> str:
    with journey.runtime.database.read() as session:
        outcome = session.scalars(select(Reply.outcome).order_by(Reply.received_at.desc())).first()
    assert outcome
    return outcome


@pytest.mark.parametrize("client", ["gmail_web", "outlook_desktop"])
def test_a_step_is_asked_about_once_and_taken(journey: JourneyHarness, client: str) -> None:
    _choose(journey, client=client)
    (step,) = _steps(journey)
    assert step.state == StepState.OPEN
    follow_up = _follow_up(journey)
    assert follow_up["subject"] == "Nearly silly"
    day_of_it = [mail for mail in journey.mails(ANA) if mail["accepted_at"][:10] == follow_up["accepted_at"][:10]]
    assert day_of_it == [follow_up]  # in place of that day's question
    assert journey.reply(follow_up, "Took it. The street smelled of rain.", client=client)["status"] == 200
    journey.work()
    (step,) = _steps(journey)
    assert step.state == StepState.TAKEN
    written = journey.entries(ANA)
    assert [entry.words for entry in written][1:] == ["Took it. The street smelled of rain."]
    journey.clock.now = datetime(2026, 6, 1, 6, 30, tzinfo=UTC)
    journey.go_to(journey.clock.now + timedelta(hours=1))
    digest = next(mail for mail in journey.mails(ANA) if "in your own words" in mail["subject"])
    assert "Small steps you took" in digest["text"]
    assert STEP in digest["text"]
    assert _follow_ups(journey) == 1


def test_a_bare_answer_is_confirmed_kept_out_of_the_journal_and_can_be_changed(journey: JourneyHarness) -> None:
    _choose(journey)
    assert journey.reply(_follow_up(journey), "Not today", client="gmail_android")["status"] == 200
    journey.work()
    assert _last_outcome(journey) == Outcome.COMMAND
    assert _steps(journey)[0].state == StepState.NOT_YET
    answer = journey.mails(ANA)[0]
    assert "Not yet is fine" in answer["text"]
    assert len(journey.entries(ANA)) == 1
    assert journey.link(answer, "/act/")

    assert journey.reply(_follow_up(journey), "let it go")["status"] == 200
    journey.work()
    assert _steps(journey)[0].state == StepState.LET_GO


def test_an_answer_that_says_nothing_plain_is_kept_and_leaves_the_step_as_it_is(journey: JourneyHarness) -> None:
    _choose(journey)
    assert journey.reply(_follow_up(journey), "The dog was ill all week.")["status"] == 200
    journey.work()
    assert _steps(journey)[0].state == StepState.OPEN
    assert journey.entries(ANA)[-1].words == "The dog was ill all week."
    journey.go_to(SUNDAY + timedelta(days=4))
    assert _follow_ups(journey) == 1


def test_nobody_elses_answer_changes_a_step(journey: JourneyHarness) -> None:
    _choose(journey)
    assert journey.reply(_follow_up(journey), "let it go", sender="mallory@example.net")["status"] == 200
    journey.work()
    assert _last_outcome(journey) == Outcome.HELD
    assert _steps(journey)[0].state == StepState.OPEN


def test_a_reply_that_chooses_nothing_is_never_asked_about(journey: JourneyHarness) -> None:
    _choose(journey, "I'm so tired. Everything is too much today.")
    assert _steps(journey) == []
    journey.go_to(SUNDAY)
    assert _follow_ups(journey) == 0


def test_deleting_the_reply_takes_the_step_with_it_and_the_days_question_comes(journey: JourneyHarness) -> None:
    _choose(journey)
    journey.reply(journey.mails(ANA)[0], "delete that")
    journey.work()
    assert _steps(journey) == []
    journey.go_to(SUNDAY)
    journey.tick()
    journey.work()
    newest = journey.mails(ANA)[0]
    assert newest["accepted_at"][:10] == "2026-05-10"
    assert STEP not in newest["text"]
