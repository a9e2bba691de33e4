"""Feeds on a fresh database."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.feeds.feeds import FeedsHarness
from tests.harness.people.letters import LettersHarness
from tests.harness.sending import open_sending_harness


@pytest.fixture
def feeds(migrated_sqlite: Path, tmp_path: Path) -> Iterator[FeedsHarness]:
    file = tmp_path / "smallsteps.db"
    shutil.copy(migrated_sqlite, file)
    with open_sending_harness(f"sqlite:///{file}", tmp_path) as opened:
        yield FeedsHarness(LettersHarness(opened))
