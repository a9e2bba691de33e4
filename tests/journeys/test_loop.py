"""The loop: sign up, be asked, reply, find it in the journal, get the month back."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tests.harness.journey import JourneyHarness

ANA = "ana@example.com"
WORDS = "Rain on the bus window.\n\nI counted the stops and it helped."


def test_a_person_signs_up_is_asked_replies_and_gets_the_month_back(journey: JourneyHarness) -> None:
    browser = journey.join(ANA)
    welcome = journey.mails(ANA)[0]
    assert welcome["subject"] == "Your first question"

    assert journey.reply(welcome, WORDS)["status"] == 200
    journey.work()
    (entry,) = journey.entries(ANA)
    assert entry.words == WORDS
    assert entry.written_on == date(2026, 5, 6)
    assert journey.mails(ANA)[0]["subject"].startswith("Re: ")

    journey.go_to(datetime(2026, 5, 8, 12, tzinfo=UTC))
    prompt = journey.mails(ANA)[0]
    assert journey.reply(prompt, "Soup, slowly.", client="iphone", form="mime")["status"] == 200
    journey.work()
    assert [entry.words for entry in journey.entries(ANA)] == [WORDS, "Soup, slowly."]
    assert "Soup, slowly." in browser.open("/journal/2026-05-08").text

    journey.go_to(datetime(2026, 5, 20, 12, tzinfo=UTC))
    assert browser.open("/journal").status_code == 200  # used within two weeks, and so still signed in
    journey.go_to(datetime(2026, 6, 1, 12, tzinfo=UTC))
    digest = journey.mails(ANA)[0]
    assert digest["subject"] == "Your May, in your own words"
    assert "Soup, slowly." in digest["text"]
    assert "Soup, slowly." in digest["html"]

    page = journey.link(digest, "/digest/")
    assert "Soup, slowly." in journey.browser().open(page).text
    kept = journey.entries(ANA)[1]
    assert browser.press(f"/journal/entry/{kept.id}/delete").status_code == 200
    assert "Soup, slowly." not in journey.browser().open(page).text


def test_each_local_day_of_the_schedule_brings_one_email_and_the_first_brings_the_digest(
    journey: JourneyHarness,
) -> None:
    journey.join(ANA)
    put_away = (13, 20, 27)  # a sign of her each week, or less would be written
    for day in put_away:
        journey.go_to(datetime(2026, 5, day, 12, tzinfo=UTC))
        journey.reply(journey.mails(ANA)[0], "Not today")
        journey.work()
    journey.go_to(datetime(2026, 6, 2, 12, tzinfo=UTC))
    received = [mail["subject"] for mail in journey.mails(ANA)]
    assert received[-2:] == ["Your first question", "Confirm your email address"]
    assert received.count("May, and a question") == 1
    answers = [subject for subject in received if subject.startswith("Re: ")]
    assert len(answers) == len(put_away)
    asked = len(received) - len(answers)
    assert asked == 2 + 25 + 1 + 1  # confirmation and welcome, 7 to 31 May, the quiet month, 2 June
    assert len(set(received)) == len(received)
