"""The commands of letters: what they say, what they change, and their exit codes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli.commands import main
from service.clock import utc_now
from service.flows.checks.before_letters import record_run
from tests.harness.environment import set_environment
from tests.harness.people.letters import LettersHarness
from tests.harness.sending import open_sending_harness

FILE = '+++\ntitle = "Ice"\n+++\nThe pond froze.\n'


@pytest.fixture
def letters(migrated_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LettersHarness]:
    file = tmp_path / "smallsteps.db"
    shutil.copy(migrated_sqlite, file)
    with open_sending_harness(f"sqlite:///{file}", tmp_path, redis_url="redis://127.0.0.1:1") as opened:
        set_environment(monkeypatch, opened.runtime.settings)
        monkeypatch.setenv("WRITER_EMAILS", "writer@example.org")
        yield LettersHarness(opened)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["letters", *words])


def test_a_letter_goes_from_a_file_through_every_command(letters: LettersHarness, tmp_path: Path) -> None:
    file = tmp_path / "ice.md"
    file.write_text(FILE, encoding="utf-8")
    [row] = json.loads(run("import", str(file), "--json").stdout)
    id_ = str(row["letter_id"])
    assert "draft  Ice" in run("list").stdout
    nobody = run("check", id_)
    assert (nobody.exit_code, "0 people get it." in nobody.stdout) == (1, True)
    letters.reader("a@example.com", letters_confirmed_at=utc_now() - timedelta(days=1))
    assert run("check", id_).exit_code == 0
    assert run("test", id_).stdout == "Sent to the writers alone.\n"
    assert json.loads(run("test", id_, "--json").stdout) == {"id": row["letter_id"], "sent_to": 1}
    assert {mail.recipient for mail in letters.sending.mails()} == {"writer@example.org"}
    assert run("send", id_).exit_code == 2
    refused = run("send", id_, "--now")  # no clock ticks here
    assert (refused.exit_code, "clock: Last tick: never." in refused.stderr) == (1, True)
    record_run(letters.runtime.database, [], utc_now())
    assert run("send", id_, "--at", "2020-01-01T08:00:00Z").exit_code == 1
    assert "like 2026-05-01T08:00:00Z" in run("send", id_, "--at", "0001-01-01T00:00:00+14:00").stderr
    assert "has begun somewhere" in run("send", id_, "--on", "0001-01-01").stderr
    sent = json.loads(run("send", id_, "--now", "--json").stdout)
    assert (sent["state"], sent["progress"]["left"]) == ("scheduled", 0)
    assert run("pause", id_).exit_code == 0
    assert run("pause", id_).exit_code == 1
    assert "paused (by hand)" in run("list").stdout
    assert run("resume", id_).exit_code == 0
    assert json.loads(run("take-back", id_, "--json").stdout)["state"] == "draft"
    assert (
        "Scheduled: it goes in " in run("send", id_, "--at", f"{utc_now() + timedelta(hours=3):%Y-%m-%dT%H:%MZ}").stdout
    )
    assert json.loads(run("pause", id_, "--json").stdout)["paused_because"] == "by_hand"
    assert json.loads(run("resume", id_, "--json").stdout)["state"] == "scheduled"
    assert "would not go" in run("stop", id_).stdout
    assert json.loads(run("stop", id_, "--yes", "--json").stdout)["state"] == "stopped"
    assert run("take-back", id_).exit_code == 1
    assert run("throw-away", id_, "--yes").exit_code == 1
    for words in ("check", "take-back", "pause", "resume", "stop", "throw-away"):
        assert run(words, "4711").stderr == "Error: There is no letter with this id.\n"


def test_a_draft_is_thrown_away_only_when_it_is_said(letters: LettersHarness) -> None:
    id_ = str(letters.draft())
    assert "“Ice” would be deleted" in run("throw-away", id_).stdout
    assert "draft  Ice" in run("list").stdout
    assert json.loads(run("throw-away", id_, "--yes", "--json").stdout) == {"id": int(id_), "deleted": True}
    assert run("list").stdout == "There are no letters.\n"


def test_what_is_sent_over_a_failure_is_logged_with_the_names_of_the_checks(letters: LettersHarness) -> None:
    letter_id = letters.draft()
    sent = run("send", str(letter_id), "--now", "--anyway", "--json")
    assert json.loads(sent.stdout)["state"] == "scheduled"
    logged = CliRunner().invoke(main, ["desk", "log", "--json"]).stdout
    [action] = json.loads(logged)
    assert (action["action"], action["object_id"]) == ("letter.sent_anyway", letter_id)
    assert {"clock", "https"} <= set(action["failed_checks"].split(", "))
    assert "@" not in logged
    assert ": failed: " in CliRunner().invoke(main, ["desk", "log"]).stdout


@pytest.mark.usefixtures("letters")
def test_a_file_that_is_no_letter_is_named_with_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "ice.md"
    file.write_text("Just words", encoding="utf-8")
    answer = run("import", str(file))
    assert (answer.exit_code, "ice.md: start with a line +++" in answer.stderr) == (1, True)
    for settings, said in (
        ('title = "I\\u0000ce"', "a character that can’t be shown"),
        ('title = "I\\u001bce"', "a character that can’t be shown"),
        ('title = "Ice\0"', "ice.md: the front matter is not TOML"),
        ('title = "Ice"\ncanonical_url = "javascript:alert(1)"', "begins with https://"),
    ):
        file.write_text(f"+++\n{settings}\n+++\nThe pond froze.", encoding="utf-8")
        answer = run("import", str(file))
        assert (answer.exit_code, said in answer.stderr) == (1, True), answer.output
    assert run("list").stdout == "There are no letters.\n"
