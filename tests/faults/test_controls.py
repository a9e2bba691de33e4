"""The defences that matter most can be missed: each is switched off once, and its test fails."""

from __future__ import annotations

import pytest

from tests.faults.controls.switching import control_names, is_noticed

QUICK = ("unique_slot", "attempt_fence", "unknown_after_no_answer", "token_spending", "sealing")


@pytest.mark.parametrize("name", QUICK)
def test_a_defence_that_is_switched_off_is_missed(name: str) -> None:
    assert is_noticed(name)


def test_there_is_a_control_for_every_quick_one_and_more() -> None:
    assert set(QUICK) < set(control_names())
