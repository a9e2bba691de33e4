"""The emails to a domain stop by themselves only where enough of them went wrong."""

from __future__ import annotations

import pytest

from service.core.sending.domain_results import DomainResults, PauseReason

REFUSED, COMPLAINED = PauseReason.REFUSED, PauseReason.COMPLAINED


@pytest.mark.parametrize(
    ("results", "refusals", "complaints", "expected"),
    [
        (49, 49, 0, None),
        (50, 4, 0, None),
        (50, 5, 0, REFUSED),
        (500, 5, 0, REFUSED),
        (501, 5, 0, None),
        (10_000, 100, 0, REFUSED),
        (10_000, 99, 0, None),
        (49, 0, 49, None),
        (50, 0, 2, None),
        (50, 0, 3, COMPLAINED),
        (3_000, 0, 3, COMPLAINED),
        (3_001, 0, 3, None),
        (100, 50, 3, COMPLAINED),
        (0, 0, 0, None),
    ],
)
def test_when_a_domain_is_paused(results: int, refusals: int, complaints: int, expected: PauseReason | None) -> None:
    assert DomainResults(results, refusals, complaints).pause_reason is expected
