"""The command that lists mail set aside, and has it read again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli.commands import main
from service.models import Outcome, Reply
from tests.harness.environment import set_environment
from tests.harness.inbound import InboundHarness, open_inbound_harness
from tests.harness.mail.posts import mail


@pytest.fixture
def harness(
    migrated_sqlite: Path, tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[InboundHarness]:
    with open_inbound_harness(migrated_sqlite, tmp_path, redis_url=redis_url) as letterbox:
        set_environment(monkeypatch, letterbox.sending.runtime.settings)
        yield letterbox


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["replies", *words])


def held(harness: InboundHarness) -> Reply:
    reply = harness.receive(mail("Words of somebody.", sender="ben@example.com"))
    assert reply is not None
    assert reply.outcome == Outcome.HELD
    return reply


def test_held_lists_for_a_person_and_for_a_program(harness: InboundHarness) -> None:
    assert run("held").output == "Nothing is held, and everything could be read.\n"
    reply = held(harness)
    assert run("held").output.startswith(f"{reply.id}  2026-05-13 09:00 UTC  held: ")
    (listed,) = json.loads(run("held", "--json").output)
    assert sorted(listed) == ["id", "kept_until", "outcome", "reason", "received_at"]
    assert listed["id"] == reply.id


def test_replay_rings_for_what_can_be_read_again_and_ends_with_1_for_the_rest(harness: InboundHarness) -> None:
    reply = held(harness)
    result = run("replay", str(reply.id), "12")
    assert (result.exit_code, result.stdout) == (1, f"{reply.id}  will be read again\n")
    assert result.stderr.endswith("12  no mail has this id\n")
    assert harness.rows()[0].outcome is None


def test_replay_wants_ids_or_the_unreadable(harness: InboundHarness) -> None:
    assert run("replay").exit_code == 2
    assert run("replay", "1", "--unreadable").exit_code == 2
    assert run("replay", "--unreadable").output == "There is nothing to read again.\n"
    assert harness.rows() == []
