"""Every page, looked at: for everybody's access, on a phone, with large text, in light and in dark."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.checker import Checker
from tests.e2e.inspecting import faults_of
from tests.e2e.people import FILLED_IN_MS, FIRST_QUESTION, Person
from tests.e2e.running_service import RunningService
from tests.e2e.visiting import Visits

UNKNOWN_TOKEN = "kq3m5zr7wxa2bcd4efgh6ijklmnopqrstuvwxyz2"
Look = Callable[[Page, str], None]


@pytest.fixture
def faults() -> list[str]:
    """What is wrong with the pages of a test, asserted once, so that one run tells everything."""
    return []


@pytest.fixture
def look(visits: Visits, checker: Checker, faults: list[str]) -> Look:
    """Check the open page against the acceptance table."""

    def look(page: Page, name: str) -> None:
        faults.extend(faults_of(visits, checker, page, name))

    return look


@pytest.fixture
def at_home(ana: Person, visits: Visits) -> Person:
    """Ana, signed in, in a browser of this test."""
    return Person(ana.address, visits.page(storage_state=ana.page.context.storage_state()), ana.stack)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "signup"),
        ("/sign-in", "sign-in"),
        ("/about", "about"),
        ("/privacy", "privacy"),
        ("/help-now", "help-now"),
        ("/letters", "letters"),
        ("/letters/subscribe", "letters-subscribe"),
        ("/no-such-page", "not-found"),
        (f"/rest/{UNKNOWN_TOKEN}", "not-found-token"),
    ],
    ids=lambda text: text if not text.startswith("/") else "",
)
def test_pages_that_anybody_may_open(
    stack: RunningService, page: Page, look: Look, faults: list[str], path: str, name: str
) -> None:
    page.goto(stack.web_url + path)
    look(page, name)
    assert not faults, "\n".join(["", *faults])


def test_the_way_in(stack: RunningService, visits: Visits, look: Look, faults: list[str]) -> None:
    eve = Person("eve@example.com", visits.page(), stack)
    eve.go("/")
    eve.page.get_by_role("button", name="Send me the first question").click()
    eve.page.get_by_role("alert").wait_for()
    look(eve.page, "signup-nothing-typed")
    eve.page.get_by_label("Email address").fill("eve@gmial.com")
    eve.page.get_by_role("button", name="Send me the first question").click()
    eve.page.get_by_text("Did you mean").wait_for()
    look(eve.page, "signup-likely-slip")

    eve.ask_to_join()
    look(eve.page, "sent")
    eve.open_mail("Confirm")
    eve.page = eve.follow("Yes, start the questions")
    confirm = eve.page.url
    look(eve.page, "confirm")
    eve.page.get_by_role("button", name="Yes, start the questions").click()
    look(eve.page, "welcome")
    eve.page.goto(confirm)
    look(eve.page, "confirmed")
    eve.go("/journal")
    look(eve.page, "journal-empty")

    eve.go("/write")
    eve.page.get_by_role("textbox").fill("Not kept yet")
    other = visits.page(storage_state=eve.page.context.storage_state())
    other.goto(f"{stack.web_url}/journal")
    other.get_by_role("button", name="Sign out").click()
    eve.page.get_by_role("button", name="Save", exact=True).click()
    expect(eve.page.get_by_label("Your words")).to_have_value("Not kept yet")
    look(eve.page, "signed-out-meanwhile")
    assert not faults, "\n".join(["", *faults])


def test_signing_in(ana: Person, visits: Visits, look: Look, faults: list[str]) -> None:
    page = visits.page()
    ana = Person(ana.address, page, ana.stack)
    ana.go("/sign-in")
    page.get_by_label("Email address").fill("ana at example")
    page.get_by_role("button", name="Send me a link").click()
    look(page, "sign-in-mistyped")
    earlier = len(ana.mails())
    page.get_by_label("Email address").fill(ana.address)
    page.get_by_role("button", name="Send me a link").click()
    ana.wait_for_mails(earlier + 1)
    [link] = re.findall(rf"{re.escape(ana.stack.web_url)}/sign-in/\S+", ana.mail("Sign in")["text"])

    elsewhere = visits.page()
    elsewhere.goto(link)
    look(elsewhere, "sign-in-code")
    elsewhere.get_by_label("Code").fill("12")
    elsewhere.get_by_role("button", name="Sign in").click()
    look(elsewhere, "sign-in-wrong-code")
    page.goto(link)
    look(page, "sign-in-button")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Settings").wait_for()
    page.goto(link)
    look(page, "expired")
    assert not faults, "\n".join(["", *faults])


def test_the_journal(at_home: Person, look: Look, faults: list[str]) -> None:
    page = at_home.page
    at_home.go("/write")
    look(page, "write")
    page.get_by_role("button", name="Save", exact=True).click()
    look(page, "write-nothing")
    page.get_by_role("textbox").fill("A line.\n\n" + "An_unbroken_word_" * 12 + "\n\nשלום and 静か.")
    page.get_by_role("button", name="Save", exact=True).click()
    look(page, "entry-just-kept")
    at_home.go("/journal")
    look(page, "journal")
    at_home.go("/journal/2024-02")
    look(page, "month-without-words")
    at_home.open_entry("the kettle was on")
    entry = page.url
    look(page, "entry")
    page.goto(f"{entry}/edit")
    look(page, "edit")
    page.get_by_role("textbox").fill(" ")
    page.get_by_role("button", name="Save", exact=True).click()
    look(page, "edit-nothing")
    page.goto(f"{entry}/delete")
    look(page, "delete")
    page.goto(f"{entry}/everything")
    look(page, "everything")
    page.goto(entry)
    page.get_by_role("button", name="Keep this out of my digest").click()
    look(page, "entry-kept-out")
    page.get_by_role("button", name="Let it back into my digest").click()
    assert not faults, "\n".join(["", *faults])


def test_small_steps(at_home: Person, look: Look, faults: list[str]) -> None:
    page = at_home.page
    at_home.go("/steps")
    look(page, "steps-empty")
    page.get_by_label("Choose a small step").fill("After I lock the door, I will stand still. " * 6)
    page.get_by_role("button", name="Choose it").click()
    page.get_by_role("alert").wait_for()
    look(page, "steps-error")
    for words in (
        "After I lock the front door, I will stand on the step for one breath.",
        "Put the book on the pillow.",
        "An_unbroken_word_" * 5,
        "After lunch, I will ring Priya.",
    ):
        page.get_by_label("Choose a small step").fill(words)
        page.get_by_role("button", name="Choose it").click()
        page.get_by_text("Your step is saved.").wait_for()
    look(page, "steps-chosen")
    for words, answer in (("front door", "Took it"), ("pillow", "Not yet"), ("unbroken", "Let it go")):
        step = page.get_by_role("article").filter(has_text=words)
        step.get_by_role("button", name=answer).click()
        step.get_by_text("Change", exact=True).wait_for()
    at_home.go("/steps")
    look(page, "steps")
    step = page.get_by_role("article").filter(has_text="unbroken")
    step.get_by_text("Change", exact=True).click()
    step.get_by_role("link", name="Remove this step").click()
    look(page, "steps-take-off")
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_role("heading", name="Let go")).to_have_count(0)
    assert not faults, "\n".join(["", *faults])


def test_settings(at_home: Person, look: Look, faults: list[str]) -> None:
    page = at_home.page
    at_home.go("/settings")
    look(page, "settings")
    for day in page.get_by_role("group", name="Days").get_by_role("checkbox").all():
        day.uncheck()
    page.get_by_role("button", name="Save", exact=True).first.click()
    look(page, "settings-no-day")
    page.get_by_label("Mondays").check()
    page.get_by_role("button", name="Save", exact=True).first.click()
    look(page, "settings-saved")
    page.goto(f"{at_home.stack.web_url}/settings/browsers")
    look(page, "browsers")
    page.goto(f"{at_home.stack.web_url}/import")
    look(page, "import")
    page.goto(f"{at_home.stack.web_url}/export")
    look(page, "export")
    at_home.go("/settings")
    page.context.clear_cookies()
    page.get_by_role("button", name="Save", exact=True).first.click()
    look(page, "grown-old")
    assert not faults, "\n".join(["", *faults])


def test_pages_behind_the_links_of_an_email(
    stack: RunningService, visits: Visits, look: Look, faults: list[str]
) -> None:
    gus = Person("gus@example.com", visits.page(), stack)
    gus.join()
    gus.open_mail(FIRST_QUESTION)
    mail = gus.page
    page = gus.follow("write on a page")
    look(page, "answer-on-a-page")
    page.get_by_role("button", name="Another question").click()
    look(page, "another-question")
    page.get_by_role("link", name="Back to the question").click()
    page.get_by_role("textbox").fill("Here, perhaps.")
    page.get_by_role("button", name="Not today").click()
    look(page, "not-today")
    page.get_by_role("textbox").fill("Here instead.")
    page.get_by_role("button", name="Save", exact=True).click()
    look(page, "kept")

    gus.page = mail
    page = gus.follow("Rest or skip one")
    look(page, "rest")
    page.get_by_label("Until a date").check()
    page.get_by_role("button", name="Rest").click()
    look(page, "rest-without-a-date")
    page.get_by_label("A week").check()
    page.get_by_role("button", name="Rest").click()
    look(page, "resting")
    page.goto(f"{stack.web_url}/settings")
    look(page, "settings-resting")

    page = gus.follow("Stop these emails")
    look(page, "stop")
    page.get_by_role("button", name="Stop the emails").click()
    look(page, "stopped")
    page.goto(f"{stack.web_url}/settings")
    look(page, "settings-stopped")
    assert not faults, "\n".join(["", *faults])


def test_asking_too_often(stack: RunningService, visits: Visits, look: Look, faults: list[str]) -> None:
    hal = Person("hal@example.com", visits.page(), stack)
    for _ in range(10):
        hal.ask_to_join()
    hal.go("/")
    hal.page.get_by_label("Email address").fill(hal.address)
    hal.page.wait_for_timeout(FILLED_IN_MS)
    hal.page.get_by_role("button", name="Send me the first question").click()
    look(hal.page, "too-often")
    assert not faults, "\n".join(["", *faults])


def test_the_post_office(ana: Person, visits: Visits, look: Look, faults: list[str]) -> None:
    page, office = visits.page(), ana.stack.mail_url
    page.goto(f"{office}/?to=nobody@example.com")
    look(page, "mailbox-empty")
    page.goto(f"{office}/")
    look(page, "mailbox")
    page.goto(f"{office}/posts")
    look(page, "mailbox-posts")
    ivy = Person(ana.address, page, ana.stack)
    ivy.open_mail(FIRST_QUESTION)
    look(page, "mail")
    for view in ("Phone", "Text", "Source", "Headers"):
        page.get_by_role("link", name=view, exact=True).click()
        look(page, f"mail-{view.lower()}")
    ivy.reply("Once more.")
    look(page, "mail-answered")
    assert not faults, "\n".join(["", *faults])
