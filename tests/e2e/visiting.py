"""Browsers of made-up people, and the errors and requests that they record."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import count
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, BrowserContext, CDPSession, ConsoleMessage, Page, Request, Response
from playwright.sync_api import Error as PlaywrightError

from tests.e2e.running_service import RunningService

Found = TypeVar("Found")
PATIENCE_SECONDS = 30
_networks = count(1)
# https://chromedevtools.github.io/devtools-protocol/tot/WebAuthn/#type-VirtualAuthenticatorOptions
PHONE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass
class Visits:
    """Opens browsers for a test, and notes what their consoles complain of and whatever they fetch from elsewhere.

    `answers` has what was last answered, by address.
    """

    browser: Browser
    stack: RunningService
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)
    answers: dict[str, Response] = field(default_factory=dict)

    def page(self, **options: Any) -> Page:
        """Return a page in a browser of its own, in London, coming from a network of its own."""
        number = next(_networks)
        network = {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}
        settings: dict[str, Any] = {"locale": "en-GB", "timezone_id": "Europe/London", **options}
        context = self.browser.new_context(extra_http_headers=network, **settings)
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        context.on("console", self._hear)
        context.on("request", self._see)
        context.on("response", self._keep)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.contexts.append(context)
        return context.new_page()

    def open_pages(self) -> list[str]:
        """Return what lies open, a line for each page: the first part of its path, its status and its headings."""
        return [self._describe(page) for context in self.contexts for page in context.pages]

    def _describe(self, page: Page) -> str:
        answer = self.answers.get(page.url)
        status = answer.status if answer else "no answer"
        beginning = "/".join(page.url.split("/", 4)[:4])  # what follows may be a token
        try:
            headings = page.get_by_role("heading").all_inner_texts()
        except PlaywrightError as error:
            headings = [type(error).__name__]
        return f"{beginning}: {status}: {headings}"

    def _hear(self, message: ConsoleMessage) -> None:
        # An answer such as 404 is the test's own business; scripts and the content policy are ours.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.complaints.append(message.text)

    def _see(self, request: Request) -> None:
        if not request.url.startswith((f"{self.stack.web_url}/", f"{self.stack.mail_url}/", "about:")):
            self.complaints.append(f"fetched {request.url}")

    def _keep(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self.answers[response.url] = response


@contextmanager
def visiting(browser: Browser, stack: RunningService) -> Iterator[Visits]:
    """Yield what opens browsers; afterwards close them all, and fail if any complained."""
    visits = Visits(browser, stack)
    try:
        yield visits
    finally:
        for context in visits.contexts:
            context.close()
    assert not visits.complaints, "\n".join(visits.complaints)


def until(found: Callable[[], Found | None], what: str) -> Found:
    """Return the first thing found that is true; `what` names it when it never comes."""
    mark_given_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        result = found()
        if result:
            return result
        assert time.monotonic() < mark_given_up, f"waited {PATIENCE_SECONDS} s for {what}"
        time.sleep(0.1)


def today_in_london() -> date:
    """Return the local date of the people in these tests."""
    return datetime.now(ZoneInfo("Europe/London")).date()


def add_phone(page: Page) -> tuple[CDPSession, str]:
    """Give a page's browser a phone that makes passkeys; return how it is spoken to, and its id."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    found: str = devices.send("WebAuthn.addVirtualAuthenticator", {"options": PHONE})["authenticatorId"]
    return devices, found
