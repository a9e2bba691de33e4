"""Every email, looked at: for everybody's access, on a phone, in light and dark, and in the mail programs there are."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page
from selectolax.lexbor import LexborHTMLParser

from tests.e2e.checker import Checker, allowances_for_emails
from tests.e2e.inspecting import LARGEST_BYTES, NARROW, SMALL_TARGETS
from tests.e2e.letters_of_posts import LetterOfPost
from tests.e2e.looking import HEIGHT, WIDTHS_OF_EMAILS, axe, shot, sideways
from tests.e2e.people import Person
from tests.harness.mail.sample_emails import every_email

LONGEST_LINE_BYTES = 998
EVERY = {name: email.html for name, email in every_email().items()}


@pytest.mark.parametrize("name", EVERY)
def test_an_email_can_be_read_by_everybody_on_a_phone(page: Page, name: str) -> None:
    page.set_viewport_size({"width": NARROW, "height": HEIGHT})
    page.set_content(EVERY[name])
    assert axe(page) == []
    assert page.evaluate(SMALL_TARGETS) == []
    assert sideways(page, NARROW) == 0
    shot(page, f"email-{name}", WIDTHS_OF_EMAILS)


def test_an_email_uses_nothing_whose_loss_is_not_thought_of(checker: Checker, letters: list[LetterOfPost]) -> None:
    every = EVERY | {letter.kind: letter.email for letter in letters}
    faults = {name: checker.faults(html, is_email=True) for name, html in every.items()}
    assert {name: found for name, found in faults.items() if found} == {}
    assert allowances_for_emails() - checker.used == set()


def test_what_arrives_keeps_to_the_table_too(ana: Person) -> None:
    for mail in ana.mails():
        page = LexborHTMLParser(mail["html"])
        assert len(mail["html"].encode()) < LARGEST_BYTES
        assert max(len(line.encode()) for line in f"{mail['html']}\n{mail['text']}".splitlines()) <= LONGEST_LINE_BYTES
        assert not page.css("img, link, script, iframe, [background], [src]")
        assert {link.attributes["href"] for link in page.css("a")} <= set(mail["text"].split())
