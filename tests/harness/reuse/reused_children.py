"""Child processes that one test after another uses: starting one costs more than most tests."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from service.mail.sandbox import reader
from service.mail.sandbox.child_process import ChildProcess, module_command

# Each answer of these is complete, and nothing of a question stays in them.
REUSED = (reader.COMMAND, module_command("service.mail.sandbox.pictures"))
_ask, _close = ChildProcess.ask, ChildProcess.close


@dataclass
class ReusedChildren:
    """Processes that wait for their next question, by their command.

    Only a process that has answered its last question waits here. One that was late, or was left in the middle of an
    answer, is killed as ever.
    """

    _waiting: dict[Sequence[str], list[subprocess.Popen[bytes]]] = field(default_factory=dict)
    _answered: set[int] = field(default_factory=set)

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Give every `ChildProcess` a waiting process meanwhile, and take it back when it is closed."""

        def ask(child: ChildProcess, question: bytes, seconds: float) -> bytes:
            return self._ask(child, question, seconds)

        def close(child: ChildProcess) -> None:
            self._take_back(child)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ChildProcess, "ask", ask)
            patch.setattr(ChildProcess, "close", close)
            yield

    def end(self) -> None:
        """End all processes that wait."""
        for command, processes in self._waiting.items():
            for process in processes:
                _close(ChildProcess(command, process))
        self._waiting.clear()

    def _ask(self, child: ChildProcess, question: bytes, seconds: float) -> bytes:
        if child._process is None and (waiting := self._waiting.get(child.command)):
            child._process = waiting.pop()
        if child._process is not None:
            self._answered.discard(child._process.pid)
        answer = _ask(child, question, seconds)
        if child._process is not None and child.command in REUSED:
            self._answered.add(child._process.pid)
        return answer

    def _take_back(self, child: ChildProcess) -> None:
        process = child._process
        if process is None or process.poll() is not None or process.pid not in self._answered:
            _close(child)
            return
        self._answered.discard(process.pid)
        self._waiting.setdefault(child.command, []).append(process)
        child._process = None
