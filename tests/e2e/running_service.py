"""The whole product, started as a person starts it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from service.config import ROOT, Settings
from service.local.queue_server import queue_command
from service.local.up import local_settings

PROGRAM = """
import sys
from pathlib import Path
from service.local.up import up
sys.exit(up(Path(sys.argv[1]), web_port=int(sys.argv[2]), mail_port=int(sys.argv[3])))
"""
READY = "Small Steps is running"
START_SECONDS = 90
STOP_SECONDS = 40


@dataclass(frozen=True, slots=True)
class RunningService:
    """The running product: its addresses without a slash at the end, its var/ and all that it printed."""

    web_url: str
    mail_url: str
    var: Path
    log: Path


def run_on_server(stack: RunningService, *words: str, typed: str = "") -> str:
    """Run `smallsteps` with these words where the stack runs; return what it printed."""
    ports = (urlsplit(url).port for url in (stack.web_url, stack.mail_url))
    settings = local_settings(stack.var, web_port=next(ports), mail_port=next(ports))
    done = subprocess.run(
        [sys.executable, "-m", "service.cli", *words],
        cwd=ROOT,
        env={**os.environ, **settings, "REDIS_URL": queue_command(stack.var).url},
        input=typed,
        text=True,
        check=True,
        stdout=subprocess.PIPE,
    )
    return done.stdout


@contextmanager
def running_stack(folder: Path) -> Iterator[RunningService]:
    """Start all that `smallsteps up` starts, on free ports, with its var/ and its log in this folder."""
    web_port, mail_port = _free_ports(2)
    stack = RunningService(
        web_url=f"http://localhost:{web_port}",
        mail_url=f"http://127.0.0.1:{mail_port}",
        var=folder / "var",
        log=folder / "stack.log",
    )
    names = {name.upper() for name in Settings.model_fields}
    with stack.log.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(stack.var), str(web_port), str(mail_port)],
            cwd=ROOT,
            # One proxy, so that each browser can come from its own network: what one may ask in an hour is limited. And
            # all tests together sign up more people in an hour than is usual.
            env={name: value for name, value in os.environ.items() if name not in names}
            | {"TRUSTED_PROXIES": "1", "SIGNUPS_ABOVE_USUAL": "1000"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_ready(process, stack.log)
        yield stack
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    mark_given_up = time.monotonic() + START_SECONDS
    while READY not in log.read_text():
        if process.poll() is not None or time.monotonic() > mark_given_up:
            raise RuntimeError(f"the product did not start:\n{log.read_text()}")
        time.sleep(0.1)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as probes:
        opened = [probes.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [probe.getsockname()[1] for probe in opened]
