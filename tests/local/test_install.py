"""`make setup`: each thing that is missing is one line."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from service.config import ROOT

OLD = """\
#!/bin/sh
[ "$1" = --version ] && echo "Python 3.9.2" && exit
exit 1
"""
WITHOUT_VENV = """\
#!/bin/sh
case "$2" in *version_info*) exit 0 ;; esac
exit 1
"""


def run_setup(tmp_path: Path, *pythons: tuple[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the set-up with only these pythons (name, script) and the system's plain tools on the path."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for tool in ("sh", "dirname", "cat", "cksum", "grep"):
        (programs / tool).symlink_to(next(Path(f"/{place}/{tool}") for place in ("bin", "usr/bin")))
    for name, script in pythons:
        (programs / name).write_text(script)
        (programs / name).chmod(0o755)
    environment = {"PATH": str(programs), "VENV": str(tmp_path / "venv"), "HOME": str(tmp_path)}
    return subprocess.run(
        [ROOT / "requirements" / "install.sh", "runtime"], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("pythons", "line"),
    [
        pytest.param([("python3", OLD)], "Python 3.11 or newer is needed (found: Python 3.9.2)", id="too old"),
        pytest.param([], "Python 3.11 or newer is needed (found: no python3)", id="none"),
        pytest.param([("python3", WITHOUT_VENV)], "python3 has no venv module", id="no venv"),
        pytest.param(
            [("python3", OLD), ("python3.12", WITHOUT_VENV)], "python3.12 has no venv module", id="newer one beside"
        ),
    ],
)
def test_what_is_missing_is_one_line(tmp_path: Path, pythons: list[tuple[str, str]], line: str) -> None:
    done = run_setup(tmp_path, *pythons)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Cannot set up: {line}")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "venv").exists()


def test_without_a_network_one_line_asks_whether_there_is_one(tmp_path: Path) -> None:
    """A real pip, whose index is a port where nobody listens."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        index = f"http://127.0.0.1:{nobody.getsockname()[1]}/simple"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    environment |= {"VENV": str(venv), "PIP_INDEX_URL": index, "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    done = subprocess.run(
        [ROOT / "requirements" / "install.sh", "runtime"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Cannot set up: the packages could not be downloaded. Is this machine online?")
    assert done.stderr.count("\n") == 1
    assert "No matching distribution found" in (venv / "pip.log").read_text()


FAILING_PIP = """\
#!/bin/sh
case "$*" in *pip*) echo "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES" >&2; exit 1 ;; esac
exit 0
"""


def test_another_fault_of_pip_is_told_in_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").write_text(FAILING_PIP)
    (tmp_path / "venv" / "bin" / "python").chmod(0o755)
    done = run_setup(tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES\nCannot set up: pip could not install")


@pytest.mark.parametrize("lock", ["runtime", "dev"])
def test_a_lock_names_no_place_and_hashes_everything(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.lock").read_text()
    packages = [block for block in text.replace("\\\n", "").splitlines() if "==" in block]
    assert len(packages) > 30
    assert all("--hash=sha256:" in package for package in packages)
    assert "://" not in text
    assert not any(line.startswith("-") for line in text.splitlines())


def test_what_running_needs_is_the_same_in_both_locks() -> None:
    def pinned(lock: str) -> set[str]:
        text = (ROOT / "requirements" / f"{lock}.lock").read_text()
        return {line.split(" ")[0] for line in text.splitlines() if "==" in line}

    assert pinned("runtime") <= pinned("dev")
    assert os.access(ROOT / "requirements" / "install.sh", os.X_OK)
