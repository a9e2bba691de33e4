"""Collaborators for the tests of the flows."""

from __future__ import annotations

import pytest

from service.config import ROOT
from service.core.library.prompts import Library
from service.db import Database
from service.models import Keyring
from tests.harness.people.people import NOW


@pytest.fixture
def keyring(database: Database) -> Keyring:
    return Keyring.load(database, (b"k" * 32,), NOW)


@pytest.fixture(scope="session")
def library() -> Library:
    folder = ROOT / "templates" / "prompts"
    return Library.parse((str(path.relative_to(folder)), path.read_text()) for path in sorted(folder.rglob("*.md")))
