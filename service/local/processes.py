"""The process manager: starts several processes in order, watches them, and stops them gracefully."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Literal, TextIO

GRACE = timedelta(seconds=25)
START = timedelta(seconds=60)
PRIVATE = 0o077  # only this user may read the files that they write
PARENT_DEATH = Path(__file__).with_name("parent_death.py")
PROBE_SECONDS = 0.1
LAST_LINES_SECONDS = 1.0
READ_BYTES = 65536


@dataclass(frozen=True, slots=True)
class ProcessCommand:
    """One process: its command, its readiness check, and whether other processes need it.

    A process that others need is started before them and stopped after them, so that a worker
    still has its queue and its post office while it finishes its last request.
    """

    argv: tuple[str, ...]
    answers: Callable[[], bool] = lambda: True
    needed_by_others: bool = False


def run_all(
    commands: Mapping[str, ProcessCommand],
    grace: timedelta = GRACE,
    *,
    start: timedelta = START,
    environment: Mapping[str, str] | None = None,
    on_ready: Callable[[Mapping[str, int]], None] = lambda _pids: None,
    output: TextIO = sys.stdout,
) -> int:
    """Run the commands until one ends or a signal arrives, then stop them all; return an exit code.

    `on_ready` is called once with the process ids by name, when every command answers, which may take
    `start` for each group. The environment is this process's own unless one is given. After SIGINT,
    SIGTERM or SIGHUP each process gets SIGTERM and has `grace` to finish; a second signal kills the rest
    at once. The code is 0 after a signal, unless a process did not stop within `grace`: then it is 1.
    Otherwise it is the code of the process that ended by itself, or 1.
    """
    crew = _ProcessGroup(commands, grace=grace, start=start, environment=environment, on_ready=on_ready, output=output)
    return asyncio.run(crew.run())


class _ProcessGroup:
    """The running processes of one `run_all`."""

    def __init__(
        self,
        commands: Mapping[str, ProcessCommand],
        *,
        grace: timedelta,
        start: timedelta,
        environment: Mapping[str, str] | None,
        on_ready: Callable[[Mapping[str, int]], None],
        output: TextIO,
    ) -> None:
        self._commands = commands
        self._grace = grace.total_seconds()
        self._start_limit = start.total_seconds()
        self._environment = environment
        self._on_ready = on_ready
        self._output = output
        self._width = max(map(len, commands), default=0)
        self._running: dict[str, Process] = {}
        self._followers: list[asyncio.Task[None]] = []
        self._ending = asyncio.Event()
        self._hurry = asyncio.Event()
        self._code = 0

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._asked_to_end, number)
        first = [name for name, command in self._commands.items() if command.needed_by_others]
        others = [name for name in self._commands if name not in first]
        try:
            await self._start(first)
            await self._start(others)
            if not self._ending.is_set():
                self._on_ready({name: process.pid for name, process in self._running.items()})
            await self._ending.wait()
        finally:
            self._ending.set()
            await self._stop(others)
            await self._stop(first)
            if self._followers:
                await asyncio.wait(self._followers, timeout=LAST_LINES_SECONDS)
            self._say("", "Stopped.")
        return self._code

    async def _start(self, names: list[str]) -> None:
        """Start these processes and return when each answers, or when the end was requested."""
        for name in names:
            if not self._ending.is_set():
                await self._start_one(name)
        mark_given_up = asyncio.get_running_loop().time() + self._start_limit
        for name in names:
            while not self._ending.is_set() and not await asyncio.to_thread(self._commands[name].answers):
                if asyncio.get_running_loop().time() > mark_given_up:
                    self._end(1, f"{name} does not answer after {self._start_limit:.0f} s; stopping everything")
                await asyncio.sleep(PROBE_SECONDS)

    async def _start_one(self, name: str) -> None:
        # Our own pipe, because with asyncio's a process has not ended while a child of it holds the pipe.
        reading, writing = os.pipe()
        # A new session, so that the terminal's Ctrl-C reaches only us, and we stop the processes in order.
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-S", str(PARENT_DEATH), str(os.getpid())),
            *self._commands[name].argv,
            stdin=DEVNULL,
            stdout=writing,
            stderr=STDOUT,
            env=self._environment,
            umask=PRIVATE,
            start_new_session=True,
        )
        os.close(writing)
        self._running[name] = process
        self._followers += [
            asyncio.create_task(self._show_output(name, reading)),
            asyncio.create_task(self._notice_end(name, process)),
        ]

    async def _show_output(self, name: str, pipe: int) -> None:
        reader = asyncio.StreamReader()
        protocol = partial(asyncio.StreamReaderProtocol, reader)
        await asyncio.get_running_loop().connect_read_pipe(protocol, os.fdopen(pipe, "rb"))
        rest = b""
        while read := await reader.read(READ_BYTES):
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                self._say(name, line.decode(errors="replace"))
        if rest:
            self._say(name, rest.decode(errors="replace"))

    async def _notice_end(self, name: str, process: Process) -> None:
        code = await process.wait()
        del self._running[name]
        _signal_group(process, signal.SIGKILL)  # kill the children that it left behind
        if not self._ending.is_set():
            how = f"with exit code {code}" if code >= 0 else f"by {signal.Signals(-code).name}"
            self._end(code if code > 0 else 1, f"{name} ended by itself, {how}; stopping everything")

    async def _stop(self, names: list[str]) -> None:
        """End these processes: SIGTERM to each, time to finish, then SIGKILL to each with its children."""
        stopping = {name: self._running[name] for name in names if name in self._running}
        for process in stopping.values():
            # To the process only, because a worker or web server stops its own children.
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        ended = asyncio.create_task(_wait_for(list(stopping.values())))
        hurry = asyncio.create_task(self._hurry.wait())
        await asyncio.wait({ended, hurry}, timeout=self._grace, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        for name in [name for name in stopping if name in self._running]:
            if not self._hurry.is_set():
                self._code = self._code or 1
                self._say("", f"{name} did not stop in time and is killed")
            _signal_group(stopping[name], signal.SIGKILL)
        await ended

    def _asked_to_end(self, number: int) -> None:
        if self._ending.is_set():
            self._hurry.set()
            return
        again = "Ctrl-C again stops" if number == signal.SIGINT else "A second signal stops"
        self._end(0, f"Stopping, which can take up to {self._grace:.0f} s. {again} everything at once.")

    def _end(self, code: int, why: str) -> None:
        self._code = code
        self._ending.set()
        self._say("", why)

    def _say(self, name: str, line: str) -> None:
        prefix = f"{name:<{self._width}} | " if name else ""
        try:
            self._output.write(f"{prefix}{line}\n")
            self._output.flush()
        except OSError:  # the terminal was closed
            self._ending.set()


async def _wait_for(processes: Sequence[Process]) -> Literal[True]:
    for process in processes:
        await process.wait()
    return True


def _signal_group(process: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS raises the second for a group that has ended
        os.killpg(process.pid, number)
