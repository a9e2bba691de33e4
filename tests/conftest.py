"""The real servers of the tests, and a fresh database and an empty queue for each test."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import redis
import structlog
from flask import Flask
from hypothesis import HealthCheck, settings
from jinja2 import Environment

from service.db import Database, make_engine, migrate
from service.flows.people.journal_export import export_texts
from service.mail.outbound import rendering
from tests.harness.reuse.reused_children import ReusedChildren
from tests.harness.reuse.reused_databases import ReusedDatabases
from tests.harness.reuse.shared_rules import SharedRule
from tests.harness.reuse.template_cache import SharedTemplates
from tests.harness.servers.servers import Postgres, running_postgres, running_queue

# A property holds or not, however busy the machine is.
settings.register_profile("by behaviour", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("by behaviour")
# Nearly every test has an application of its own, and compiling its templates and routes was half of the time.
Flask.jinja_options = {"bytecode_cache": SharedTemplates()}
Flask.url_rule_class = SharedRule
for makes_templates in (rendering, export_texts):  # the same for emails and exports
    vars(makes_templates)["Environment"] = partial(Environment, bytecode_cache=SharedTemplates())


def pytest_collection_finish() -> None:
    """Leave what collecting has loaded, which lives as long as the process, out of garbage collection."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def structlog_as_it_is_by_default() -> Iterator[None]:
    """Undo what a command of the test set up, which would send the log lines of later tests elsewhere."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def reused_children() -> Iterator[ReusedChildren]:
    """The child processes that read mail and redraw photos in this test process."""
    children = ReusedChildren()
    yield children
    children.end()


@pytest.fixture(autouse=True)
def children(reused_children: ReusedChildren) -> Iterator[None]:
    """Lend a test the child processes of earlier ones; tests about the processes themselves override this."""
    with reused_children.lent():
        yield


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
    databases: ReusedDatabases = request.getfixturevalue("reused_databases")
    with databases.empty() as url:
        yield url


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
def reused_databases(postgres: Postgres) -> ReusedDatabases:
    """The migrated databases of this test process's PostgreSQL."""
    return ReusedDatabases(postgres, _migrate)


def _migrate(url: str) -> None:
    engine = make_engine(url)
    migrate(engine)
    engine.dispose()  # the last connection gone, SQLite's file is whole and PostgreSQL's can be copied
