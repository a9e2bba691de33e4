"""A site for each test, on SQLite and on PostgreSQL."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from service.app import create_app
from service.config import Settings
from service.core.library.prompts import Library
from service.db import Database
from service.job_queue import InMemoryQueue
from service.models import Installation, Keyring
from service.runtime import Runtime, make_runtime
from service.storage import Storage
from tests.harness.clock import MovableClock
from tests.harness.desk import WREN
from tests.harness.people.people import NOW
from tests.harness.website import WebHarness

BASE_URL = "http://localhost"  # the host that Flask's test client speaks to


def _settings(database_url: str, folder: Path) -> Settings:
    return Settings(
        _env_file=None,
        base_url=BASE_URL,
        secret_key="a secret of the tests",
        encryption_keys=[base64.b64encode(b"k" * 32).decode()],
        database_url=database_url,
        storage_url=f"file://{folder}/objects",
        mailgun_api_url="http://127.0.0.1:1",
        mailgun_api_key="key",
        mailgun_domain="mail.example.org",
        mailgun_signing_key=["signing"],
        mail_from="Small Steps <hello@mail.example.org>",
        reply_domain="reply.example.org",
        postal_address="1 Quiet Lane, Smalltown",
        writer_emails=[WREN],
    )


@pytest.fixture(scope="session")
def parts(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    """The parts that no test changes (library, templates), made once."""
    folder = tmp_path_factory.mktemp("parts")
    shutil.copy(migrated_sqlite, folder / "parts.db")
    runtime = make_runtime(_settings(f"sqlite:///{folder}/parts.db", folder), job_queue=InMemoryQueue())
    runtime.database.engine.dispose()
    return runtime


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """The settings of a site whose database is fresh."""
    return _settings(database_url, tmp_path)


@pytest.fixture
def site(parts: Runtime, settings: Settings) -> Iterator[WebHarness]:
    """A fresh site and a browser that has never been there."""
    clock, queue, database = MovableClock(NOW), InMemoryQueue(), Database.at(settings.database_url)
    runtime = replace(
        parts,
        library=Library(parts.library.files),
        settings=settings,
        database=database,
        keyring=Keyring.load(database, settings.keys, NOW),
        installation=Installation.load(database, NOW),
        job_queue=queue,
        storage=Storage.at(settings.storage_url),
        clock=clock,
    )
    app = create_app(runtime)
    yield WebHarness(app, runtime, clock, queue, app.test_client())
    app.extensions["photo_uploader"].close()
    database.engine.dispose()
