"""Processes under one command: order, ends, grace. Each test runs them under a process of its own, for its signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.config import ROOT

STARTER = """
import sys
from datetime import timedelta
from pathlib import Path
from service.local.processes import ProcessCommand, run_all
from service.local.ports import answers_socket

def python(code):
    return (sys.executable, "-u", "-c", code)

def ready(pids):
    print("READY", *pids.values(), flush=True)

SLEEPER = python("import time; print('up'); time.sleep(600)")
GENTLE = (
    "import signal, sys, time\\n"
    "def stop(*_): time.sleep({seconds}); print('finished'); sys.exit(0)\\n"
    "signal.signal(signal.SIGTERM, stop); print('up'); time.sleep(600)"
)
STUBBORN = python("import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(600)")
"""


class RunningProcess:
    """One run of the starter; what it prints, and its process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []

    def until(self, wanted: str, times: int = 1) -> str:
        """Read on until this many of the lines hold the text; return the last of them."""
        assert self.process.stdout
        while sum(wanted in line for line in self.lines) < times:
            line = self.process.stdout.readline()
            assert line, f"{wanted!r} never came: {self.lines}"
            self.lines.append(line.rstrip("\n"))
        return next(line for line in reversed(self.lines) if wanted in line)

    def end(self) -> tuple[int, str]:
        rest, _ = self.process.communicate(timeout=60)
        self.lines += rest.splitlines()
        return self.process.returncode, "\n".join(self.lines)


Start = Callable[..., RunningProcess]


@pytest.fixture
def start() -> Iterator[Start]:
    runs: list[RunningProcess] = []

    def started(code: str, *arguments: str) -> RunningProcess:
        program = STARTER + textwrap.dedent(code)
        process = subprocess.Popen(
            [sys.executable, "-c", program, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        runs.append(RunningProcess(process))
        return runs[-1]

    yield started
    for run in runs:
        run.process.kill()
        run.process.communicate()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone_within(seconds: float, *pids: int) -> bool:
    mark_given_up = time.monotonic() + seconds
    while time.monotonic() < mark_given_up:
        if not any(is_alive(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_ends_every_process_and_the_code_is_zero(start: Start, number: signal.Signals) -> None:
    run = start("sys.exit(run_all({'one': ProcessCommand(SLEEPER), 'two': ProcessCommand(SLEEPER)}, on_ready=ready))")
    pids = [int(word) for word in run.until("READY").split()[1:]]
    run.process.send_signal(number)
    code, said = run.end()
    assert code == 0, said
    assert not any(is_alive(pid) for pid in pids)


def test_every_line_says_whose_it_is(start: Start) -> None:
    run = start("sys.exit(run_all({'web': ProcessCommand(SLEEPER), 'receive': ProcessCommand(SLEEPER)}))")
    run.until("up", times=2)
    assert "web     | up" in run.lines
    assert "receive | up" in run.lines


def test_a_crash_of_one_ends_all_with_its_name_and_code(start: Start) -> None:
    run = start("""
        crash = python("import sys; print('oh'); sys.exit(7)")
        sys.exit(run_all({'web': ProcessCommand(SLEEPER), 'clock': ProcessCommand(crash)}))
    """)
    code, said = run.end()
    assert code == 7
    assert "clock ended by itself, with exit code 7; stopping everything" in said


def test_a_process_that_ends_without_an_error_is_a_fault_too(start: Start) -> None:
    run = start("sys.exit(run_all({'web': ProcessCommand(SLEEPER), 'clock': ProcessCommand(python('pass'))}))")
    assert run.end()[0] == 1


def test_a_command_that_is_not_there_is_one_line(start: Start) -> None:
    run = start("sys.exit(run_all({'queue': ProcessCommand(('/no/such/server',))}))")
    code, said = run.end()
    assert code == 127
    assert "queue | /no/such/server cannot be started: No such file or directory" in said


def test_a_process_that_needs_longer_than_others_grant_is_let_finish(start: Start) -> None:
    run = start("sys.exit(run_all({'send': ProcessCommand(python(GENTLE.format(seconds=8)))}))")
    run.until("up")
    run.process.send_signal(signal.SIGTERM)
    code, said = run.end()
    assert code == 0, said
    assert "send | finished" in said


def test_a_process_that_does_not_stop_is_killed_after_the_grace_and_named(start: Start) -> None:
    run = start("sys.exit(run_all({'send': ProcessCommand(STUBBORN)}, timedelta(seconds=1)))")
    run.until("up")
    run.process.send_signal(signal.SIGTERM)
    code, said = run.end()
    assert code == 1
    assert "send did not stop in time and is killed" in said


def test_a_second_signal_stops_everything_at_once_as_asked(start: Start) -> None:
    run = start("""
        commands = {"queue": ProcessCommand(STUBBORN, needed_by_others=True), "send": ProcessCommand(STUBBORN)}
        sys.exit(run_all(commands, timedelta(seconds=60)))
    """)
    run.until("up", times=2)
    run.process.send_signal(signal.SIGINT)
    run.until("Stopping, which can take up to 60 s. Ctrl-C again stops everything at once.")
    run.process.send_signal(signal.SIGINT)
    code, said = run.end()
    assert (code, run.lines[-1]) == (0, "Stopped.")
    assert "did not stop in time" not in said


def test_the_last_line_says_that_it_has_stopped(start: Start) -> None:
    run = start("sys.exit(run_all({'one': ProcessCommand(SLEEPER)}, on_ready=ready))")
    run.until("READY")
    run.process.send_signal(signal.SIGTERM)
    run.end()
    assert run.lines[-2:] == [
        "Stopping, which can take up to 25 s. A second signal stops everything at once.",
        "Stopped.",
    ]


def test_what_others_lean_on_stops_after_them(start: Start) -> None:
    run = start("""
        commands = {
            "queue": ProcessCommand(python(GENTLE.format(seconds=0)), needed_by_others=True),
            "send": ProcessCommand(python(GENTLE.format(seconds=1))),
        }
        sys.exit(run_all(commands))
    """)
    run.until("up", times=2)
    run.process.send_signal(signal.SIGTERM)
    code, said = run.end()
    assert code == 0
    assert said.index("send  | finished") < said.index("queue | finished")


def test_what_others_lean_on_answers_before_they_start(start: Start, tmp_path: Path) -> None:
    run = start(
        """
        file = Path(sys.argv[1])
        slow = python(f"import pathlib, time; time.sleep(0.5); pathlib.Path({str(file)!r}).touch(); time.sleep(600)")
        look = python(f"import pathlib, time; print('found', pathlib.Path({str(file)!r}).exists()); time.sleep(600)")
        commands = {"look": ProcessCommand(look), "queue": ProcessCommand(slow, file.exists, needed_by_others=True)}
        sys.exit(run_all(commands, on_ready=ready))
        """,
        str(tmp_path / "answering"),
    )
    assert run.until("found") == "look  | found True"


def test_one_that_never_answers_ends_the_start(start: Start) -> None:
    run = start("sys.exit(run_all({'web': ProcessCommand(SLEEPER, lambda: False)}, start=timedelta(seconds=1)))")
    code, said = run.end()
    assert code == 1
    assert "web does not answer after 1 s; stopping everything" in said


def test_what_a_process_leaves_behind_goes_with_it(start: Start) -> None:
    run = start("""
        leave = "print('left', subprocess.Popen(['sleep', '600']).pid)"
        parent = python(f"import subprocess, time; {leave}; time.sleep(600)")
        sys.exit(run_all({"web": ProcessCommand(parent)}))
    """)
    left = int(run.until("left").split()[-1])
    run.process.send_signal(signal.SIGTERM)
    assert run.end()[0] == 0
    assert gone_within(60, left)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its starter is gone")
def test_the_processes_end_even_when_the_starter_is_killed(start: Start) -> None:
    run = start("run_all({'one': ProcessCommand(SLEEPER), 'two': ProcessCommand(SLEEPER)}, on_ready=ready)")
    pids = [int(word) for word in run.until("READY").split()[1:]]
    os.kill(run.process.pid, signal.SIGKILL)
    assert gone_within(60, *pids)


def test_what_they_write_is_for_their_user_alone(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "written"
    run = start("sys.exit(run_all({'web': ProcessCommand(python(f'open({sys.argv[1]!r}, chr(119))'))}))", str(file))
    run.end()
    assert file.stat().st_mode & 0o777 == 0o600
