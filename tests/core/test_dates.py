from datetime import date

import pytest

from service.core.dates import day_and_month, full_date, listed, month_name, months_listed, ordinal, ordinals_listed


def test_dates_are_said_in_british_english() -> None:
    day = date(2026, 5, 14)
    assert month_name(day) == "May"
    assert day_and_month(day) == "14 May"
    assert full_date(day) == "Thursday 14 May 2026"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (11, "11th"),
        (12, "12th"),
        (13, "13th"),
        (21, "21st"),
        (31, "31st"),
    ],
)
def test_ordinals_have_the_right_ending(number: int, said: str) -> None:
    assert ordinal(number) == said


def test_a_list_has_its_and_before_the_last() -> None:
    assert [listed(parts) for parts in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ([14], "14th"),
        ([2, 5, 9], "2nd, 5th and 9th"),
        ([9, 2, 5, 5], "2nd, 5th and 9th"),
        ([1, 2], "1st and 2nd"),
        ([1, 3, 4, 5, 6, 12], "1st, 3rd to 6th and 12th"),
        ([1, 2, 3, 29, 30, 31], "1st to 3rd and 29th to 31st"),
    ],
    ids=["one", "apart", "unsorted and twice", "two in a row", "a run between", "two runs"],
)
def test_days_are_listed_with_runs(days: list[int], said: str) -> None:
    assert ordinals_listed([date(2026, 5, day) for day in days]) == said


@pytest.mark.parametrize(
    ("months", "said"),
    [
        ([5], "May"),
        ([3, 5], "March and May"),
        ([11, 12, 1], "January, November and December"),
        ([3, 5, 8, 9, 10, 11, 12], "March, May and August to December"),
    ],
    ids=["one", "apart", "unsorted", "a run at the end"],
)
def test_months_are_listed_with_runs(months: list[int], said: str) -> None:
    assert months_listed([date(2026, month, 1) for month in months]) == said
