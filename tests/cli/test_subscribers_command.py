"""The commands that bring a list of subscribers and write it out."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli.commands import main
from service.config import ROOT
from tests.harness.sending import SendingHarness

LIST = str(ROOT / "tests" / "data" / "lists" / "mailchimp.csv")


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["subscribers", *words])


def test_a_list_is_brought_only_when_it_is_said_and_can_be_taken_back(harness: SendingHarness, tmp_path: Path) -> None:
    proof = tmp_path / "form.txt"
    proof.write_text("Yes, send me the news.", encoding="utf-8")
    bring = ("import", LIST, "--source", "mailchimp", "--proof", str(proof))
    row = json.loads(run(*bring, "--json").stdout)
    assert (row["brought"]["active"], row["repeated"], row["unreadable_lines"], row["import"]) == (1, 1, [6], None)
    tried = run(*bring)
    assert tried.exit_code == 0
    assert "1 will get letters" in tried.output
    assert "1 will be asked by email, once" in tried.output
    assert "1 rows repeat" in tried.output
    assert "lines 6." in tried.output
    assert "Nothing has changed" in tried.output
    assert "example.com" not in tried.output
    done = run(*bring, "--apply")
    assert "Done, as import" in done.output
    assert harness.mails() == []
    assert "There was nobody to bring" in run(*bring, "--apply").output
    number = re.search(r"--undo (\d+)", done.output)
    assert number is not None
    assert run("import", "--undo", number.group(1)).exit_code == 0
    again = run("import", "--undo", number.group(1))
    assert (again.exit_code, "taken back before" in again.stderr) == (1, True)
    logged = json.loads(CliRunner().invoke(main, ["desk", "log", "--json"]).stdout)
    assert {row["action"] for row in logged} == {"list.brought", "list.taken_back"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("import", LIST, "--source", "ghost"), 1, "not a list from Ghost"),
        (("import", LIST), 2, "--source"),
        (("import", LIST, "--source", "elsewhere"), 2, "is not one of"),
        (("import", "--undo", "7"), 1, "cannot be taken back"),
    ],
    ids=["another service's list", "no service", "a service that we cannot read", "no such import"],
)
def test_what_cannot_be_brought_is_said_in_one_line(
    harness: SendingHarness, words: tuple[str, ...], code: int, said: str
) -> None:
    assert harness.mails() == []
    result = run(*words)
    assert result.exit_code == code
    assert said in result.stderr


def test_the_list_is_written_out_with_its_consent_lines_for_its_owner_alone(
    harness: SendingHarness, tmp_path: Path
) -> None:
    proof = tmp_path / "form.txt"
    proof.write_text("Yes, send me the news.", encoding="utf-8")
    run("import", LIST, "--source", "mailchimp", "--proof", str(proof), "--apply")
    file = tmp_path / "list.csv"
    assert run("export", str(file)).exit_code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    with file.open(encoding="utf-8", newline="") as opened:
        [row] = csv.DictReader(opened)
    assert (row["email"], row["status"], row["wants_letters"], row["wants_questions"]) == (
        "ana@example.com",
        "active",
        "yes",
        "no",
    )
    [line] = json.loads(row["consent_lines"])
    assert (line["stream"], line["event"], line["at"]) == ("letters", "imported", "2023-01-04T10:00:15+00:00")
    assert run("export", str(file)).exit_code == 1
    assert harness.mails() == []
