"""The lock on var/: one service a folder, whatever its ports, and free again however it ended."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from service.config import ROOT
from service.local.folder_lock import locked_folder
from service.local.start_error import StartError

HERE = "http://127.0.0.1:8000"
HOLDER = """
import subprocess, sys
from pathlib import Path
from service.local.folder_lock import locked_folder
with locked_folder(Path(sys.argv[1]), address="http://127.0.0.1:8000"):
    child = subprocess.Popen(["sleep", "600"])
    print(child.pid, flush=True)
    sys.stdin.read()
"""


def test_a_second_start_is_refused_and_told_where_the_first_one_is(tmp_path: Path) -> None:
    with (
        locked_folder(tmp_path, address=HERE),
        pytest.raises(StartError, match=f"already runs in this folder, at {HERE}") as refused,
        locked_folder(tmp_path, address="http://127.0.0.1:9000"),
    ):
        pytest.fail("two hold one folder")
    assert "\n" not in str(refused.value)


def test_another_folder_is_free(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with locked_folder(tmp_path, address=HERE), locked_folder(other, address=HERE):
        pass


def test_the_folder_is_free_after_the_end(tmp_path: Path) -> None:
    for address in (HERE, "http://127.0.0.1:9"):
        with locked_folder(tmp_path, address=address):
            assert (tmp_path / "up.lock").read_text() == f"{address}\n"


def test_a_killed_one_holds_nothing_and_neither_do_its_processes(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout
    assert holder.stdin
    child = int(holder.stdout.readline())
    try:
        with pytest.raises(StartError), locked_folder(tmp_path, address=HERE):
            pytest.fail("two hold one folder")
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with locked_folder(tmp_path, address=HERE):
            pass
    finally:
        holder.stdin.close()
        holder.stdout.close()
        subprocess.run(["kill", str(child)], check=True)


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"up\.lock cannot be used"), locked_folder(tmp_path / "no", address=HERE):
        pytest.fail("there is no folder")
