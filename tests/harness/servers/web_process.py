"""The web server as it is deployed: gunicorn with our worker, in a process of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.config import ROOT
from service.local.ports import answers_http
from service.local.secrets import ensure_local_environment
from service.local.web_server import web_command
from tests.harness.journey import free_port


@dataclass(frozen=True, slots=True)
class WebProcess:
    """The running server: its arbiter, its port, and the key that signs a webhook."""

    process: subprocess.Popen[bytes]
    port: int
    signing_key: str

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def ask(self, *pieces: bytes) -> bytes:
        """Send these pieces; return all that the server sends until it closes the connection."""
        with self.connect() as connection:
            for piece in pieces:
                connection.sendall(piece)
            return connection.makefile("rb").read()

    def is_alive(self, *, within_seconds: float = 10.0) -> bool:
        """Return whether /healthz answers in this time, before slow clients are cut off (after 15 or 20 seconds)."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=within_seconds) as connection:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
                return connection.recv(100).startswith(b"HTTP/1.1 200 ")
        except OSError:
            return False

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]


@contextmanager
def running_web(folder: Path, migrated: Path, *, replacing: Sequence[tuple[str, str]] = ()) -> Iterator[WebProcess]:
    """Serve the real application on SQLite, with other arguments for gunicorn if a control needs them."""
    shutil.copy(migrated, folder / "smallsteps.db")
    port = free_port()
    settings = ensure_local_environment(folder) | {
        "BASE_URL": f"http://127.0.0.1:{port}",
        "DATABASE_URL": f"sqlite:///{folder}/smallsteps.db",
        "STORAGE_URL": f"file://{folder}/objects",
        "REDIS_URL": "redis://127.0.0.1:1",
        "LOG_LEVEL": "ERROR",
    }
    words = dict(replacing)
    argv = [words.get(word, word) for word in web_command(f"127.0.0.1:{port}")]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings}
    with (folder / "web.log").open("wb") as log:
        process = subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        while not answers_http(f"http://127.0.0.1:{port}/healthz"):
            assert process.poll() is None, (folder / "web.log").read_text()
            time.sleep(0.05)
        yield WebProcess(process, port, settings["MAILGUN_SIGNING_KEY"])
    finally:
        process.terminate()
        process.wait(30)
