"""Somebody says nothing for long: they are written to less often, told so twice, and one reply takes it all back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from service.core.easing import Ease
from service.models import Status
from tests.journeys.stage import Stage

ANA = "ana@example.com"
SHALL_WE, A_REST = "Shall we write less often?", "A rest for now"
DAY = timedelta(days=1)


def _since(stage: Stage, mail: dict[str, Any]) -> list[str]:
    """Return the subjects of what came after a mail, oldest first."""
    mails = stage.mails(ANA)
    return [each["subject"] for each in mails[: [each["mail_id"] for each in mails].index(mail["mail_id"])]][::-1]


def test_silence_is_met_by_less_mail_and_one_reply_brings_their_days_back(stage: Stage) -> None:
    stage.join(ANA)
    welcome = stage.mails(ANA)[0]
    stage.go_to(datetime(2026, 5, 14, 12, tzinfo=UTC))
    assert len(_since(stage, welcome)) == 8
    stage.go_to(datetime(2026, 5, 15, 12, tzinfo=UTC))
    first_notice = stage.mails(ANA)[0]
    assert first_notice["subject"] == SHALL_WE
    assert "From now on one question a week will come" in first_notice["text"]

    stage.go_to(datetime(2026, 7, 10, 12, tzinfo=UTC))
    weekly = _since(stage, first_notice)
    assert SHALL_WE not in weekly
    assert len(weekly) == 9  # eight Sundays, and the one question of a quiet month
    stage.go_to(datetime(2026, 7, 12, 12, tzinfo=UTC))
    second_notice = stage.mails(ANA)[0]
    assert second_notice["subject"] == A_REST

    stage.go_to(datetime(2026, 11, 20, 12, tzinfo=UTC))
    assert _since(stage, second_notice) == []

    assert stage.reply(second_notice, "Still here.", client="gmail_web")["status"] == 200
    stage.work()
    (entry,) = stage.entries(ANA)
    assert (entry.words, entry.written_on) == ("Still here.", date(2026, 11, 20))
    person = stage.person(ANA)
    assert (person.status, person.eased, person.schedule.days.mask) == (Status.ACTIVE, None, 127)
    receipt = stage.mails(ANA)[0]
    stage.go_to(datetime(2026, 11, 23, 12, tzinfo=UTC))
    assert len(_since(stage, receipt)) == 3


def test_one_command_takes_once_a_week_back_and_weekly_keeps_it(stage: Stage) -> None:
    stage.join(ANA)
    stage.go_to(datetime(2026, 5, 15, 12, tzinfo=UTC))
    notice = stage.mails(ANA)[0]
    assert notice["subject"] == SHALL_WE
    stage.reply(notice, "Weekly.", client="iphone")
    stage.work()
    assert "Once a week from now on" in stage.mails(ANA)[0]["text"]
    person = stage.person(ANA)
    assert (person.eased, person.schedule.days.mask, person.usual_days_mask) == (None, 64, 127)
    stage.reply(notice, "resume", client="iphone")
    stage.work()
    assert "They come every day at 8 in the morning" in stage.mails(ANA)[0]["text"]
    assert stage.entries(ANA) == []


def test_a_rest_of_their_own_choice_is_not_ended_by_writing(stage: Stage) -> None:
    stage.join(ANA)
    welcome = stage.mails(ANA)[0]
    stage.reply(welcome, "pause")
    stage.reply(welcome, "Resting, and writing.")
    stage.work()
    assert [entry.words for entry in stage.entries(ANA)] == ["Resting, and writing."]
    last = stage.mails(ANA)[0]
    stage.go_to(datetime(2026, 5, 25, 12, tzinfo=UTC))
    assert _since(stage, last) == []
    assert stage.person(ANA).status == Status.RESTING


def test_a_clock_that_was_down_brings_one_notice(stage: Stage) -> None:
    stage.join(ANA)
    stage.go_to(datetime(2026, 5, 14, 12, tzinfo=UTC))
    stage.clock.now = datetime(2026, 5, 25, 9, tzinfo=UTC)
    for _ in range(3):
        stage.tick()
        stage.work()
        stage.clock.now += timedelta(hours=5)
    assert [mail["subject"] for mail in stage.mails(ANA)].count(SHALL_WE) == 1
    assert stage.person(ANA).eased == Ease.WEEKLY
    assert stage.mails(ANA)[0]["subject"] == SHALL_WE
