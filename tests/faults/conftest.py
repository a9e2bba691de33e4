"""The fixtures of the tests of faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.journey import JourneyHarness, open_journey_harness


@pytest.fixture
def journey(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[JourneyHarness]:
    """A whole Small Steps, on SQLite and then on PostgreSQL."""
    with open_journey_harness(database_url, redis_url, tmp_path) as running:
        yield running
