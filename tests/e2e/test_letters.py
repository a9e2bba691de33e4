"""Letters made of forty kinds of posts, looked at by the checkers: the markup of each, and all for everybody's access.

How mail programs take their emails stands beside all other emails, in test_emails.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from playwright.sync_api import Browser

from tests.e2e.checker import Checker
from tests.e2e.inspecting import NARROW
from tests.e2e.letters_of_posts import LetterOfPost, all_emails, all_pages
from tests.e2e.looking import HEIGHT, axe, sideways

# The middle of two posts that are one thing hundreds of times: axe takes longer for it than for all the rest.
SHORTEN = """() => document.querySelectorAll(":is(.letter, .pad) > :nth-child(n+30):nth-last-child(n+10)")
    .forEach(block => block.remove())"""


def test_the_page_of_each_letter_has_no_fault_in_its_markup(checker: Checker, letters: list[LetterOfPost]) -> None:
    faults = {letter.kind: checker.faults(letter.page) for letter in letters}
    assert len(faults) == 40
    assert {kind: found for kind, found in faults.items() if found} == {}


@pytest.mark.parametrize("in_one", [all_emails, all_pages])
def test_letters_can_be_read_by_everybody_on_a_phone(
    browser: Browser, letters: list[LetterOfPost], in_one: Callable[[Iterable[LetterOfPost]], str]
) -> None:
    page = browser.new_page(viewport={"width": NARROW, "height": HEIGHT})
    page.set_content(in_one(letters))
    page.evaluate(SHORTEN)
    assert page.locator("[id^=post-]").count() == 40
    assert axe(page) == []
    assert sideways(page, NARROW) == 0
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert sideways(page, NARROW) == 0
    page.close()
