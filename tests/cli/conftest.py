"""What the tests of commands share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.environment import set_environment
from tests.harness.sending import SendingHarness, open_sending_harness


@pytest.fixture
def harness(migrated_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SendingHarness]:
    """Yield a service on SQLite without a queue, whose settings the commands of this process read."""
    file = tmp_path / "smallsteps.db"
    file.write_bytes(migrated_sqlite.read_bytes())
    with open_sending_harness(f"sqlite:///{file}", tmp_path, redis_url="redis://127.0.0.1:1") as opened:
        set_environment(monkeypatch, opened.runtime.settings)
        yield opened
