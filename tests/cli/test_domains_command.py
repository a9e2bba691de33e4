"""The command that lists paused domains and resumes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from service.cli.commands import main
from service.core.sending.domain_results import DomainResults
from service.flows.outgoing.sending import domain_pauses
from service.models import DeskAction
from tests.harness.environment import set_environment
from tests.harness.sending import SendingHarness, open_sending_harness


@pytest.fixture
def harness(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SendingHarness]:
    with open_sending_harness(database_url, tmp_path, redis_url="redis://127.0.0.1:1") as opened:
        set_environment(monkeypatch, opened.runtime.settings)
        yield opened


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["domains", *words])


def pause(harness: SendingHarness, domain: str, found: DomainResults) -> None:
    with harness.runtime.database.write() as session:
        domain_pauses.record_results(session, harness.runtime.keyring, domain, found, harness.clock())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_paused_domains_are_listed_with_the_reason_and_resumed_by_name(harness: SendingHarness) -> None:
    assert run("paused").output == "No domain is paused.\n"
    pause(harness, "example.com", DomainResults(200, 12, 0))
    harness.clock.move(domain_pauses.PROBE_EVERY)
    pause(harness, "xn--bcher-kva.example", DomainResults(900, 0, 4))
    first, second = run("paused").output.splitlines()
    assert first.startswith("example.com  since 2026-")
    assert first.endswith("UTC. It refused 12 of 200 emails within a day.")
    assert second.endswith("UTC. 4 of 900 emails within a day were called spam.")
    listed = json.loads(run("paused", "--json").output)
    assert [(row["domain"], row["reason"], row["results"]) for row in listed] == [
        ("example.com", "refused", 200),
        ("xn--bcher-kva.example", "complained", 900),
    ]
    assert run("resume", "Example.COM").stdout == "Questions to example.com are sent again.\n"
    resumed = run("resume", "bücher.example", "--json")
    assert json.loads(resumed.stdout) == {"domain": "xn--bcher-kva.example", "resumed": True}
    assert run("paused").output == "No domain is paused.\n"
    with harness.runtime.database.read() as session:
        assert [*session.scalars(select(DeskAction.action))] == ["domain.resumed"] * 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_domain_that_is_not_paused_and_a_word_that_is_no_domain_are_errors(harness: SendingHarness) -> None:
    assert harness.mails() == []
    result = run("resume", "example.com")
    assert (result.exit_code, result.stderr) == (1, "example.com is not paused.\n")
    assert run("resume", "not a domain").exit_code == 2
