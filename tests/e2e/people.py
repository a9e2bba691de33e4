"""Made-up people, doing with a browser what people do: sign up, read their mail, answer it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tests.e2e.running_service import RunningService
from tests.e2e.visiting import until

CONFIRM = "Confirm your email address"
FIRST_QUESTION = "Your first question"
SOON_MS = 8_000
_A_PAGE = re.compile("^https?:")  # and not a new page that is still blank
FILLED_IN_MS = 2_100  # a form that comes sooner is shown once more


@dataclass(slots=True)
class Person:
    """A person with an address, and the page that is open in their browser."""

    address: str
    page: Page
    stack: RunningService

    def go(self, path: str) -> None:
        """Open a page of the service."""
        self.page.goto(self.stack.web_url + path)

    def ask_to_join(self) -> None:
        """Fill in the signup form and send it."""
        self.fill_in_signup()
        self.page.wait_for_timeout(FILLED_IN_MS)
        self.send_signup()

    def fill_in_signup(self) -> None:
        """Open the signup form and type the address."""
        self.go("/")
        self.page.get_by_label("Email address").fill(self.address)

    def send_signup(self) -> None:
        """Send the signup form off, and see that it was taken."""
        self.page.get_by_role("button", name="Send me the first question").click()
        self.page.get_by_role("heading", name="Check your email").wait_for()

    def join(self) -> None:
        """Sign up and confirm; the welcome page lies open, signed in, and the first question is in the mailbox."""
        assert not self.mails(), f"somebody of another test has the address {self.address}"
        self.ask_to_join()
        self.open_mail(CONFIRM)
        self.page = self.follow("Yes, start the questions")
        self.page.get_by_role("button", name="Yes, start the questions").click()
        self.page.get_by_role("heading", name="Welcome").wait_for()
        self.mail(FIRST_QUESTION)

    def mails(self) -> list[dict[str, Any]]:
        """Return this person's mails, newest first."""
        answer = requests.get(f"{self.stack.mail_url}/_local/mails", params={"to": self.address}, timeout=30)
        found: list[dict[str, Any]] = answer.json()
        return found

    def mail(self, subject: str) -> dict[str, Any]:
        """Return the newest mail whose subject begins like this, as soon as it is there."""
        return until(
            lambda: next((mail for mail in self.mails() if mail["subject"].startswith(subject)), None),
            f"a mail that begins {subject!r}",
        )

    def wait_for_mails(self, number: int) -> None:
        """Wait until this many mails have come."""
        until(lambda: len(self.mails()) >= number, f"{number} mails")

    def open_mail(self, subject: str) -> dict[str, Any]:
        """Find an email in the mailbox and open it."""
        mail = self.mail(subject)
        self.page.goto(f"{self.stack.mail_url}/?to={self.address}")
        self.page.locator(f"a[href*='{mail['mail_id']}']").click()
        self.page.get_by_role("heading", name="Reply").wait_for()
        return mail

    def follow(self, words: str) -> Page:
        """Press a link in the open email; return the page that it opens."""
        link = self.page.frame_locator("iframe").get_by_role("link", name=words).first
        # A mouse that arrives while the mail's frame is still scrolling misses the link, and on a busy machine a new
        # page may stay blank: then once more, by keyboard.
        try:
            with self.page.expect_popup(timeout=SOON_MS) as opened:
                link.click()
            opened.value.wait_for_url(_A_PAGE, timeout=SOON_MS)
        except PlaywrightTimeoutError:
            self.page.bring_to_front()
            with self.page.expect_popup() as opened:
                link.press("Enter")
        opened.value.wait_for_load_state()
        return opened.value

    def reply(self, words: str, *, client: str = "Gmail in a browser", **choices: str) -> None:
        """Answer the mail that lies open, as a mail program would; `choices` are those of the form, by label."""
        self.page.get_by_label("Your words").fill(words)
        self.page.get_by_label("Written in").select_option(label=client)
        for label, choice in choices.items():
            self.page.get_by_label(label.replace("_", " ").capitalize()).select_option(label=choice)
        self.page.get_by_role("button", name="Send the reply").click()
        self.page.get_by_text("The service answered 200").wait_for()

    def find_in_journal(self, words: str) -> None:
        """Open the journal, anew until these words stand in it."""

        def look() -> bool:
            self.go("/journal")
            return self.page.get_by_text(words).count() > 0

        until(look, f"{words!r} in the journal")

    def open_entry(self, words: str) -> None:
        """Open the entry that holds these words."""
        self.find_in_journal(words)
        entry = self.page.get_by_role("article").filter(has_text=words)
        self.page.locator(".day").filter(has=entry).get_by_role("heading").get_by_role("link").click()
        if "/journal/entry/" not in self.page.url:  # a day of several entries, which leads to each of them
            entry.get_by_role("link", name="Change, keep out or delete").click()
        self.page.get_by_role("link", name="Change the words").wait_for()

    def sign_in(self, send: Callable[[], object]) -> None:
        """Sign in by the link of an email; `send` lets the service send what waits."""
        self.go("/sign-in")
        self.page.get_by_label("Email address").fill(self.address)
        self.page.get_by_role("button", name="Send me a link").click()
        self.page.get_by_role("heading", name="Check your email").wait_for()
        send()
        self.open_mail("Sign in")
        self.page = self.follow("Sign in")
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("heading", level=1).wait_for()
