"""Quiet dates: which days they are, how they are typed, and how they are said."""

from datetime import date

import pytest

from service.core.settings.quiet_dates import MonthDay, QuietSpan, first_other_day, is_quiet

MARCH = QuietSpan(MonthDay(3, 12), MonthDay(3, 12))
NEW_YEAR = QuietSpan(MonthDay(12, 20), MonthDay(1, 3))
LEAP_DAY = QuietSpan(MonthDay(2, 29), MonthDay(2, 29))


@pytest.mark.parametrize(
    ("span", "on", "quiet"),
    [
        pytest.param(MARCH, date(2026, 3, 12), True, id="the day, in any year"),
        pytest.param(MARCH, date(2026, 3, 13), False, id="the day after"),
        pytest.param(NEW_YEAR, date(2026, 12, 20), True, id="the first day of a span"),
        pytest.param(NEW_YEAR, date(2027, 1, 3), True, id="the last day, in the new year"),
        pytest.param(NEW_YEAR, date(2027, 1, 4), False, id="after the span"),
        pytest.param(NEW_YEAR, date(2026, 12, 19), False, id="before the span"),
        pytest.param(LEAP_DAY, date(2028, 2, 29), True, id="29 February"),
        pytest.param(LEAP_DAY, date(2028, 2, 28), False, id="28 February of a leap year"),
        pytest.param(LEAP_DAY, date(2026, 2, 28), True, id="28 February of a year without a 29th"),
        pytest.param(LEAP_DAY, date(2026, 3, 1), False, id="1 March"),
    ],
)
def test_a_date_is_quiet_every_year(span: QuietSpan, on: date, quiet: bool) -> None:
    assert is_quiet(on, [MARCH if span is not MARCH else NEW_YEAR, span]) is quiet


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        pytest.param("12 March", (3, 12), id="as it is said"),
        pytest.param(" the 12th of march ", (3, 12), id="in full"),
        pytest.param("March 12th", (3, 12), id="the month first"),
        pytest.param("1 sept", (9, 1), id="shortened"),
        pytest.param("3/12", (12, 3), id="numbers, the day first"),
        pytest.param("29.2.", (2, 29), id="a leap day"),
        pytest.param("30 February", None, id="no such day"),
        pytest.param("12 Smarch", None, id="no such month"),
        pytest.param("1/13", None, id="no such number of a month"),
        pytest.param("12 March 2020", None, id="one year alone"),
        pytest.param("ju 3", None, id="June or July"),
        pytest.param("12", None, id="no month"),
        pytest.param("", None, id="nothing"),
        pytest.param("١٢ March", None, id="other digits"),
    ],
)
def test_a_day_is_read_as_people_type_it(typed: str, day: tuple[int, int] | None) -> None:
    assert MonthDay.parse(typed) == day


def test_a_span_is_said_as_one_would() -> None:
    assert [str(span) for span in (MARCH, NEW_YEAR)] == ["12 March", "20 December to 3 January"]


def test_a_span_that_is_typed_the_wrong_way_round_is_too_long() -> None:
    assert QuietSpan(MonthDay(3, 12), MonthDay(3, 11)).is_too_long
    assert not NEW_YEAR.is_too_long


def test_the_first_other_day_is_after_all_spans_that_touch() -> None:
    touching = QuietSpan(MonthDay(1, 4), MonthDay(1, 6))
    assert first_other_day(date(2026, 12, 30), [touching, NEW_YEAR]) == date(2027, 1, 7)
    assert first_other_day(date(2026, 12, 19), [NEW_YEAR]) == date(2026, 12, 19)
    assert first_other_day(date(2026, 5, 1), [QuietSpan(MonthDay(1, 1), MonthDay(12, 31))]) is None
