"""A site for each test, on SQLite and on PostgreSQL."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.app import create_app
from service.config import Settings
from service.runtime import make_runtime
from tests.flows.people import NOW
from tests.web.site import Clock, SilentBell, Site

BASE_URL = "http://localhost"  # the host that Flask's test client speaks to


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None,
        base_url=BASE_URL,
        secret_key="a secret of the tests",
        encryption_keys=[base64.b64encode(b"k" * 32).decode()],
        database_url=database_url,
        storage_url=f"file://{tmp_path}/objects",
        mailgun_api_url="http://127.0.0.1:1",
        mailgun_api_key="key",
        mailgun_domain="mail.example.org",
        mailgun_signing_key=["signing"],
        mail_from="Small Steps <hello@mail.example.org>",
        reply_domain="reply.example.org",
        postal_address="1 Quiet Lane, Smalltown",
    )


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    clock, bell = Clock(NOW), SilentBell()
    runtime = make_runtime(settings, clock=clock, doorbell=bell)
    app = create_app(runtime)
    browser = app.test_client()
    yield Site(app, runtime, clock, bell, browser)
    runtime.database.engine.dispose()
