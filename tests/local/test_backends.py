"""The servers of the tests are real, fresh and leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from sqlalchemy import inspect, text

from service.config import ROOT
from service.db import Database

HOLDING = """
from tests.harness.servers.servers import running_postgres, running_queue
with running_postgres() as server, running_queue() as url:
    print(server.folder, url.removeprefix("unix://"), flush=True)
    input()
"""


def test_the_database_is_the_kind_its_name_says_and_is_migrated(database: Database, database_url: str) -> None:
    assert database_url.startswith(database.engine.dialect.name)
    assert "alembic_version" in inspect(database.engine).get_table_names()


@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_test_never_sees_what_another_left(database: Database, turn: str) -> None:
    assert "left_over" not in inspect(database.engine).get_table_names(), turn
    with database.write() as session:
        session.execute(text("CREATE TABLE left_over (word TEXT)"))


def test_the_queue_is_a_real_server_and_starts_empty(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.info("server")["redis_version"]
        assert client.dbsize() == 0


def test_the_servers_go_even_when_the_tests_are_killed() -> None:
    root = ROOT
    tests = subprocess.Popen(
        [sys.executable, "-c", HOLDING], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with tests:
        assert tests.stdout
        folder, socket = (Path(word) for word in tests.stdout.readline().split())
        assert (folder / "data" / "postmaster.pid").exists()
        os.kill(tests.pid, signal.SIGKILL)
    mark_given_up = time.monotonic() + 60
    while (folder.exists() or socket.exists()) and time.monotonic() < mark_given_up:
        time.sleep(0.05)
    assert not folder.exists()
    assert not socket.exists()
