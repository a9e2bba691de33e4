"""The real servers of the tests, and a fresh database and an empty queue for each test."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import structlog
from hypothesis import HealthCheck, settings

from service.db import Database, make_engine, migrate
from tests.harness.servers import Postgres, running_postgres, running_queue

TEMPLATE = "migrated"

# A property holds or not, however busy the machine is.
settings.register_profile("by behaviour", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("by behaviour")


@pytest.fixture(autouse=True)
def structlog_as_it_is_by_default() -> Iterator[None]:
    """Undo what a command of the test set up, which would send the log lines of later tests elsewhere."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of this test process."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def queue_url() -> Iterator[str]:
    """The REDIS_URL of this test process's server; tests want `redis_url`, which is empty."""
    with running_queue() as url:
        yield url


@pytest.fixture
def redis_url(queue_url: str) -> str:
    """The REDIS_URL of a real server with nothing in it."""
    with redis.Redis.from_url(queue_url) as client:
        client.flushall()
    return queue_url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The DATABASE_URL of a fresh, migrated database, on SQLite and then on PostgreSQL."""
    if request.param == "sqlite":
        file = tmp_path / "smallsteps.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), file)
        yield f"sqlite:///{file}"
        return
    server: Postgres = request.getfixturevalue("migrated_postgres")
    name = f"test_{secrets.token_hex(6)}"
    server.run(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
    yield server.url(name)
    server.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh, migrated database, on SQLite and then on PostgreSQL."""
    database = Database.at(database_url)
    yield database
    database.engine.dispose()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file that each test copies."""
    file = tmp_path_factory.mktemp("migrated") / "smallsteps.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Postgres) -> Postgres:
    """A server with a migrated database that each test copies."""
    postgres.run(f"CREATE DATABASE {TEMPLATE}")
    _migrate(postgres.url(TEMPLATE))
    return postgres


def _migrate(url: str) -> None:
    engine = make_engine(url)
    migrate(engine)
    engine.dispose()  # the last connection gone, SQLite's file is whole and PostgreSQL's can be copied
