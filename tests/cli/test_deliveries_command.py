"""The commands that list deliveries, send them again, settle those in doubt, and hold and release sending."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, update

from service.cli.commands import main
from service.models import Delivery, HoldReason, Installation, Subscriber
from tests.harness.environment import set_environment
from tests.harness.people.people import MINUTE
from tests.harness.sending import SendingHarness, open_sending_harness

ADDRESS = "ana@example.com"


@pytest.fixture
def harness(
    migrated_sqlite: Path, tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SendingHarness]:
    file = tmp_path / "smallsteps.db"
    shutil.copy(migrated_sqlite, file)
    # The commands read the wall clock, so what they find was made a while ago.
    now = datetime.now(UTC) - timedelta(hours=2)
    with open_sending_harness(f"sqlite:///{file}", tmp_path, now=now, redis_url=redis_url) as opened:
        set_environment(monkeypatch, opened.runtime.settings)
        yield opened


def run(*words: str) -> Result:
    result = CliRunner().invoke(main, [*words])
    assert ADDRESS not in result.output
    assert "ana" not in result.output
    return result


def unknown(harness: SendingHarness, fault: str = "close-before") -> int:
    (id_,) = harness.plan(harness.members(ADDRESS))
    harness.office.faults.add(fault)
    harness.send([id_])
    return id_


def test_list_and_show_name_what_is_in_doubt_and_nobody(harness: SendingHarness) -> None:
    assert run("deliveries", "list").output == "There are none.\n"
    id_ = unknown(harness)
    assert run("deliveries", "list").output.startswith(f"{id_}  prompt  ")
    (listed,) = json.loads(run("deliveries", "list", "--json", "--kind", "prompt", "--reason", "the connection").output)
    assert (listed["id"], listed["state"]) == (id_, "unknown")
    assert run("deliveries", "list", "--kind", "digest").output == "There are none.\n"
    assert run("deliveries", "list", "--reason", "400").output == "There are none.\n"
    assert run("deliveries", "list", "--state", "sent").output == "There are none.\n"
    assert json.loads(run("deliveries", "show", str(id_), "--json").output)["attempt"] == 1
    assert "called_at" in run("deliveries", "show", str(id_)).output
    assert run("deliveries", "show", "12").exit_code == 1


def test_retry_says_first_what_it_would_do_and_then_plans_it_again(harness: SendingHarness) -> None:
    id_ = unknown(harness)
    assert run("deliveries", "retry").exit_code == 2, "it wants to know which"
    dry = run("deliveries", "retry", "--kind", "prompt")
    assert "1 would be sent again; add --yes to do it." in dry.stdout
    assert "may arrive twice" in dry.stderr
    assert harness.states() == {"unknown": 1}
    assert "1 will be sent again." in run("deliveries", "retry", str(id_), "--yes").stdout
    assert harness.states() == {"planned": 1}
    harness.clock.move(timedelta(hours=3))
    assert harness.send([id_]).counts == {"sent": 1}
    assert run("deliveries", "retry", str(id_), "--yes").stdout == "There are none.\n"
    assert harness.states() == {"sent": 1}


def test_settle_asks_the_record_and_ends_with_1_while_something_is_in_doubt(harness: SendingHarness) -> None:
    id_ = unknown(harness)
    assert "1 would be asked about" in run("deliveries", "settle").output
    result = run("deliveries", "settle", "--yes")
    assert result.exit_code == 1
    assert "no email that is known to be sent" in result.stderr
    assert harness.states() == {"unknown": 1}
    taken = unknown_taken(harness)
    assert run("deliveries", "settle", "--yes").exit_code == 0
    assert harness.delivery(taken).state == "sent"
    assert harness.delivery(id_).state == "planned"


def unknown_taken(harness: SendingHarness) -> int:
    (id_,) = harness.plan(harness.members("ben@example.com"))
    harness.office.faults.add("close-after")
    harness.send([id_])
    return id_


@pytest.mark.parametrize("state", ["sent", "failed"])
def test_settle_takes_an_operator_s_word(harness: SendingHarness, state: str) -> None:
    id_ = unknown(harness)
    assert f"would be settled as {state}" in run("deliveries", "settle", str(id_), "--as", state).output
    assert harness.states() == {"unknown": 1}
    assert run("deliveries", "settle", str(id_), "--as", state, "--yes").exit_code == 0
    assert harness.states() == {state: 1}


def test_hold_and_release_stop_and_start_all_sending(harness: SendingHarness) -> None:
    harness.clock.move(timedelta(hours=2))
    with harness.runtime.database.write() as session:
        Installation.note_compared(session, harness.clock())
    ids = harness.plan(harness.members(ADDRESS))
    assert run("sending", "status").output == "Emails go out.\n"
    assert json.loads(run("sending", "hold", "--json").output) == {"held_because": "operator"}
    assert harness.send(ids).counts == {}
    assert json.loads(run("sending", "status", "--json").output)["held_because"] == "operator"
    assert run("sending", "status").exit_code == 1
    assert run("sending", "release").output == "Emails go out.\n"
    assert harness.send(ids).counts == {"sent": 1}


def test_release_after_a_pause_waits_for_the_comparison(harness: SendingHarness) -> None:
    run("sending", "hold")
    result = run("sending", "release")
    assert result.exit_code == 1
    assert "has not been compared" in result.stderr
    as_json = run("sending", "release", "--json")
    assert (as_json.exit_code, json.loads(as_json.output)) == (1, {"held_because": "not_compared"})
    assert held(harness) == HoldReason.NOT_COMPARED
    assert run("sending", "release", "--anyway").exit_code == 0
    assert held(harness) is None


def test_an_old_copy_is_released_once_it_is_reconciled(harness: SendingHarness) -> None:
    harness.send(harness.plan(harness.members(ADDRESS)))
    with harness.runtime.database.write() as session:
        copied_at = harness.clock() - MINUTE
        session.execute(delete(Delivery))
        session.execute(update(Subscriber).values(next_prompt_at=copied_at))
        session.execute(update(Installation).values(compared_at=copied_at))
        Installation.hold(session, HoldReason.OLD_COPY, harness.clock())
    assert run("sending", "release").exit_code == 1
    assert "1 others would be added as sent" in run("deliveries", "reconcile").output
    assert harness.states() == {}
    assert run("sending", "release").exit_code == 1, "nothing was written yet"
    report = json.loads(run("deliveries", "reconcile", "--json", "--yes").output)
    assert (report["added"], report["written"]) == (1, True)
    assert harness.states() == {"sent": 1}
    assert run("sending", "release").output == "Emails go out.\n"


def test_reconcile_says_if_the_record_cannot_be_read(harness: SendingHarness) -> None:
    harness.office.faults.record_status = 401
    result = run("deliveries", "reconcile", "--yes")
    assert result.exit_code == 1
    assert "could not be read to its end" in result.output
    assert run("deliveries", "reconcile", "--since", "yesterday").exit_code == 2


def held(harness: SendingHarness) -> str | None:
    with harness.runtime.database.read() as session:
        return Installation.current(session).held_because
