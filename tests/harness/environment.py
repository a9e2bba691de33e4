"""The settings of a test as environment variables, for commands that read them there."""

from __future__ import annotations

from typing import Any

import pytest

from service.config import Settings

NAMES = (
    "base_url", "secret_key", "encryption_keys", "storage_url", "mailgun_api_url", "mailgun_api_key", "mailgun_domain",
    "mailgun_signing_key", "mail_from", "reply_domain", "postal_address", "database_url", "redis_url",
)  # fmt: skip


def set_environment(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Make commands of this process run with these settings."""
    for name in NAMES:
        monkeypatch.setenv(name.upper(), _written(getattr(settings, name)))


def _written(value: Any) -> str:
    return ",".join(value) if isinstance(value, list | tuple) else str(value)
