"""By reply alone a person can do everything; see experience.md."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from service.models import Status
from tests.journeys.stage import Stage

ANA = "ana@example.com"


def _say(stage: Stage, words: str, mail: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    """Reply with a command; return the email that came back."""
    before = len(stage.mails(ANA))
    assert stage.reply(mail or stage.mails(ANA)[-2], words, **options)["status"] == 200
    stage.work()
    mails = stage.mails(ANA)
    assert len(mails) == before + 1
    return mails[0]


def test_a_person_rests_and_comes_back_by_reply_alone(stage: Stage) -> None:
    stage.join(ANA)
    answer = _say(stage, "Pause 2 weeks, please.")
    assert answer["subject"] == "Re: Your first question"
    assert "We will be quiet until 20 May" in answer["text"]
    assert stage.person(ANA).resting_until_on == date(2026, 5, 20)
    stage.go_to(datetime(2026, 5, 12, 12, tzinfo=UTC))
    assert stage.mails(ANA)[0]["mail_id"] == answer["mail_id"]

    assert "The questions are back" in _say(stage, "resume", answer)["text"]
    stage.go_to(datetime(2026, 5, 13, 12, tzinfo=UTC))
    assert len(stage.mails(ANA)) == 5  # confirmation, welcome, two answers, a question
    assert stage.entries(ANA) == []


def test_a_person_stops_and_begins_again_by_reply_alone(stage: Stage) -> None:
    stage.join(ANA)
    answer = _say(stage, "Unsubscribe")
    assert "The emails have stopped" in answer["text"]
    assert stage.person(ANA).status == Status.STOPPED
    assert stage.reply(stage.mails(ANA)[1], "Still mine to write.")["status"] == 200
    stage.work()
    assert [entry.words for entry in stage.entries(ANA)] == ["Still mine to write."]

    _say(stage, "Resume.", answer, client="iphone")
    assert stage.person(ANA).status == Status.ACTIVE


def test_weekly_is_undone_by_resume(stage: Stage) -> None:
    stage.join(ANA)
    assert "They come on Sundays at 8 in the morning" in _say(stage, "weekly")["text"]
    assert "They come every day at 8 in the morning" in _say(stage, "resume")["text"]


def test_another_question_comes_at_once_and_its_reply_finds_it(stage: Stage) -> None:
    stage.join(ANA)
    question = _say(stage, "Another question")
    assert stage.reply(question, "This one I can answer.", client="gmail_web")["status"] == 200
    stage.work()
    (entry,) = stage.entries(ANA)
    assert entry.words == "This one I can answer."
    asked = stage.runtime.library.get(entry.prompt_id or "")
    assert asked is not None
    assert asked.subject == question["subject"]
    _say(stage, "smaller")
    _say(stage, "another question")
    assert "Enough questions for one day" in _say(stage, "another question")["text"]


def test_delete_that_takes_back_the_last_reply_and_can_be_taken_back(stage: Stage) -> None:
    stage.join(ANA)
    welcome = stage.mails(ANA)[0]
    for words in ("The first.", "Not for keeping."):
        stage.clock.now += timedelta(minutes=1)
        stage.reply(welcome, words)
        stage.work()
    answer = _say(stage, "Delete that", welcome)
    assert [entry.words for entry in stage.entries(ANA)] == ["The first."]

    link = stage.link(answer, "/act/")
    assert "Put it back" in stage.browser().open(link).text
    assert len(stage.entries(ANA)) == 1
    stage.browser().press(link)
    stage.work()
    assert {entry.words for entry in stage.entries(ANA)} == {"The first.", "Not for keeping."}


def test_delete_that_reaches_back_one_day(stage: Stage) -> None:
    stage.join(ANA)
    welcome = stage.mails(ANA)[0]
    stage.reply(welcome, "Yesterday's.")
    stage.work()
    stage.clock.now += timedelta(hours=25)
    assert "Nothing to delete" in _say(stage, "delete that", welcome)["text"]
    assert len(stage.entries(ANA)) == 1


def test_not_today_is_told_softly_and_counts_as_nothing(stage: Stage) -> None:
    stage.join(ANA)
    assert "Not today, then" in _say(stage, "Not today")["text"]
    assert stage.person(ANA).last_answered_on is None


def test_a_text_that_only_holds_a_command_is_an_entry(stage: Stage) -> None:
    stage.join(ANA)
    words = "I had to stop on the stairs, and asked for help."
    stage.reply(stage.mails(ANA)[0], words)
    stage.work()
    assert [entry.words for entry in stage.entries(ANA)] == [words]
    assert stage.person(ANA).status == Status.ACTIVE


def test_a_command_needs_the_person_s_own_address(stage: Stage) -> None:
    stage.join(ANA)
    stage.reply(stage.mails(ANA)[0], "stop", sender="somebody@example.net")
    stage.work()
    assert stage.person(ANA).status == Status.ACTIVE
    assert "Was this you?" in stage.mails(ANA)[0]["text"]


def test_ten_answers_a_day_and_the_eleventh_is_carried_out_unanswered(stage: Stage) -> None:
    stage.join(ANA)
    welcome = stage.mails(ANA)[0]
    for _ in range(10):
        stage.reply(welcome, "help")
    stage.work()
    before = len(stage.mails(ANA))
    assert before == 12
    stage.reply(welcome, "stop")
    stage.work()
    assert len(stage.mails(ANA)) == before
    assert stage.person(ANA).status == Status.STOPPED
