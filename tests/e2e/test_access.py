"""The ways of those who use no mouse, run no script, or see with colours of their own."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.people import CONFIRM, FILLED_IN_MS, FIRST_QUESTION, Person
from tests.e2e.running_service import RunningService
from tests.e2e.visiting import Visits

MOST_STOPS = 60
FOCUSED = """() => { const at = document.activeElement, style = getComputedStyle(at);
    return {tag: at.tagName, words: (at.labels?.[0] || at).textContent.trim(), src: at.getAttribute("src"),
        shown: at.tagName === "IFRAME" || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0)}; }"""


@pytest.mark.parametrize("forced_colors", ["none", "active"], ids=["our colours", "forced colours"])
def test_signing_up_and_answering_need_only_a_keyboard(
    stack: RunningService, visits: Visits, forced_colors: Literal["none", "active"]
) -> None:
    jo = Person(f"jo-{forced_colors}@example.com", visits.page(forced_colors=forced_colors), stack)
    jo.go("/")
    _tab_to(jo.page, "Email address")
    jo.page.keyboard.type(jo.address)
    _tab_to(jo.page, "Mondays, Wednesdays and Fridays")
    jo.page.keyboard.press("ArrowDown")
    _tab_to(jo.page, "Send me the first question")
    jo.page.wait_for_timeout(FILLED_IN_MS)
    jo.page.keyboard.press("Enter")
    jo.page.get_by_role("heading", name="Check your email").wait_for()

    jo.page.goto(_link(jo, CONFIRM, "confirm"))
    _tab_to(jo.page, "Yes, start the questions")
    jo.page.keyboard.press("Enter")
    expect(jo.page.get_by_text("on Sundays at 8 in the morning")).to_be_visible()
    _tab_to(jo.page, "Which three words fit you right now, before you tidy them up?")
    jo.page.keyboard.type("slow, warm, late")
    _tab_to(jo.page, "Save")
    jo.page.keyboard.press("Enter")
    expect(jo.page.get_by_text("slow, warm, late")).to_be_visible()

    mail = jo.mail(FIRST_QUESTION)
    jo.page.goto(f"{stack.mail_url}/mail/{mail['mail_id']}")
    _tab_to(jo.page, "Your words")
    jo.page.keyboard.type("And a bus that waited.")
    _tab_to(jo.page, "Send the reply")
    jo.page.keyboard.press("Enter")
    expect(jo.page.get_by_role("status")).to_contain_text("The service answered 200")
    jo.find_in_journal("And a bus that waited.")


def test_the_first_stop_of_a_page_leads_past_its_head(stack: RunningService, page: Page) -> None:
    page.goto(stack.web_url)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_after_a_slip_the_keyboard_stands_at_the_list_of_what_went_wrong(stack: RunningService, page: Page) -> None:
    page.goto(stack.web_url)
    page.get_by_role("button", name="Send me the first question").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Email address")).to_be_focused()
    expect(page).to_have_title(re.compile(r"^Error: "))


def test_everything_works_without_script(stack: RunningService, visits: Visits) -> None:
    kim = Person("kim@example.com", visits.page(java_script_enabled=False), stack)
    kim.go("/")
    kim.page.get_by_label("Email address").fill(kim.address)
    kim.page.get_by_role("button", name="Send me the first question").click()
    expect(kim.page.get_by_text("Choose your time zone").first).to_be_visible()
    expect(kim.page.get_by_label("Email address")).to_have_value(kim.address)
    kim.page.get_by_label("Your time zone").select_option("Kolkata")
    kim.page.wait_for_timeout(FILLED_IN_MS)
    kim.page.get_by_role("button", name="Send me the first question").click()
    kim.page.goto(_link(kim, CONFIRM, "confirm"))
    kim.page.get_by_role("button", name="Yes, start the questions").click()
    expect(kim.page.get_by_role("main")).to_contain_text("Kolkata time")
    kim.page.get_by_role("textbox").fill("It was light at six.")
    kim.page.get_by_role("button", name="Save", exact=True).click()
    kim.page.get_by_role("button", name="Sign out").click()

    kim.go("/journal")
    kim.page.get_by_label("Email address").fill(kim.address)
    kim.page.get_by_role("button", name="Send me a link").click()
    kim.page.goto(_link(kim, "Sign in", "sign-in"))
    kim.page.get_by_role("button", name="Sign in").click()
    expect(kim.page.get_by_role("main")).to_contain_text("It was light at six.")
    kim.open_entry("It was light at six.")
    kim.page.get_by_role("link", name="Change the words").click()
    kim.page.get_by_role("textbox").fill("It was light before six.")
    kim.page.get_by_role("button", name="Save", exact=True).click()
    expect(kim.page.get_by_role("article")).to_contain_text("before six")
    kim.go("/settings")
    kim.page.get_by_label("Be discreet").check()
    kim.page.get_by_role("button", name="Save", exact=True).first.click()
    expect(kim.page.get_by_role("status")).to_contain_text("Saved.")
    expect(kim.page.get_by_label("Be discreet")).to_be_checked()


def _tab_to(page: Page, words: str) -> None:
    """Press Tab until the focus is on the control with this label; each control on the way must show its focus."""
    stops = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        assert at["shown"], f"nothing shows that the keyboard stands at {at['words']!r}"
        if at["words"].startswith(words):
            return
        stops.append(at["words"][:30])
    pytest.fail(f"no stop at {words!r}, only at {stops}")


def _link(person: Person, subject: str, path: str) -> str:
    found = re.search(rf"{re.escape(person.stack.web_url)}/{path}/\S+", person.mail(subject)["text"])
    assert found
    return found.group()
