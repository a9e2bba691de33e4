from __future__ import annotations

import pytest

from service.core.settings.frequency import REST_AFTER, WEEKLY_AFTER, SlowDown, once_a_week, slow_down_due
from service.core.settings.schedule import Days, Rhythm

DAILY, THREE, SUNDAYS = Rhythm.DAILY.days, Rhythm.THREE.days, Rhythm.SUNDAYS.days


@pytest.mark.parametrize("days", [DAILY, THREE, SUNDAYS, Days.of(2), Days.of(0, 6)], ids=str)
@pytest.mark.parametrize("unanswered", range(WEEKLY_AFTER))
def test_until_eight_are_unanswered_nothing_changes(unanswered: int, days: Days) -> None:
    assert slow_down_due(unanswered, days, None) is None


@pytest.mark.parametrize(
    ("unanswered", "days", "slow_down_stage", "due"),
    [
        pytest.param(8, DAILY, None, SlowDown.WEEKLY, id="eight: once a week"),
        pytest.param(8, Days.of(0, 6), None, SlowDown.WEEKLY, id="two a week is more than once a week"),
        pytest.param(9, THREE, None, SlowDown.WEEKLY, id="one more was on its way"),
        pytest.param(30, DAILY, None, SlowDown.WEEKLY, id="once a week always comes before a rest"),
        pytest.param(8, SUNDAYS, None, None, id="once a week already, by their own choice"),
        pytest.param(8, SUNDAYS, SlowDown.WEEKLY, None, id="once a week already, by our doing"),
        pytest.param(15, SUNDAYS, SlowDown.WEEKLY, None, id="not yet eight more"),
        pytest.param(9, DAILY, SlowDown.WEEKLY, None, id="once a week is due once, whatever the days"),
        pytest.param(16, SUNDAYS, SlowDown.WEEKLY, SlowDown.REST, id="eight more: a rest"),
        pytest.param(15, Days.of(2), None, None, id="their own once a week lasts for sixteen"),
        pytest.param(16, Days.of(2), None, SlowDown.REST, id="sixteen of their own once a week: a rest"),
        pytest.param(99, DAILY, SlowDown.REST, None, id="a rest is the last stage"),
    ],
)
def test_which_stage_is_due(
    unanswered: int, days: Days, slow_down_stage: SlowDown | None, due: SlowDown | None
) -> None:
    assert slow_down_due(unanswered, days, slow_down_stage) is due


@pytest.mark.parametrize("mask", range(1, 128))
def test_whatever_their_days_silence_leads_through_each_stage_once(mask: int) -> None:
    days, slow_down_stage, stages = Days(mask), None, []
    for unanswered in range(3 * REST_AFTER):
        journey = slow_down_due(unanswered, days, slow_down_stage)
        if journey is not None:
            stages.append((unanswered, journey))
            slow_down_stage, days = journey, once_a_week(days)
    once = [(REST_AFTER, SlowDown.REST)]
    assert stages == (once if mask.bit_count() == 1 else [(WEEKLY_AFTER, SlowDown.WEEKLY), *once])


@pytest.mark.parametrize(
    ("days", "one"),
    [
        pytest.param(DAILY, 6, id="Sunday where it is one of them"),
        pytest.param(Days.of(3, 6), 6, id="Sunday though it is the last"),
        pytest.param(THREE, 0, id="or else the first"),
        pytest.param(Days.of(4), 4, id="the only one"),
    ],
)
def test_once_a_week_is_one_of_their_own_days(days: Days, one: int) -> None:
    assert once_a_week(days) == Days.of(one)
