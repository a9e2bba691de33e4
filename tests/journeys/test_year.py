"""The end of a year: December's digest on the 1st, the year on the 2nd, and a reply that carries only new words."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tests.harness.journey import JourneyHarness

ANA = "ana@example.com"
JOINED = datetime(2026, 11, 16, 9, tzinfo=UTC)
NOVEMBER, DECEMBER, YEAR = (f"Your {name}, in your own words" for name in ("November", "December", "2026"))
SUNDAYS = {
    date(2026, 11, 22): "The kettle, just before it clicked off.",
    date(2026, 11, 29): "Priya, on the phone. We said nothing much.",
    date(2026, 12, 6): "The radio was on low, and nobody asked me anything.",
    date(2026, 12, 13): "Rain on the skylight. I let it be the loudest thing.",
    date(2026, 12, 20): "A neighbour held the door, and asked after my knee.",
    date(2026, 12, 27): "Snow on the sill. The washing up could wait.",
}
ANSWER = "More of the slow mornings.\n\nAnd the bus, when it is late."


def _answers(journey: JourneyHarness, at: datetime, words: str) -> None:
    """Move the clock to that time, and answer the last question."""
    journey.go_to(at)
    assert journey.reply(journey.mails(ANA)[0], words)["status"] == 200
    journey.work()


def test_the_year_comes_back_a_day_after_december_and_is_answered(journey: JourneyHarness) -> None:
    journey.clock.now = JOINED
    browser = journey.join(ANA, rhythm="sundays")
    for day, words in SUNDAYS.items():
        _answers(journey, datetime(day.year, day.month, day.day, 12, tzinfo=UTC), words)

    journey.go_to(datetime(2027, 1, 1, 12, tzinfo=UTC))
    received = [mail["subject"] for mail in journey.mails(ANA)]
    assert received[0] == DECEMBER
    assert YEAR not in received
    journey.go_to(datetime(2027, 1, 2, 7, 59, tzinfo=UTC))
    assert YEAR not in [mail["subject"] for mail in journey.mails(ANA)]
    journey.go_to(datetime(2027, 1, 2, 8, 0, tzinfo=UTC))
    year = journey.mails(ANA)[0]
    assert year["subject"] == YEAR
    assert "You wrote in November and December." in year["text"]
    said = [words for words in SUNDAYS.values() if words in " ".join(year["text"].split())]
    assert len(said) >= 2
    assert all(words in " ".join(year["html"].split()) for words in said)

    assert "/sign-in" in browser.open(journey.link(year, "/year/")).url  # a month has passed since she signed in
    browser.press("/sign-in", email=ANA)
    journey.work()
    page = browser.press(journey.link(journey.mails(ANA)[0], "/sign-in/")).text
    assert all(words in page for words in said)
    assert 'href="/journal/2026-12"' in page
    assert browser.open("/journal/2026-12.md").text.startswith("# December 2026\n\n## Sunday 6 December 2026\n")

    for client in ("iphone", "outlook_web"):
        assert journey.reply(year, f"{ANSWER}\n\n{client}", client=client, form="mime")["status"] == 200
        journey.work()
    answers = [entry for entry in journey.entries(ANA) if entry.written_on == date(2027, 1, 2)]
    assert {entry.words for entry in answers} == {f"{ANSWER}\n\niphone", f"{ANSWER}\n\noutlook_web"}

    journey.go_to(datetime(2027, 1, 10, 12, tzinfo=UTC))
    subjects = [mail["subject"] for mail in journey.mails(ANA)]
    assert (subjects.count(YEAR), subjects.count(DECEMBER), subjects.count(NOVEMBER)) == (1, 1, 1)


def test_a_daily_rhythm_has_the_year_in_place_of_that_days_question(journey: JourneyHarness) -> None:
    journey.clock.now = JOINED
    journey.join(ANA)
    _answers(journey, datetime(2026, 11, 20, 12, tzinfo=UTC), "The kettle, just before it clicked off.")
    _answers(journey, datetime(2026, 12, 20, 12, tzinfo=UTC), "Snow on the sill.")
    journey.go_to(datetime(2026, 12, 31, 12, tzinfo=UTC))
    before = len(journey.mails(ANA))
    journey.go_to(datetime(2027, 1, 3, 12, tzinfo=UTC))
    *_, third, second, first = [mail["subject"] for mail in journey.mails(ANA)][: len(journey.mails(ANA)) - before]
    assert (first, second) == (DECEMBER, YEAR)
    assert "in your own words" not in third
    assert len(journey.mails(ANA)) == before + 3
