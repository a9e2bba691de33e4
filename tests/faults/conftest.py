"""The stage for what must never happen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.stage import Stage, set_up


@pytest.fixture
def stage(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Stage]:
    """A whole Small Steps, on SQLite and then on PostgreSQL."""
    with set_up(database_url, redis_url, tmp_path) as running:
        yield running
