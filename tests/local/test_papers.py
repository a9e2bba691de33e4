"""The Procfile and .env.example say what the code does."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from service.cli.commands import main
from service.config import ROOT, Settings

# Measured defaults that nobody needs to change, and what only this machine's post office reads.
UNLISTED = {"CHUNK_SIZE", "LEASE_SECONDS", "POSTOFFICE_FOLDER"}


def procfile() -> dict[str, str]:
    lines = (ROOT / "Procfile").read_text().splitlines()
    return {name: command.strip() for name, command in (line.split(":", 1) for line in lines)}


def test_the_procfile_has_every_process() -> None:
    assert list(procfile()) == ["release", "web", "worker", "receiver", "jobs", "clock"]


@pytest.mark.parametrize("name", procfile())
def test_each_process_of_the_procfile_is_a_command_we_have(name: str) -> None:
    program, *words = procfile()[name].split()
    assert [program, *words[:2]] == ["python", "-m", "service.cli"]
    command = words[2]
    assert CliRunner().invoke(main, [command, "--help"]).exit_code == 0


def test_the_example_lists_every_setting_and_no_other() -> None:
    listed = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert listed == {name.upper() for name in Settings.model_fields} - UNLISTED
