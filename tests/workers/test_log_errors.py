from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from tests.harness.people.people import ANA
from workers.log_errors import log_errors


def test_an_error_leaves_no_job_and_is_told_by_its_kind_and_place_alone() -> None:
    @log_errors
    def job(_ids: list[int]) -> None:
        raise ValueError(f"somebody wrote {ANA.text}")

    with capture_logs() as lines:
        job([1, 2])
    (line,) = lines
    assert line["error"] == "ValueError"
    assert "test_log_errors:" in line["at"]
    assert ANA.text not in repr(lines)


def test_a_stop_is_not_swallowed() -> None:
    @log_errors
    def job(_ids: list[int]) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        job([1])
