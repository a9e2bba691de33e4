from __future__ import annotations

import pytest

from service.core.easing import REST_AFTER, WEEKLY_AFTER, Ease, ease_due, once_a_week
from service.core.schedule import Days, Rhythm

DAILY, THREE, SUNDAYS = Rhythm.DAILY.days, Rhythm.THREE.days, Rhythm.SUNDAYS.days


@pytest.mark.parametrize("days", [DAILY, THREE, SUNDAYS, Days.of(2), Days.of(0, 6)], ids=str)
@pytest.mark.parametrize("unanswered", range(WEEKLY_AFTER))
def test_until_eight_are_unanswered_nothing_changes(unanswered: int, days: Days) -> None:
    assert ease_due(unanswered, days, None) is None


@pytest.mark.parametrize(
    ("unanswered", "days", "eased", "due"),
    [
        pytest.param(8, DAILY, None, Ease.WEEKLY, id="eight: once a week"),
        pytest.param(8, Days.of(0, 6), None, Ease.WEEKLY, id="two a week is more than once a week"),
        pytest.param(9, THREE, None, Ease.WEEKLY, id="one more was on its way"),
        pytest.param(30, DAILY, None, Ease.WEEKLY, id="once a week always comes before a rest"),
        pytest.param(8, SUNDAYS, None, None, id="once a week already, by their own choice"),
        pytest.param(8, SUNDAYS, Ease.WEEKLY, None, id="once a week already, by our doing"),
        pytest.param(15, SUNDAYS, Ease.WEEKLY, None, id="not yet eight more"),
        pytest.param(9, DAILY, Ease.WEEKLY, None, id="once a week is due once, whatever the days"),
        pytest.param(16, SUNDAYS, Ease.WEEKLY, Ease.REST, id="eight more: a rest"),
        pytest.param(15, Days.of(2), None, None, id="their own once a week lasts for sixteen"),
        pytest.param(16, Days.of(2), None, Ease.REST, id="sixteen of their own once a week: a rest"),
        pytest.param(99, DAILY, Ease.REST, None, id="a rest is the last stage"),
    ],
)
def test_which_stage_is_due(unanswered: int, days: Days, eased: Ease | None, due: Ease | None) -> None:
    assert ease_due(unanswered, days, eased) is due


@pytest.mark.parametrize("mask", range(1, 128))
def test_whatever_their_days_silence_leads_through_each_stage_once(mask: int) -> None:
    days, eased, stages = Days(mask), None, []
    for unanswered in range(3 * REST_AFTER):
        stage = ease_due(unanswered, days, eased)
        if stage is not None:
            stages.append((unanswered, stage))
            eased, days = stage, once_a_week(days)
    once = [(REST_AFTER, Ease.REST)]
    assert stages == (once if mask.bit_count() == 1 else [(WEEKLY_AFTER, Ease.WEEKLY), *once])


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
