"""The service's real processes, each started again a second after it ends, as a platform does."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from service.config import ROOT

RESTART_SECONDS = 1.0
LOOK_SECONDS = 0.1
GRACE_SECONDS = 30
# The clock ticks every three seconds here, so that a run takes minutes: nothing else of it differs.
CLOCK = """
from service.config import load_settings
from service.log_output import set_up_logging
from service.runtime import make_runtime
from workers.clock import run
set_up_logging("INFO")
run(make_runtime(load_settings()), every_seconds=3.0)
"""
COMMANDS: Mapping[str, Sequence[str]] = {
    "send-1": ("-m", "workers", "send"),
    "send-2": ("-m", "workers", "send"),
    "receive": ("-m", "workers", "receive"),
    "jobs": ("-m", "workers", "jobs"),
    "clock": ("-c", CLOCK),
}


@dataclass
class Processes:
    """Runs the processes that are wanted; `start` and `stop` say which, and whatever else ends is started again."""

    folder: Path
    environment: Mapping[str, str]
    commands: Mapping[str, Sequence[str]]
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _ended_at: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _closed: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def start(self, *names: str) -> None:
        for name in names:
            with self._lock:
                self._running[name] = self._spawn(name)

    def kill(self, name: str) -> None:
        """End a process without a warning."""
        self._running[name].kill()

    def kill_all(self) -> None:
        for process in self._running.values():
            process.kill()

    def terminate(self, name: str, *, kill_after_seconds: float) -> None:
        """Ask a process to end, as a platform does before it kills it."""
        process = self._running[name]
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(kill_after_seconds)
        except subprocess.TimeoutExpired:
            process.kill()

    def stop(self) -> None:
        """End all of them and start none again."""
        with self._lock:
            ending, self._running, self._ended_at = self._running, {}, {}
        for process in ending.values():
            process.terminate()
        for process in ending.values():
            try:
                process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def close(self) -> None:
        self._closed.set()
        self._watcher.join()
        self.stop()

    def _watch(self) -> None:
        while not self._closed.wait(LOOK_SECONDS):
            with self._lock:
                for name, process in self._running.items():
                    if process.poll() is None:
                        continue
                    ended_at = self._ended_at.setdefault(name, time.monotonic())
                    if time.monotonic() - ended_at >= RESTART_SECONDS:
                        del self._ended_at[name]
                        self._running[name] = self._spawn(name)

    def _spawn(self, name: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *self.commands[name]],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
