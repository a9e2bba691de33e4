"""A child process that answers questions about untrusted content, and is killed when it exceeds its time."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from service.config import ROOT
from service.mail.sandbox.child_server import LENGTH_BYTES, READY, send

START_SECONDS = 30.0
PIPE_BYTES = 65_536


class ChildTimeoutError(Exception):
    """The process did not answer in time, or ended; the next question starts a new one."""


class ChildEndedError(ChildTimeoutError):
    """The process ended before it answered: it used all the CPU time or memory that it may, or crashed."""


@dataclass(slots=True)
class ChildProcess:
    """Runs `serve` of `child_server` in a separate process, which a hostile question may crash."""

    command: Sequence[str]
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def ask(self, question: bytes, seconds: float) -> bytes:
        """Return the answer to a question.

        Raises:
            ChildEndedError: the process ended over it.
            ChildTimeoutError: there was none within that many seconds.
        """
        try:
            process = self._ready_process()
            assert process.stdin is not None
            send(process.stdin, question)
            deadline = time.monotonic() + seconds
            length = int.from_bytes(_received(process, LENGTH_BYTES, deadline), "big")
            return _received(process, length, deadline)
        except BrokenPipeError:
            self.close()
            raise ChildEndedError from None
        except ChildTimeoutError:
            self.close()
            raise

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            with contextlib.suppress(BrokenPipeError):
                self._process.communicate()
            self._process = None

    def _ready_process(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        # The child must not see the settings and their secrets.
        environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": os.pathsep.join(_import_paths())}
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
        try:
            is_ready = _received(self._process, len(READY), time.monotonic() + START_SECONDS) == READY
        except ChildEndedError:  # not over a question
            is_ready = False
        if not is_ready:
            raise ChildTimeoutError
        return self._process


def module_command(name: str) -> tuple[str, ...]:
    """Return the command that runs a module of ours."""
    return (sys.executable, "-m", name)


def _received(process: subprocess.Popen[bytes], length: int, deadline: float) -> bytes:
    assert process.stdout is not None
    parts, missing = [], length
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while missing:
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                raise ChildTimeoutError
            part = os.read(process.stdout.fileno(), min(missing, PIPE_BYTES))
            if not part:
                raise ChildEndedError
            parts.append(part)
            missing -= len(part)
    return b"".join(parts)


def _import_paths() -> list[str]:
    return [str(ROOT)]
