from __future__ import annotations

from datetime import date

from service.core.month.small_month import small_months


def test_a_year_has_twelve_months_with_its_days_from_monday_on() -> None:
    months = small_months(2026, [date(2026, 5, 9), date(2026, 5, 2), date(2026, 5, 3), date(2026, 5, 4)])
    assert [month.first.month for month in months] == [*range(1, 13)]
    may, june = months[4], months[5]
    assert may.days[:4] == [None, None, None, None]  # 1 May 2026 was a Friday
    assert len(may.days) == 4 + 31
    assert [place - 3 for place, is_written in enumerate(may.days) if is_written] == [2, 3, 4, 9]
    assert may.sentence == "the 2nd to 4th and 9th"
    assert june.sentence == ""
    assert not any(june.days)


def test_the_first_and_the_last_year_have_months_too() -> None:
    for year in (1, 9999):
        assert [len([day for day in month.days if day is not None]) for month in small_months(year, ())][-1] == 31
