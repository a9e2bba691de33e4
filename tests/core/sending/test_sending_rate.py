"""The rate of an hour, while a domain is new and afterwards."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from service.core.sending.sending_rate import hourly_rate

FIRST = date(2026, 12, 1)


@pytest.mark.parametrize(
    ("day", "most", "expected"),
    [
        (-3, None, 20),
        (0, None, 20),
        (1, None, 40),
        (5, None, 640),
        (13, None, 163_840),
        (14, None, None),
        (0, 10, 10),
        (3, 100, 100),
        (2, 100, 80),
        (14, 100, 100),
        (400, 100, 100),
    ],
)
def test_a_warm_up_doubles_daily_up_to_the_rate_that_was_set(day: int, most: int | None, expected: int | None) -> None:
    assert hourly_rate(FIRST + timedelta(days=day), most=most, warm_up_from=FIRST) == expected


@pytest.mark.parametrize("most", [None, 100])
def test_without_a_warm_up_the_rate_is_the_one_that_was_set(most: int | None) -> None:
    assert hourly_rate(FIRST, most=most, warm_up_from=None) == most
