"""Every email, looked at: for everybody's access, on a phone, in light and dark, and in the mail programs there are."""

from __future__ import annotations

import json
import subprocess
from fnmatch import fnmatch
from pathlib import Path
from typing import cast

import pytest
from playwright.sync_api import Page
from selectolax.lexbor import LexborHTMLParser

from tests.e2e.inspecting import LARGEST_BYTES, NARROW, SMALL_TARGETS
from tests.e2e.looking import HEIGHT, axe, shot, sideways
from tests.e2e.people import Person
from tests.mail.samples import every_email

LONGEST_LINE_BYTES = 998
HERE = Path(__file__).parent
EVERY = {name: email.html for name, email in every_email().items()}
# By feature: which clients may lack it, and why that is no harm; where a client has a part of it, that covers it too.
PROGRAMS_MAY_LACK = json.loads((HERE / "caniemail.json").read_text("utf-8"))
# By rule and message, why it is allowed.
MARKUP_MAY = json.loads((HERE / "html-validate.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def findings() -> dict[str, list[str]]:
    """Return what the tools say of each email."""
    run = subprocess.run(
        ["node", HERE / "email_checks.mjs"], input=json.dumps(EVERY), capture_output=True, text=True, check=True
    )
    return cast("dict[str, list[str]]", json.loads(run.stdout))


@pytest.mark.parametrize("name", EVERY)
def test_an_email_can_be_read_by_everybody_on_a_phone(page: Page, name: str) -> None:
    page.set_viewport_size({"width": NARROW, "height": HEIGHT})
    page.set_content(EVERY[name])
    assert axe(page) == []
    assert page.evaluate(SMALL_TARGETS) == []
    assert sideways(page, NARROW) == 0
    shot(page, f"email-{name}")


@pytest.mark.parametrize("name", EVERY)
def test_an_email_uses_nothing_whose_loss_is_not_thought_of(findings: dict[str, list[str]], name: str) -> None:
    assert [line for line in findings[name] if not _reason(line)] == []


def test_nothing_is_allowed_that_no_email_needs(findings: dict[str, list[str]]) -> None:
    used = {reason for lines in findings.values() for line in lines if (reason := _reason(line))}
    messages = {f"{rule}: {message}" for rule, allowed in MARKUP_MAY.items() for message in allowed}
    clients = {f"{name}: {client}" for name, each in PROGRAMS_MAY_LACK.items() for client in each.get("absent", ())}
    features = {name for name, each in PROGRAMS_MAY_LACK.items() if "absent" not in each}
    assert (messages | clients | features) - used == set()


def test_what_arrives_keeps_to_the_table_too(ana: Person) -> None:
    for mail in ana.mails():
        page = LexborHTMLParser(mail["html"])
        assert len(mail["html"].encode()) < LARGEST_BYTES
        assert max(len(line.encode()) for line in f"{mail['html']}\n{mail['text']}".splitlines()) <= LONGEST_LINE_BYTES
        assert not page.css("img, link, script, iframe, [background], [src]")
        assert {link.attributes["href"] for link in page.css("a")} <= set(mail["text"].split())


def _reason(line: str) -> str | None:
    """Return the entry of the lists that allows a finding, or None."""
    tool, what, rest = line.split(": ", 2)
    if tool == "html-validate":
        return f"{what}: {rest}" if rest in MARKUP_MAY.get(what, {}) else None
    support, _, client = rest.partition(": ")
    if what not in PROGRAMS_MAY_LACK:
        return None
    if support == "partial":
        return what
    found = (glob for glob in PROGRAMS_MAY_LACK[what].get("absent", ()) if fnmatch(client, glob))
    return next((f"{what}: {glob}" for glob in found), None)
