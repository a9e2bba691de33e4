"""The reading process seen from outside: started once, asked mail by mail, killed when a mail takes too long."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from service.core.replies import Sent
from service.mail.reading import LENGTH_BYTES, READY, Material, Reading, answered, question, send

WALL_SECONDS = 6.0
START_SECONDS = 30.0
COMMAND = (sys.executable, "-m", "service.mail.reading")
PIPE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Unread:
    """The mail could not be read within the bounds; the reason names no content."""

    reason: str


class _LateError(Exception):
    """The process did not answer in time, or went away."""


@dataclass(slots=True)
class Reader:
    """Reads mails in a child. A hostile mail costs its own child its life, and nobody else anything."""

    wall_seconds: float = WALL_SECONDS
    command: Sequence[str] = COMMAND
    _child: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def read(self, material: Material, sent: Sent | None) -> Reading | Unread:
        """Return the words of a mail, or why they could not be read; never raises for anything a mail holds."""
        try:
            child = self._ready_child()
            assert child.stdin is not None
            send(child.stdin, question(material, sent))
            deadline = time.monotonic() + self.wall_seconds
            length = int.from_bytes(self._received(child, LENGTH_BYTES, deadline), "big")
            reading = answered(self._received(child, length, deadline))
        except (_LateError, BrokenPipeError):
            self.close()
            return Unread("took too long or too much")
        return reading if isinstance(reading, Reading) else Unread(reading)

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.kill()
            with contextlib.suppress(BrokenPipeError):
                self._child.communicate()
            self._child = None

    def _ready_child(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is None:
            return self._child
        self.close()
        # Neither the settings nor their secrets are the child's business.
        environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": os.pathsep.join(_import_paths())}
        self._child = subprocess.Popen(  # noqa: S603 - our own module
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
        if self._received(self._child, len(READY), time.monotonic() + START_SECONDS) != READY:
            raise _LateError
        return self._child

    def _received(self, child: subprocess.Popen[bytes], length: int, deadline: float) -> bytes:
        assert child.stdout is not None
        parts, missing = [], length
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            while missing:
                left = deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    raise _LateError
                part = os.read(child.stdout.fileno(), min(missing, PIPE_BYTES))
                if not part:
                    raise _LateError
                parts.append(part)
                missing -= len(part)
        return b"".join(parts)


def _import_paths() -> list[str]:
    return [str(Path(__file__).resolve().parent.parent.parent)]
