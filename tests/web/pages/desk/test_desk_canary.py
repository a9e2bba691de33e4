"""The desk says nobody's words or address: on no page, in no command's output, and in no line of the log."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from service.cli.commands import main
from service.db import Base
from service.models import Delivery, DeliveryState, Outcome, Reply, Subscriber, Suppression, SuppressionReason
from tests.harness.desk import DeskHarness
from tests.harness.environment import set_environment
from tests.harness.website import WebHarness

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ADDRESS, WORDS = "ana@example.com", "zq7 canary words nightingale"
COMMANDS = (
    ("desk", "status", "--json"),
    ("desk", "trouble", "--json"),
    ("desk", "log", "--json"),
    ("deliveries", "list", "--json"),
    ("letters", "list", "--json"),
    ("prompts", "list", "--own", "--json"),
    ("prompts", "draft", "list", "--json"),
    ("replies", "held"),
)
NEEDS_A_CODE = ("people/lift", "people/consent", "people/erase")


@pytest.fixture
def desk(site: WebHarness) -> DeskHarness:
    """A desk with a person in every kind of trouble, and a writer who is signed in without a second factor."""
    site.join()
    site.write(WORDS)
    with site.runtime.database.write() as session:
        person = session.scalars(select(Subscriber)).one()
        session.execute(update(Delivery).values(state=DeliveryState.FAILED, reason="no such mailbox"))
        for outcome in (Outcome.HELD, Outcome.UNREADABLE):
            sealed = site.runtime.keyring.seal_own(WORDS.encode(), place="anywhere")
            hashes = dict.fromkeys(("recipient_hash", "message_id_hash"), outcome.encode())
            session.add(
                Reply(
                    received_at=site.clock(),
                    **hashes,
                    content_hash=b"c" * 32,
                    sealed_raw=sealed,
                    subscriber_id=person.id,
                    outcome=outcome,
                    reason="not proved theirs",
                )
            )
        Suppression.add(session, person.address_hash, SuppressionReason.BOUNCED, site.clock())
    found = DeskHarness(site)
    found.sign_in()
    return found


def pages(desk: DeskHarness) -> list[str]:
    """Return the paths of all pages of the desk, with the letter in place of an id."""
    letter_id = desk.draft()
    rules = [rule for rule in desk.site.app.url_map.iter_rules() if rule.rule.startswith("/desk")]
    shown = [rule.rule for rule in rules if "GET" in (rule.methods or ())]
    return sorted(re.sub(r"<id:[^>]+>", str(letter_id), path) for path in shown if "token" not in path)


def rows(desk: DeskHarness) -> dict[str, list[object]]:
    with desk.site.runtime.database.read() as session:
        return {table.name: [*session.execute(select(table))] for table in Base.metadata.sorted_tables}


def test_no_page_command_or_line_of_the_log_says_a_word_or_an_address(
    desk: DeskHarness, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = pages(desk)
    assert len(paths) > 15
    before = rows(desk)
    shown = {path: desk.site.get(path) for path in paths}
    assert rows(desk) == before, "looking changes no row"
    assert sum(answer.status_code == 200 for answer in shown.values()) > 12
    said = {path: answer.text for path, answer in shown.items()}
    fields: dict[str, object] = {"email": ADDRESS}
    said["found"] = desk.site.post("/desk/people/find", fields, page="/desk/people").text
    assert "Here since" in said["found"]
    set_environment(monkeypatch, desk.site.runtime.settings)
    for words in COMMANDS:
        result = CliRunner().invoke(main, words)
        assert result.exit_code in {0, 1}, words
        said[" ".join(words)] = result.output
    said["people find"] = CliRunner().invoke(main, ["people", "find", "--json"], input=ADDRESS).output
    said["log"] = "".join(capfd.readouterr())
    canaries = (ADDRESS, WORDS, "nightingale")
    assert [(where, canary) for where, text in said.items() for canary in canaries if canary in text] == []


def test_what_cannot_be_undone_is_refused_without_a_second_factor(desk: DeskHarness) -> None:
    person: dict[str, object] = {"person": str(desk.site.person().id), "sure": "yes"}
    letter = f"/desk/letters/{desk.draft()}"
    before = rows(desk)
    for path in NEEDS_A_CODE:
        assert desk.site.post(f"/desk/{path}", person, page="/desk/people").status_code == 403, path
    for path in ("send", "stop"):
        assert desk.site.post(f"{letter}/{path}", {"when": "now"}, page=letter).status_code == 403, path
    assert rows(desk) == before
