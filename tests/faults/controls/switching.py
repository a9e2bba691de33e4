"""Switching a defence off in a copy of the working tree, and running its test there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
COPIED = ("service", "workers", "templates", "tests", "pyproject.toml")
TEST = "Test: "
TESTS_FAILED = 1  # pytest's exit code; any other says that they did not run


def control_names() -> list[str]:
    """Return the defences for which there is a patch."""
    return sorted(path.stem for path in HERE.glob("*.patch"))


def is_noticed(name: str) -> bool:
    """Return whether the test that a patch names fails once the defence is off.

    Raises:
        ValueError: the patch names no test, or does not fit the code any more.
    """
    patch = HERE / f"{name}.patch"
    with tempfile.TemporaryDirectory(prefix="control-") as folder:
        tree = Path(folder)
        _copy_tree(tree)
        applied = subprocess.run(["git", "apply", "-p1", "-C1", str(patch)], cwd=tree, capture_output=True, check=False)
        if applied.returncode:
            raise ValueError(f"{patch.name} does not fit the code any more: {applied.stderr.decode()}")
        return _run(tree, _test_of(patch)) == TESTS_FAILED


def _test_of(patch: Path) -> str:
    for line in patch.read_text("utf-8").splitlines():
        if line.startswith(TEST):
            return line.removeprefix(TEST)
    raise ValueError(f"{patch.name} names no test")


def _copy_tree(target: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", "node_modules", ".*")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=ignored)
        else:
            shutil.copy(source, target / name)


def _run(tree: Path, test: str) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", test]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(command, cwd=tree, env=environment, stdout=subprocess.DEVNULL, check=False)
    return done.returncode
