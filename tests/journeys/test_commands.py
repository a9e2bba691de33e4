"""By reply alone a person can do everything."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from service.models import SubscriberStatus
from tests.harness.journey import JourneyHarness

ANA = "ana@example.com"


def _say(journey: JourneyHarness, words: str, mail: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    """Reply with a command; return the email that came back."""
    before = len(journey.mails(ANA))
    assert journey.reply(mail or journey.mails(ANA)[-2], words, **options)["status"] == 200
    journey.work()
    mails = journey.mails(ANA)
    assert len(mails) == before + 1
    return mails[0]


def test_a_person_rests_and_comes_back_by_reply_alone(journey: JourneyHarness) -> None:
    journey.join(ANA)
    answer = _say(journey, "Pause 2 weeks, please.")
    assert answer["subject"] == "Re: Your first question"
    assert "We’ll be quiet until 20 May" in answer["text"]
    assert journey.person(ANA).resting_until_on == date(2026, 5, 20)
    journey.go_to(datetime(2026, 5, 12, 12, tzinfo=UTC))
    assert journey.mails(ANA)[0]["mail_id"] == answer["mail_id"]

    assert "The questions are back" in _say(journey, "resume", answer)["text"]
    journey.go_to(datetime(2026, 5, 13, 12, tzinfo=UTC))
    assert len(journey.mails(ANA)) == 5  # confirmation, welcome, two answers, a question
    assert journey.entries(ANA) == []


def test_a_person_stops_and_begins_again_by_reply_alone(journey: JourneyHarness) -> None:
    journey.join(ANA)
    answer = _say(journey, "Unsubscribe")
    assert "The emails have stopped" in answer["text"]
    assert journey.person(ANA).status == SubscriberStatus.STOPPED
    assert journey.reply(journey.mails(ANA)[1], "Still mine to write.")["status"] == 200
    journey.work()
    assert [entry.words for entry in journey.entries(ANA)] == ["Still mine to write."]

    _say(journey, "Resume.", answer, client="iphone")
    assert journey.person(ANA).status == SubscriberStatus.ACTIVE


def test_weekly_is_undone_by_resume(journey: JourneyHarness) -> None:
    journey.join(ANA)
    assert "Questions come on Sundays at 8 in the morning" in _say(journey, "weekly")["text"]
    assert "Questions come every day at 8 in the morning" in _say(journey, "resume")["text"]


def test_another_question_comes_at_once_and_its_reply_finds_it(journey: JourneyHarness) -> None:
    journey.join(ANA)
    question = _say(journey, "Another question")
    assert journey.reply(question, "This one I can answer.", client="gmail_web")["status"] == 200
    journey.work()
    (entry,) = journey.entries(ANA)
    assert entry.words == "This one I can answer."
    asked = journey.runtime.library.get(entry.prompt_id or "")
    assert asked is not None
    assert asked.subject == question["subject"]
    _say(journey, "smaller")
    _say(journey, "another question")
    assert "Enough questions for one day" in _say(journey, "another question")["text"]


def test_delete_that_takes_back_the_last_reply_and_can_be_taken_back(journey: JourneyHarness) -> None:
    journey.join(ANA)
    welcome = journey.mails(ANA)[0]
    for words in ("The first.", "Not for keeping."):
        journey.clock.now += timedelta(minutes=1)
        journey.reply(welcome, words)
        journey.work()
    answer = _say(journey, "Delete that", welcome)
    assert [entry.words for entry in journey.entries(ANA)] == ["The first."]

    link = journey.link(answer, "/act/")
    assert "Put it back" in journey.browser().open(link).text
    assert len(journey.entries(ANA)) == 1
    journey.browser().press(link)
    journey.work()
    assert {entry.words for entry in journey.entries(ANA)} == {"The first.", "Not for keeping."}


def test_delete_that_reaches_back_one_day(journey: JourneyHarness) -> None:
    journey.join(ANA)
    welcome = journey.mails(ANA)[0]
    journey.reply(welcome, "Yesterday's.")
    journey.work()
    journey.clock.now += timedelta(hours=25)
    assert "Nothing to delete" in _say(journey, "delete that", welcome)["text"]
    assert len(journey.entries(ANA)) == 1


def test_not_today_is_told_softly_and_counts_as_nothing(journey: JourneyHarness) -> None:
    journey.join(ANA)
    assert "Not today, then" in _say(journey, "Not today")["text"]
    assert journey.person(ANA).last_answered_on is None


def test_a_text_that_only_holds_a_command_is_an_entry(journey: JourneyHarness) -> None:
    journey.join(ANA)
    words = "I had to stop on the stairs, and asked for help."
    journey.reply(journey.mails(ANA)[0], words)
    journey.work()
    assert [entry.words for entry in journey.entries(ANA)] == [words]
    assert journey.person(ANA).status == SubscriberStatus.ACTIVE


def test_a_command_needs_the_person_s_own_address(journey: JourneyHarness) -> None:
    journey.join(ANA)
    journey.reply(journey.mails(ANA)[0], "stop", sender="somebody@example.net")
    journey.work()
    assert journey.person(ANA).status == SubscriberStatus.ACTIVE
    assert "Was this you?" in journey.mails(ANA)[0]["text"]


def test_a_command_is_confirmed_however_many_were_before_it_on_that_day(journey: JourneyHarness) -> None:
    journey.join(ANA)
    welcome = journey.mails(ANA)[0]
    for _ in range(10):
        journey.reply(welcome, "help")
    journey.work()
    before = len(journey.mails(ANA))
    assert before == 12
    journey.reply(welcome, "unsubscribe")
    journey.work()
    assert len(journey.mails(ANA)) == before + 1
    assert "The emails have stopped" in journey.mails(ANA)[0]["text"]
    assert journey.person(ANA).status == SubscriberStatus.STOPPED
