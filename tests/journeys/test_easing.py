"""Somebody says nothing for long: they are written to less often, told so twice, and one reply takes it all back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from service.core.settings.frequency import SlowDown
from service.models import SubscriberStatus
from tests.harness.journey import JourneyHarness

ANA = "ana@example.com"
SHALL_WE, A_REST = "Shall we write less often?", "A rest for now"
DAY = timedelta(days=1)


def _since(journey: JourneyHarness, mail: dict[str, Any]) -> list[str]:
    """Return the subjects of what came after a mail, oldest first."""
    mails = journey.mails(ANA)
    return [each["subject"] for each in mails[: [each["mail_id"] for each in mails].index(mail["mail_id"])]][::-1]


def test_silence_is_met_by_less_mail_and_one_reply_brings_their_days_back(journey: JourneyHarness) -> None:
    journey.join(ANA)
    welcome = journey.mails(ANA)[0]
    journey.go_to(datetime(2026, 5, 14, 12, tzinfo=UTC))
    assert len(_since(journey, welcome)) == 8
    journey.go_to(datetime(2026, 5, 15, 12, tzinfo=UTC))
    first_notice = journey.mails(ANA)[0]
    assert first_notice["subject"] == SHALL_WE
    assert "From now on you’ll get one question a week" in first_notice["text"]

    journey.go_to(datetime(2026, 7, 10, 12, tzinfo=UTC))
    weekly = _since(journey, first_notice)
    assert SHALL_WE not in weekly
    assert len(weekly) == 9  # eight Sundays, and the one question of a quiet month
    journey.go_to(datetime(2026, 7, 12, 12, tzinfo=UTC))
    second_notice = journey.mails(ANA)[0]
    assert second_notice["subject"] == A_REST

    journey.go_to(datetime(2026, 11, 20, 12, tzinfo=UTC))
    assert _since(journey, second_notice) == []

    assert journey.reply(second_notice, "Still here.", client="gmail_web")["status"] == 200
    journey.work()
    (entry,) = journey.entries(ANA)
    assert (entry.words, entry.written_on) == ("Still here.", date(2026, 11, 20))
    person = journey.person(ANA)
    assert (person.status, person.slow_down_stage, person.schedule.days.mask) == (SubscriberStatus.ACTIVE, None, 127)
    receipt = journey.mails(ANA)[0]
    journey.go_to(datetime(2026, 11, 23, 12, tzinfo=UTC))
    assert len(_since(journey, receipt)) == 3


def test_one_command_takes_once_a_week_back_and_weekly_keeps_it(journey: JourneyHarness) -> None:
    journey.join(ANA)
    journey.go_to(datetime(2026, 5, 15, 12, tzinfo=UTC))
    notice = journey.mails(ANA)[0]
    assert notice["subject"] == SHALL_WE
    journey.reply(notice, "Weekly.", client="iphone")
    journey.work()
    assert "Once a week from now on" in journey.mails(ANA)[0]["text"]
    person = journey.person(ANA)
    assert (person.slow_down_stage, person.schedule.days.mask, person.usual_days_mask) == (None, 64, 127)
    journey.reply(notice, "resume", client="iphone")
    journey.work()
    assert "Questions come every day at 8 in the morning" in journey.mails(ANA)[0]["text"]
    assert journey.entries(ANA) == []


def test_a_rest_of_their_own_choice_is_not_ended_by_writing(journey: JourneyHarness) -> None:
    journey.join(ANA)
    welcome = journey.mails(ANA)[0]
    journey.reply(welcome, "pause")
    journey.reply(welcome, "Resting, and writing.")
    journey.work()
    assert [entry.words for entry in journey.entries(ANA)] == ["Resting, and writing."]
    last = journey.mails(ANA)[0]
    journey.go_to(datetime(2026, 5, 25, 12, tzinfo=UTC))
    assert _since(journey, last) == []
    assert journey.person(ANA).status == SubscriberStatus.RESTING


def test_a_clock_that_was_down_brings_one_notice(journey: JourneyHarness) -> None:
    journey.join(ANA)
    journey.go_to(datetime(2026, 5, 14, 12, tzinfo=UTC))
    journey.clock.now = datetime(2026, 5, 25, 9, tzinfo=UTC)
    for _ in range(3):
        journey.tick()
        journey.work()
        journey.clock.now += timedelta(hours=5)
    assert [mail["subject"] for mail in journey.mails(ANA)].count(SHALL_WE) == 1
    assert journey.person(ANA).slow_down_stage == SlowDown.WEEKLY
    assert journey.mails(ANA)[0]["subject"] == SHALL_WE
