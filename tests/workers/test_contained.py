from __future__ import annotations

import pytest

from tests.flows.people import ANA
from workers.contained import contained


def test_an_error_leaves_no_job_and_is_told_by_its_kind_and_place_alone(capsys: pytest.CaptureFixture[str]) -> None:
    @contained
    def job(_ids: list[int]) -> None:
        raise ValueError(f"somebody wrote {ANA.text}")

    job([1, 2])
    line = capsys.readouterr().out
    assert "ValueError" in line
    assert "test_contained:" in line
    assert ANA.text not in line


def test_a_stop_is_not_swallowed() -> None:
    @contained
    def job(_ids: list[int]) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        job([1])
