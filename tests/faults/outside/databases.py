"""The databases of the fault runs, which can be restarted, filled up and put back to an earlier copy."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Protocol

import psycopg

from service.db import make_engine, migrate
from tests.harness.servers.servers import Postgres, started_postgres

DISK_BYTES = 400 * 2**20
FILLED_AT_ONCE_BYTES = 64 * 2**10


class FaultyDatabase(Protocol):
    """A database to which things happen from outside."""

    url: str

    def restart(self, *, kill_clients: Callable[[], object], down_seconds: float) -> None:
        """End the server at once; start it again after a while. SQLite has none, so all its clients are killed."""
        ...

    def revive(self) -> None:
        """Start the server again if it has ended by itself."""
        ...

    def copy(self) -> None:
        """Make a copy; no process of the service runs."""
        ...

    def restore(self) -> None:
        """Put the copy in place; no process of the service runs."""
        ...


class SqliteFile:
    """A database in one file."""

    def __init__(self, disk: Path) -> None:
        self.file = disk / "smallsteps.db"
        self.url = f"sqlite:///{self.file}"

    def restart(self, *, kill_clients: Callable[[], object], down_seconds: float) -> None:  # noqa: ARG002 - no server
        kill_clients()

    def revive(self) -> None:
        pass

    def copy(self) -> None:
        # The last connection gone, nothing is left beside the file.
        shutil.copy(self.file, self.file.with_suffix(".copy"))

    def restore(self) -> None:
        for extra in self.file.parent.glob("smallsteps.db-*"):
            extra.unlink()
        shutil.copy(self.file.with_suffix(".copy"), self.file)


class PostgresServer:
    """A database of a PostgreSQL of its own."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._serving = ExitStack()
        stack.callback(self._close)
        self.server: Postgres = self._serving.enter_context(started_postgres(folder))
        self.server.run("CREATE DATABASE steps")
        self.url = self.server.url("steps")

    def restart(self, *, kill_clients: Callable[[], object], down_seconds: float) -> None:  # noqa: ARG002 - they live on
        self._serving.close()
        time.sleep(down_seconds)
        self._serving = ExitStack()
        self._serving.enter_context(started_postgres(self._folder))

    def _close(self) -> None:
        self._serving.close()  # the one of now

    def revive(self) -> None:
        try:
            self.server.run("SELECT 1")
        except psycopg.OperationalError:
            self.restart(kill_clients=lambda: None, down_seconds=0.0)

    def copy(self) -> None:
        self.server.run("CREATE DATABASE earlier TEMPLATE steps")

    def restore(self) -> None:
        self.server.run("DROP DATABASE steps WITH (FORCE)")
        self.server.run("CREATE DATABASE steps TEMPLATE earlier")


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[tuple[FaultyDatabase, Path]]:
    """Yield a migrated database and the disk that it is on, a small one of its own if this user may mount one."""
    with ExitStack() as stack:
        disk = folder / "disk"
        disk.mkdir(mode=0o755)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=755", "tmpfs", str(disk)]
        if subprocess.run(mount, check=False, capture_output=True).returncode == 0:
            stack.callback(subprocess.run, ["umount", "-l", str(disk)], check=True)
        made: FaultyDatabase = SqliteFile(disk) if kind == "sqlite" else PostgresServer(disk, stack)
        engine = make_engine(made.url)
        migrate(engine)
        engine.dispose()
        yield made, disk


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Leave no space on the disk meanwhile."""
    assert disk.is_mount(), "only a disk of its own may be filled"
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):  # until nothing fits any more
        while True:
            file.write(bytes(FILLED_AT_ONCE_BYTES))
    try:
        yield
    finally:
        filler.unlink()
