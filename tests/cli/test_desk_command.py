"""The commands of the desk: what needs a writer, the second factor, the log, and one person by their address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from service.cli.commands import main
from service.models import DeskFactor, Subscriber, SubscriberStatus
from tests.harness.desk import WREN
from tests.harness.environment import set_environment
from tests.harness.people.people import ANA
from tests.harness.sending import SendingHarness, open_sending_harness

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
IN_HARNESS = pytest.mark.usefixtures("harness")


@pytest.fixture
def harness(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SendingHarness]:
    with open_sending_harness(database_url, tmp_path, redis_url="redis://127.0.0.1:1", writer_emails=[WREN]) as opened:
        set_environment(monkeypatch, opened.runtime.settings)
        monkeypatch.setenv("WRITER_EMAILS", WREN)
        yield opened


GROUPS = (
    *("deliveries", "desk", "domains", "journal", "letters"),
    *("people", "prompts", "replies", "sending", "setup", "subscribers"),
)
SHOWS_WORDS = {"export", "check", "preview"}  # a journal's file, and pages of text


def commands_of(group: click.Group) -> Iterator[click.Command]:
    for command in group.commands.values():
        yield from commands_of(command) if isinstance(command, click.Group) else (command,)


def run(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, words, input=typed)


@pytest.mark.usefixtures("database_url")
def test_each_command_that_does_what_the_desk_does_answers_as_json() -> None:
    groups = [main.commands[name] for name in GROUPS]
    found = [command for group in groups if isinstance(group, click.Group) for command in commands_of(group)]
    assert len(found) > 20
    without = {one.name for one in found if all("--json" not in option.opts for option in one.params)}
    assert without == SHOWS_WORDS


@IN_HARNESS
def test_nothing_needs_a_writer_at_first() -> None:
    assert run("desk", "status").output == "Nothing needs you.\n"
    assert run("sending", "hold").exit_code == 0
    held = run("desk", "status")
    assert (held.exit_code, "All sending is held" in held.output) == (1, True)
    assert [action["action"] for action in json.loads(run("desk", "log", "--json").output)] == ["sending.held"]


def test_a_code_for_the_app_is_printed_for_a_writer_alone_and_can_be_reset(harness: SendingHarness) -> None:
    printed = run("desk", "enrol", WREN)
    assert "/desk/second-factor within an hour: " in printed.output
    code = printed.output.strip().rpartition(" ")[2]
    assert "is not in WRITER_EMAILS" in run("desk", "enrol", "ana@example.com").output
    assert code not in run("desk", "log", "--json").output
    with harness.runtime.database.read() as session:
        assert session.query(DeskFactor).count() == 1
    assert run("desk", "reset", WREN).exit_code == 0
    assert run("desk", "reset", WREN).exit_code == 1
    with harness.runtime.database.read() as session:
        assert session.query(DeskFactor).count() == 0


def test_a_person_is_found_and_stopped_by_an_address_that_is_not_on_the_command_line(harness: SendingHarness) -> None:
    harness.members(ANA.text)
    found = run("people", "find", "--json", typed=f"{ANA.text}\n")
    assert ANA.text not in found.output
    stopped = run("people", "stop", typed=ANA.text)
    assert stopped.exit_code == 0, stopped.output
    with harness.runtime.database.read() as session:
        person = Subscriber.with_address(session, harness.runtime.keyring.address_hash(ANA))
        assert person is not None
        assert person.status == SubscriberStatus.STOPPED
    assert "Nobody has that address" in run("people", "rest", typed="nobody@example.com").output
    assert "not barred for a bounce" in run("people", "lift-bounce", typed=ANA.text).output


def test_a_person_gets_a_sign_in_email_and_their_consent_is_read_from_the_server(harness: SendingHarness) -> None:
    harness.members(ANA.text)
    assert len(json.loads(run("people", "sign-in", "--json", typed=ANA.text).stdout)["code"]) == 6
    shown = run("people", "consent", "--json", typed=ANA.text)
    assert json.loads(shown.stdout) == []
    logged = run("desk", "log", "--json").stdout
    assert {row["action"] for row in json.loads(logged)} == {"person.sign_in_sent", "person.consent_read"}
    assert ANA.text not in logged


@IN_HARNESS
def test_what_waits_and_who_is_barred_is_counted_without_a_name() -> None:
    shown = run("desk", "trouble", "--json")
    assert json.loads(shown.output) == {"mails": [], "barred": []}
    assert run("desk", "trouble").output == "There is none.\n"
