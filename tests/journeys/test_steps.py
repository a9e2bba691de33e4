"""A small step: chosen in a reply, asked about once, answered, and honoured in the month."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from service.core.steps import StepState
from service.models import Delivery, Kind, Outcome, Reply, Step
from tests.journeys.stage import Stage

ANA = "ana@example.com"
STEP = "After I lock the front door, I will stand still for a breath."
SUNDAY = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)


def _choose(stage: Stage, words: str = STEP, **options: Any) -> None:
    """Join on Wednesday the 6th, and answer a step prompt of Thursday."""
    stage.join(ANA)
    stage.clock.now += timedelta(days=1)
    question = stage.ask(ANA, "nearly-silly")
    assert question["subject"] == "Nearly silly"
    assert "one email" in question["text"]
    assert stage.reply(question, words, **options)["status"] == 200
    stage.work()


def _follow_up(stage: Stage) -> dict[str, Any]:
    """Go to the day of the follow-up; return it."""
    stage.go_to(SUNDAY)
    return next(mail for mail in stage.mails(ANA) if STEP in mail["text"])


def _steps(stage: Stage) -> list[Step]:
    with stage.runtime.database.read() as session:
        return [*Step.all_of(session, stage.person(ANA).id)]


def _follow_ups(stage: Stage) -> int:
    with stage.runtime.database.read() as session:
        return len(session.scalars(select(Delivery).where(Delivery.kind == Kind.STEP_FOLLOW_UP)).all())


def _last_outcome(stage: Stage) -> str:
    with stage.runtime.database.read() as session:
        outcome = session.scalars(select(Reply.outcome).order_by(Reply.received_at.desc())).first()
    assert outcome
    return outcome


@pytest.mark.parametrize("client", ["gmail_web", "outlook_desktop"])
def test_a_step_is_asked_about_once_and_taken(stage: Stage, client: str) -> None:
    _choose(stage, client=client)
    (step,) = _steps(stage)
    assert step.state == StepState.OPEN
    follow_up = _follow_up(stage)
    assert follow_up["subject"] == "Nearly silly"
    day_of_it = [mail for mail in stage.mails(ANA) if mail["accepted_at"][:10] == follow_up["accepted_at"][:10]]
    assert day_of_it == [follow_up]  # in place of that day's question
    assert stage.reply(follow_up, "Took it. The street smelled of rain.", client=client)["status"] == 200
    stage.work()
    (step,) = _steps(stage)
    assert step.state == StepState.TAKEN
    written = stage.entries(ANA)
    assert [entry.words for entry in written][1:] == ["Took it. The street smelled of rain."]
    stage.clock.now = datetime(2026, 6, 1, 6, 30, tzinfo=UTC)
    stage.go_to(stage.clock.now + timedelta(hours=1))
    digest = next(mail for mail in stage.mails(ANA) if "in your own words" in mail["subject"])
    assert "Small steps you took" in digest["text"]
    assert STEP in digest["text"]
    assert _follow_ups(stage) == 1


def test_a_bare_answer_is_confirmed_kept_out_of_the_journal_and_can_be_changed(stage: Stage) -> None:
    _choose(stage)
    assert stage.reply(_follow_up(stage), "Not today", client="gmail_android")["status"] == 200
    stage.work()
    assert _last_outcome(stage) == Outcome.COMMAND
    assert _steps(stage)[0].state == StepState.NOT_YET
    answer = stage.mails(ANA)[0]
    assert "Not yet is fine" in answer["text"]
    assert len(stage.entries(ANA)) == 1
    assert stage.link(answer, "/act/")

    assert stage.reply(_follow_up(stage), "let it go")["status"] == 200
    stage.work()
    assert _steps(stage)[0].state == StepState.LET_GO


def test_an_answer_that_says_nothing_plain_is_kept_and_leaves_the_step_as_it_is(stage: Stage) -> None:
    _choose(stage)
    assert stage.reply(_follow_up(stage), "The dog was ill all week.")["status"] == 200
    stage.work()
    assert _steps(stage)[0].state == StepState.OPEN
    assert stage.entries(ANA)[-1].words == "The dog was ill all week."
    stage.go_to(SUNDAY + timedelta(days=4))
    assert _follow_ups(stage) == 1


def test_nobody_elses_answer_changes_a_step(stage: Stage) -> None:
    _choose(stage)
    assert stage.reply(_follow_up(stage), "let it go", sender="mallory@example.net")["status"] == 200
    stage.work()
    assert _last_outcome(stage) == Outcome.HELD
    assert _steps(stage)[0].state == StepState.OPEN


def test_a_reply_that_chooses_nothing_is_never_asked_about(stage: Stage) -> None:
    _choose(stage, "I'm so tired. Everything is too much today.")
    assert _steps(stage) == []
    stage.go_to(SUNDAY)
    assert _follow_ups(stage) == 0


def test_deleting_the_reply_takes_the_step_with_it_and_the_days_question_comes(stage: Stage) -> None:
    _choose(stage)
    stage.reply(stage.mails(ANA)[0], "delete that")
    stage.work()
    assert _steps(stage) == []
    stage.go_to(SUNDAY)
    stage.tick()
    stage.work()
    newest = stage.mails(ANA)[0]
    assert newest["accepted_at"][:10] == "2026-05-10"
    assert STEP not in newest["text"]
