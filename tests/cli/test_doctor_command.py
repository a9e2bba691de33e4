"""The commands `doctor` and `setup mailgun`, on the settings of the environment and the local post office."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli.commands import main
from service.core.addresses import Address
from service.models import Suppression, SuppressionReason
from tests.harness.environment import set_environment
from tests.harness.sending import SendingHarness, open_sending_harness

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def harness(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SendingHarness]:
    with open_sending_harness(database_url, tmp_path, redis_url="redis://127.0.0.1:1") as opened:
        set_environment(monkeypatch, opened.runtime.settings)
        yield opened


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def test_setup_lists_then_makes_the_changes_and_doctor_sees_them(harness: SendingHarness) -> None:
    harness.office.account.routes = []
    dry = run("setup", "mailgun")
    assert dry.exit_code == 0
    row = json.loads(run("setup", "mailgun", "--json").stdout)
    assert (row["ok"], len(row["changes"]), row["tried"], row["problems"]) == (True, 6, [], [])
    heading = "To change at Mailgun (nothing was changed; --apply does it):"
    assert dry.output.splitlines()[0] == heading
    assert harness.office.account.domains["mail.example.org"].webhooks == {}
    done = run("setup", "mailgun", "--apply")
    assert (done.exit_code, done.output.count("Done: "), done.output.splitlines()[-1]) == (0, 6, "Mailgun is set up.")
    harness.office.account.routes = []
    row = json.loads(run("setup", "mailgun", "--apply", "--json").stdout)
    assert (row["ok"], [one["failure"] for one in row["tried"]], row["changes"]) == (True, [""], [])
    doctor = run("doctor")
    assert doctor.exit_code == 1
    assert "ok          webhooks: Events come to http://localhost/webhooks/mailgun/events.\n" in doctor.output
    assert "fail        clock: Last tick: never.\n            -> Start `smallsteps clock`.\n" in doctor.output


def test_a_test_mail_that_does_not_come_back_is_said_within_the_time_given(harness: SendingHarness) -> None:
    result = run("doctor", "--test-mail", "--wait", "0")
    assert result.exit_code == 1
    [line] = [line for line in result.stdout.splitlines() if " round trip: " in line]
    assert line.startswith("fail ")
    assert "no event has come and the mail has not arrived" in line
    [mail] = harness.mails()
    assert mail.recipient.startswith("t-")
    harness.office.faults.sandbox_recipients = frozenset()
    refused = run("doctor", "--test-mail", "--wait", "0")
    assert (refused.exit_code, "Mailgun did not take the test mail" in refused.stderr) == (1, True)


def test_compare_names_by_keyed_hash_whom_only_the_provider_bars(harness: SendingHarness) -> None:
    ana, _, _ = harness.members("ana@example.com", "ben@example.com", "cem@example.com")
    now, keyring = harness.clock(), harness.runtime.keyring
    for address in ("ana@example.com", "ben@example.com", "nobody@example.com"):
        harness.office.suppressions.add("bounces", address, now)
    with harness.runtime.database.write() as session:
        Suppression.add(session, keyring.address_hash(Address.parse("ben@example.com")), SuppressionReason.BOUNCED, now)
    result = run("doctor", "--json", "--compare")
    found = {row["check"]: row for row in json.loads(result.output)["findings"]}
    assert found["bounces"]["status"] == "warn"
    assert found["bounces"]["text"] == (
        f"Mailgun lists 3, and only it bars 1 (keyed hashes): {ana.address_hash.hex()[:16]}."
    )
    assert (found["complaints"]["status"], found["unsubscribes"]["status"]) == ("ok", "ok")
    assert "@" not in result.output
