"""The month that stands in a delivery's key follows from its slot."""

from __future__ import annotations

from datetime import datetime

import pytest

from service.core.slots import month_of, request_slot


@pytest.mark.parametrize(
    ("slot", "month"),
    [
        pytest.param("2026-05-06", 202605, id="a local date"),
        pytest.param("2026-05", 202605, id="a month"),
        pytest.param("2026", 202612, id="a year"),
        pytest.param("2026-12-31/12345", 202612, id="a request of a day"),
        pytest.param("first", 0, id="once in a lifetime"),
    ],
)
def test_a_slot_names_its_month(slot: str, month: int) -> None:
    assert month_of(slot) == month


def test_a_request_s_slot_begins_with_its_day_in_utc() -> None:
    assert request_slot(7, datetime.fromisoformat("2026-06-01T00:30+01:00")) == "2026-05-31/7"
