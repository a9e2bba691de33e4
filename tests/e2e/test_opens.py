"""The product opens in a browser."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.e2e.looking import axe, html_faults, shot, sideways
from tests.e2e.stack import Stack


def test_the_signup_page_opens_fits_and_can_be_used_by_everybody(stack: Stack, page: Page) -> None:
    answer = page.goto(stack.web_url)
    assert answer
    assert answer.status == 200
    assert page.get_by_label("email").first.is_visible()
    assert axe(page) == []
    assert sideways(page) == 0
    assert html_faults(answer.text()) == []
    assert len(shot(page, "signup")) == 4


def test_the_mailbox_opens(stack: Stack, page: Page) -> None:
    answer = page.goto(stack.mail_url)
    assert answer
    assert answer.status == 200
    shot(page, "mailbox-empty")
