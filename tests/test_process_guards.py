"""Every command keeps its files private and writes no core, however its shell is set."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from service.config import ROOT

LOOK = """
import os, resource, runpy, sys
from service import process_guards
def stop():
    before()
    mask = os.umask(0)
    print(f"{mask:03o}", *resource.getrlimit(resource.RLIMIT_CORE))
    sys.stdout.flush()
    os._exit(0)
before, process_guards.guard_process = process_guards.guard_process, stop
"""


@pytest.mark.parametrize(
    "start",
    [
        pytest.param("sys.argv[1:] = ['migrate']; runpy.run_module('service.cli', run_name='__main__')", id="commands"),
        pytest.param("sys.argv[1:] = ['send']; runpy.run_module('workers', run_name='__main__')", id="workers"),
        pytest.param("from service.app import from_environment; from_environment()", id="the application"),
    ],
)
def test_a_process_makes_private_files_and_no_core(start: str) -> None:
    def loose() -> None:
        os.umask(0o022)
        _soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    ran = subprocess.run(
        [sys.executable, "-c", LOOK + start], cwd=ROOT, capture_output=True, text=True, check=False, preexec_fn=loose
    )
    assert ran.stdout.split() == ["077", "0", "0"], ran.stderr


def test_the_database_that_migrate_makes_is_private(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "SECRET_KEY": "s" * 32,
        "ENCRYPTION_KEYS": "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'steps.db'}",
        "STORAGE_URL": f"file://{tmp_path / 'objects'}",
        "MAILGUN_API_URL": "http://127.0.0.1:9",
        "MAILGUN_API_KEY": "key",
        "MAILGUN_DOMAIN": "mail.example.org",
        "MAILGUN_SIGNING_KEY": "signing",
        "MAIL_FROM": "Small Steps <hello@mail.example.org>",
        "REPLY_DOMAIN": "reply.example.org",
        "POSTAL_ADDRESS": "1 Example Street",
    }
    subprocess.run(
        [sys.executable, "-m", "service.cli", "migrate"],
        cwd=ROOT, env=environment, check=True, umask=0o022, capture_output=True,
    )  # fmt: skip
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir() if path.is_file()}
    assert modes
    assert set(modes.values()) == {"0o600"}


def test_objects_of_start_up_are_exempt_from_collection() -> None:
    look = "import gc; from service.process_guards import exempt_from_collection as exempt; exempt(); "
    look += "print(gc.get_freeze_count() > len(gc.get_objects()))"
    done = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
