"""The command that erases a person on their written wish."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result
from sqlalchemy import select

from service.cli.commands import main
from service.models import Subscriber
from tests.harness.sending import SendingHarness


def erase(*options: str, typed: str = " Ana@example.com\n") -> Result:
    return CliRunner().invoke(main, ["journal", "erase", "-", *options], input=typed)


def left(harness: SendingHarness) -> list[int]:
    with harness.runtime.database.read() as session:
        return [*session.scalars(select(Subscriber.id))]


def test_a_person_is_erased_only_when_it_is_said_and_nobody_else_is(harness: SendingHarness) -> None:
    _, bo = harness.members("ana@example.com", "bo@example.com")

    tried = erase()
    assert tried.exit_code == 0
    assert "Nothing was erased" in tried.output
    assert "ana@" not in tried.output.lower()
    assert len(left(harness)) == 2

    seen = json.loads(erase("--json").output)
    assert (seen["status"], seen["entries"], seen["erased"]) == ("active", 0, False)
    assert "Everything of this person is erased" in erase("--apply").output
    assert left(harness) == [bo.id]
    again = erase("--apply")
    assert again.exit_code == 1
    assert "Nobody has this address" in again.output
    assert json.loads(erase("--apply", "--json", typed="bo@example.com").stdout)["erased"]


def test_what_is_not_an_address_is_refused(harness: SendingHarness, tmp_path: Path) -> None:
    harness.members("ana@example.com")
    picture = tmp_path / "address.png"
    picture.write_bytes(b"\x89PNG\xff")
    read = CliRunner().invoke(main, ["journal", "erase", "--apply", str(picture)])
    assert (read.exit_code, read.output) == (1, "Error: That file is not text with an email address.\n")
    assert erase("--apply", typed="ana").output == "Error: That is not an email address.\n"
    assert len(left(harness)) == 1
