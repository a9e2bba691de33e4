"""A small step: chosen in a reply, asked about once, answered, and honoured in the month."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from service.core.journal.steps import StepState
from service.models import Delivery, DeliveryKind, Outcome, Reply, Step, Subscriber
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
    assert "ask about it once" in question["text"]
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


def _chosen_mail(journey: JourneyHarness) -> dict[str, Any]:
    """Return the email that says which step was chosen."""
    return next(mail for mail in journey.mails(ANA) if "sounded like a small step" in " ".join(mail["text"].split()))


def test_the_step_is_told_at_once_and_one_press_takes_it_back_and_another_brings_it_again(
    journey: JourneyHarness,
) -> None:
    _choose(journey)
    told = _chosen_mail(journey)
    assert told["subject"] == "Re: Nearly silly"
    assert told["text"].startswith("Your reply is in your journal")
    assert STEP in told["text"]
    assert STEP in told["html"]
    link, browser = journey.link(told, "/act/"), journey.browser()
    assert STEP in browser.open(link).text
    assert len(_steps(journey)) == 1  # looking changes nothing
    assert "It’s not a small step" in browser.press(link, step="no").text
    assert _steps(journey) == []
    assert len(journey.entries(ANA)) == 1
    browser.press(link, step="yes")
    assert len(_steps(journey)) == 1
    browser.press(link, step="no")
    journey.go_to(SUNDAY + timedelta(days=3))
    assert not [mail for mail in journey.mails(ANA) if "The step you chose" in mail["text"]]


# The mail program changes what is read, and not the statements, so one of them is enough for PostgreSQL.
@pytest.mark.parametrize(
    ("database_url", "client"),
    [("postgresql", "gmail_web"), ("sqlite", "gmail_web"), ("sqlite", "outlook_desktop"), ("sqlite", "phone")],
    indirect=["database_url"],
)
def test_not_a_step_takes_it_back_by_reply_to_either_email(journey: JourneyHarness, client: str) -> None:
    _choose(journey)
    journey.clock.now += timedelta(minutes=1)
    assert journey.reply(_chosen_mail(journey), "That wasn’t a step.", client=client)["status"] == 200
    journey.work()
    assert _last_outcome(journey) == Outcome.COMMAND
    assert _steps(journey) == []
    answer = journey.mails(ANA)[0]
    assert "We won’t ask about it" in answer["text"]
    assert len(journey.entries(ANA)) == 1
    journey.browser().press(journey.link(answer, "/act/"), step="yes")
    journey.reply(_follow_up(journey), "Not a step", client=client)
    journey.work()
    assert _steps(journey) == []


def test_not_a_step_takes_back_the_step_of_the_email_that_is_answered(journey: JourneyHarness) -> None:
    _choose(journey)
    first = _chosen_mail(journey)
    journey.clock.now += timedelta(days=1)
    journey.reply(journey.ask(ANA, "nearly-silly"), "After I feed the cat, I will open the window.")
    journey.work()
    first_id, second_id = sorted((step.created_at, step.id) for step in _steps(journey))
    journey.reply(first, "Not a step")
    journey.work()
    assert [step.id for step in _steps(journey)] == [second_id[1]]
    assert first_id != second_id


def test_not_a_step_is_words_where_no_step_was_spoken_of(journey: JourneyHarness) -> None:
    _choose(journey)
    journey.clock.now += timedelta(days=1)
    journey.reply(journey.ask(ANA, "three-o-clock"), "Not a step.")
    journey.work()
    assert len(_steps(journey)) == 1
    assert journey.entries(ANA)[-1].words == "Not a step."


def test_somebody_discreet_is_told_of_the_step_without_its_words(journey: JourneyHarness) -> None:
    journey.join(ANA)
    with journey.runtime.database.write() as session:
        session.get_one(Subscriber, journey.person(ANA).id).is_discreet = True
    journey.clock.now += timedelta(days=1)
    journey.reply(journey.ask(ANA, "nearly-silly"), STEP)
    journey.work()
    told = _chosen_mail(journey)
    link = journey.link(told, "/act/")
    page = journey.browser().open(link).text
    for text in (told["subject"], told["text"], told["html"], page):
        assert STEP not in text
    journey.browser().press(link, step="no")
    assert _steps(journey) == []


def test_a_step_that_was_answered_is_not_taken_back_by_an_old_link(journey: JourneyHarness) -> None:
    _choose(journey)
    link = journey.link(_chosen_mail(journey), "/act/")
    journey.reply(_follow_up(journey), "Took it")
    journey.work()
    assert "already told us" in journey.browser().open(link).text
    assert journey.browser().press(link, page="/", step="no").status_code == 200  # that page has no button
    assert [step.state for step in _steps(journey)] == [StepState.TAKEN]


@pytest.mark.parametrize(("client", "where"), [("outlook_desktop", "bottom"), ("yahoo", "between")])
def test_the_email_about_a_step_is_known_again_when_it_is_quoted(
    journey: JourneyHarness, client: str, where: str
) -> None:
    _choose(journey)
    words = "The lamp hums, and I listened.\n\nThen I slept."
    journey.clock.now += timedelta(minutes=1)
    journey.reply(_chosen_mail(journey), words, client=client, where=where)
    journey.work()
    assert " ".join(journey.entries(ANA)[-1].words.split()) == " ".join(words.split())
    assert len(_steps(journey)) == 1
