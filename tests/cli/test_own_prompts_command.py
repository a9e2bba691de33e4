"""The commands that add own prompts and change when prompts come; each is in the log of the desk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from service.cli.commands import main
from service.models import DeskAction
from tests.harness.desk import WREN
from tests.harness.environment import set_environment
from tests.harness.sending import SendingHarness, open_sending_harness

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FILE = """+++
id = "desk-frost"
subject = "Frost on the pane"
theme = "noticing"
kind = "question"
minutes = 1
depth = 1
resurface = true
status = "active"
+++
What did the frost draw on a window near you?
"""


@pytest.fixture
def harness(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SendingHarness]:
    with open_sending_harness(database_url, tmp_path, redis_url="redis://127.0.0.1:1", writer_emails=[WREN]) as opened:
        set_environment(monkeypatch, opened.runtime.settings)
        monkeypatch.setenv("WRITER_EMAILS", WREN)
        yield opened


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, ["prompts", *arguments], input=typed)


def test_a_prompt_is_added_put_in_a_season_and_retired(harness: SendingHarness) -> None:
    assert "nothing to mend" in run("add", "-", "--check", typed=FILE).output
    [added] = json.loads(run("add", "-", "--json", typed=FILE).output)
    assert (added["prompt_id"], added["is_own"], added["now"]) == ("desk-frost", True, "not yet")
    assert added["next_on"]
    [seasonal] = json.loads(run("season", "desk-frost", "--last-on", "2100-01-31", "--json").output)
    assert seasonal["then"].endswith("to 2100-01-31")
    assert "retired" in run("retire", "desk-frost").output
    [listed] = json.loads(run("list", "--own", "--json").output)
    assert (listed["prompt_id"], listed["next_on"]) == ("desk-frost", None)
    assert run("test", "desk-frost").exit_code == 0
    with harness.runtime.database.read() as session:
        actions = sorted(session.scalars(select(DeskAction.action)))
    assert actions == ["prompt.added", "prompt.retired", "prompt.season_set", "prompt.tested"]


def test_a_draft_is_written_changed_looked_at_added_and_another_thrown_away(harness: SendingHarness) -> None:
    unfinished = json.loads(run("draft", "write", "-", "--json", typed=FILE.replace("?", "!")).output)
    assert any("exclamation mark" in fault for fault in unfinished["faults"])
    assert run("draft", "show", "desk-frost").exit_code == 1
    assert "exclamation mark" in run("draft", "add", "desk-frost").output
    assert json.loads(run("draft", "write", "-", "--json", typed=FILE).output)["faults"] == []
    assert run("draft", "show", "desk-frost").exit_code == 0
    assert json.loads(run("draft", "test", "desk-frost", "--json").output) == {"id": "desk-frost", "sent": True}
    assert harness.mails()[0].subject == "[Test] Frost on the pane"
    assert [row["id"] for row in json.loads(run("draft", "list", "--json").output)] == ["desk-frost"]
    [added] = json.loads(run("draft", "add", "desk-frost", "--last-on", "2100-01-31", "--json").output)
    assert added["then"].endswith("to 2100-01-31")
    assert "never edited" in run("draft", "write", "-", typed=FILE).output
    run("draft", "write", "-", typed=FILE.replace("desk-frost", "desk-hail"))
    assert "would be deleted" in run("draft", "throw-away", "desk-hail").output
    thrown = run("draft", "throw-away", "desk-hail", "--yes", "--json").output
    assert json.loads(thrown) == {"id": "desk-hail", "deleted": True}
    assert run("draft", "list").output == "There are none.\n"
    with harness.runtime.database.read() as session:
        actions = sorted(session.scalars(select(DeskAction.action)))
    written = ["prompt.written"] * 3
    assert actions == ["prompt.added", "prompt.tested", "prompt.thrown_away", *written]


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (FILE.replace("?", "!"), "exclamation mark"),
        (FILE.replace("desk-frost", "frost"), 'begin with "desk-"'),
        (FILE.replace('"active"', '"retired"'), "belong to the library"),
        ("What?", "start with a line +++"),
    ],
)
def test_what_cannot_be_added_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    refused = run("add", "-", typed=text)
    assert refused.exit_code == 1
    assert sentence in refused.output
    assert json.loads(run("list", "--own", "--json").output) == []
