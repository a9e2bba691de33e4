"""The loop: sign up, be asked, reply, find it in the journal, get the month back."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tests.journeys.stage import Stage

ANA = "ana@example.com"
WORDS = "Rain on the bus window.\n\nI counted the stops and it helped."


def test_a_person_signs_up_is_asked_replies_and_gets_the_month_back(stage: Stage) -> None:
    browser = stage.join(ANA)
    welcome = stage.mails(ANA)[0]
    assert welcome["subject"] == "Your first question"

    assert stage.reply(welcome, WORDS)["status"] == 200
    stage.work()
    (entry,) = stage.entries(ANA)
    assert entry.words == WORDS
    assert entry.written_on == date(2026, 5, 6)
    assert stage.mails(ANA)[0]["subject"].startswith("Re: ")

    stage.go_to(datetime(2026, 5, 8, 12, tzinfo=UTC))
    prompt = stage.mails(ANA)[0]
    assert stage.reply(prompt, "Soup, slowly.", client="iphone", form="mime")["status"] == 200
    stage.work()
    assert [entry.words for entry in stage.entries(ANA)] == [WORDS, "Soup, slowly."]
    assert "Soup, slowly." in browser.open("/journal/2026-05-08").text

    stage.go_to(datetime(2026, 6, 1, 12, tzinfo=UTC))
    digest = stage.mails(ANA)[0]
    assert digest["subject"] == "Your May, in your own words"
    assert "Soup, slowly." in digest["text"]
    assert "Soup, slowly." in digest["html"]

    page = stage.link(digest, "/digest/")
    assert "Soup, slowly." in stage.browser().open(page).text
    kept = stage.entries(ANA)[1]
    assert browser.press(f"/journal/entry/{kept.id}/delete").status_code == 200
    assert "Soup, slowly." not in stage.browser().open(page).text


def test_each_local_day_of_the_schedule_brings_one_email_and_the_first_brings_the_digest(stage: Stage) -> None:
    stage.join(ANA)
    put_away = (13, 20, 27)  # a sign of her each week, or less would be written
    for day in put_away:
        stage.go_to(datetime(2026, 5, day, 12, tzinfo=UTC))
        stage.reply(stage.mails(ANA)[0], "Not today")
        stage.work()
    stage.go_to(datetime(2026, 6, 2, 12, tzinfo=UTC))
    received = [mail["subject"] for mail in stage.mails(ANA)]
    assert received[-2:] == ["Your first question", "Confirm your emails"]
    assert received.count("May, and a question") == 1
    answers = [subject for subject in received if subject.startswith("Re: ")]
    assert len(answers) == len(put_away)
    asked = len(received) - len(answers)
    assert asked == 2 + 25 + 1 + 1  # confirmation and welcome, 7 to 31 May, the quiet month, 2 June
    assert len(set(received)) == len(received)
