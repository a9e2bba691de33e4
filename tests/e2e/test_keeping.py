"""A journal in daily use, with and without script: drafts and deletions that come back, own questions, addresses, rest.

On the way each page that no other test visits is checked against the acceptance table.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from service.core.dates import full_date
from tests.e2e.checker import Checker
from tests.e2e.inspecting import faults_of
from tests.e2e.people import Person
from tests.e2e.running_service import RunningService
from tests.e2e.visiting import Visits, today_in_london

# Pages of settings that need nothing but a sign-in, and the names of their pictures.
SETTINGS = {
    "/settings/quiet-dates": "quiet-dates",
    "/settings/about-you": "about-you",
    "/settings/about-you/consents": "about-you-consents",
    "/erase": "erase",
    "/erase/sure": "erase-sure",
}
# The lengths of a rest, and what the page says after each; "" stands for the date that was chosen.
RESTS = {
    "Skip the next one": "We’ll be quiet until",
    "A week": "We’ll be quiet until",
    "A month": "We’ll be quiet until",
    "Until a date": "",
    "Until I come back": "We’ll be quiet until you come back",
}


@pytest.fixture(params=[False, True], ids=["script off", "script on"])
def script(request: pytest.FixtureRequest) -> bool:
    """Whether the browser runs scripts."""
    return bool(request.param)


@pytest.fixture
def ona(request: pytest.FixtureRequest, stack: RunningService, visits: Visits, script: bool) -> Person:
    """Somebody of one test who has joined, whose browser may run no script."""
    test = request.node.originalname.split("_")[1]
    person = Person(f"ona-{test}-{'on' if script else 'off'}@example.com", visits.page(), stack)
    person.join()
    browser = visits.page(storage_state=person.page.context.storage_state(), java_script_enabled=script)
    return Person(person.address, browser, stack)


def press(page: Page, words: str) -> None:
    page.get_by_role("button", name=words, exact=True).first.click()


def test_nothing_that_was_begun_or_deleted_is_lost(ona: Person, visits: Visits, checker: Checker, script: bool) -> None:
    page, faults = ona.page, list[str]()

    def look(name: str) -> None:
        if script:  # axe is one itself
            faults.extend(faults_of(visits, checker, page, name))

    ona.go("/write")
    page.get_by_role("textbox").first.fill("The lilac is out.")
    press(page, "Save")
    page.get_by_role("link", name="Change the words").click()
    page.get_by_label("Your words").fill("The lilac is out, and")
    press(page, "Save draft")
    expect(page.get_by_role("status")).to_contain_text("Your draft is saved")
    look("edit-draft")
    page.get_by_role("link", name="Cancel").click()
    expect(page.locator("article .words")).to_have_text("The lilac is out.")

    page.get_by_role("link", name="Delete").click()
    press(page, "Delete it")
    look("month-just-deleted")
    ona.go("/journal")
    page.get_by_role("link", name="Deleted entries").click()
    look("deleted-entries")
    page.get_by_role("button", name="Put it back").click()
    page.get_by_role("link", name="Go on with your draft").click()
    expect(page.get_by_label("Your words")).to_have_value("The lilac is out, and")

    other = page.context.new_page()
    other.goto(f"{ona.stack.web_url}/journal")
    press(other, "Sign out")
    page.get_by_label("Your words").fill("The lilac is out, and so is the sun.")
    press(page, "Save")
    expect(page.get_by_role("heading", level=1)).to_have_text("You’re signed out")
    look("signed-out-while-changing")
    ona.page = other
    ona.sign_in(lambda: None)
    for _ in range(2):  # the first is stopped, because its page was made for nobody
        press(page, "Send them again")
    expect(page.locator("article .words")).to_have_text("The lilac is out, and so is the sun.")
    assert not faults, "\n".join(["", *faults])


def test_questions_and_addresses_are_ones_own(ona: Person, visits: Visits, checker: Checker, script: bool) -> None:
    page, faults, other = ona.page, list[str](), "odile@example.com" if script else "odin@example.com"

    def look(name: str) -> None:
        if script:
            faults.extend(faults_of(visits, checker, page, name))

    ona.go("/settings/questions")
    page.get_by_label("Your question").fill("What was worth the walk today?")
    press(page, "Keep this question")
    look("own-questions")
    page.get_by_role("link", name=re.compile("Change.*worth the walk")).click()
    look("own-question")
    page.get_by_label("Your question").fill("What was worth the wait?")
    press(page, "Save")
    page.get_by_role("link", name=re.compile("Remove.*worth the wait")).click()
    look("own-question-remove")
    press(page, "Remove it")
    expect(page.get_by_role("status")).to_contain_text("We won’t ask that one any more")

    ona.go("/settings/addresses")
    page.get_by_label("Email address").fill(other)
    press(page, "Add this address")
    look("addresses")
    page.goto(link_in(Person(other, page, ona.stack), "Is this address yours too?"))
    look("address-is-mine")
    press(page, "Yes, it’s mine")
    ona.go("/settings/addresses")
    press(page, f"Remove {other}")
    expect(page.get_by_role("status")).to_contain_text("We’ve removed that address")

    ona.go("/settings/change-address")
    look("change-address")
    page.get_by_label("Email address").fill(other)
    press(page, "Send the link there")
    page.goto(link_in(Person(other, page, ona.stack), "Is this your new address?"))
    look("address-is-new")
    press(page, "Yes, write to this address")
    ona.go("/settings/change-address")
    expect(page.get_by_role("main")).to_contain_text(f"We write to {other}")
    back = link_in(ona, "Your address here has changed")

    page.goto(back)
    look("address-back")
    page.get_by_role("main").get_by_role("button").first.click()
    expect(page.get_by_role("main")).to_contain_text("back")
    assert ona.mail("Your address is back")
    assert not faults, "\n".join(["", *faults])


def test_rest_and_stop_are_a_press_each_and_every_page_of_settings_is_sound(
    ona: Person, visits: Visits, checker: Checker, script: bool
) -> None:
    page, faults = ona.page, list[str]()
    change_settings_that_are_said_back(ona)
    end_another_session(ona, visits)
    ona.go("/settings")
    page.get_by_role("link", name="Rest", exact=True).click()
    until = today_in_london() + timedelta(days=40)
    for length, said in RESTS.items():
        page.get_by_label(length).check()
        if length == "Until a date":
            page.get_by_label("Until which date?").fill(until.isoformat())
        press(page, "Rest")
        expect(page.get_by_role("status")).to_contain_text(said or full_date(until))
    ona.go("/settings")
    press(page, "Write to me again")
    page.get_by_role("link", name="Stop", exact=True).click()
    press(page, "Stop the emails")
    expect(page.get_by_role("heading", level=1)).to_have_text("The emails have stopped")
    for path, name in SETTINGS.items() if script else ():
        ona.go(path)
        faults += faults_of(visits, checker, page, name)
    ona.go("/erase/sure")
    press(page, "Yes, erase everything")
    page.wait_for_url("**/erase/asked")
    if script:
        faults += faults_of(visits, checker, page, "erase-asked")
    assert ona.mail("Goodbye, and the way back")
    assert not faults, "\n".join(["", *faults])


def change_settings_that_are_said_back(ona: Person) -> None:
    page = ona.page
    ona.go("/settings")
    page.get_by_label("Sundays").check()
    page.get_by_label("A passage from a year ago").uncheck()
    page.get_by_label("A person, place or word that came back").check()
    page.get_by_label("Be discreet").check()
    press(page, "Save")
    for said in ("Sundays", "Nothing from a year ago", "we say which", "Every email is discreet"):
        expect(page.get_by_role("status")).to_contain_text(said)
    page.get_by_label("Be discreet").uncheck()  # a discreet email's subject would not tell which one it is
    press(page, "Save")
    expect(page.get_by_role("status")).to_contain_text("Emails aren’t discreet")
    ona.go("/settings/quiet-dates")
    page.get_by_label("Day", exact=True).fill("12 March")
    press(page, "Keep this date quiet")
    expect(page.get_by_role("status")).to_contain_text("We’ll keep 12 March quiet, every year.")
    press(page, "Remove 12 March")
    expect(page.get_by_role("status")).to_contain_text("That’s no longer a quiet date.")


def end_another_session(ona: Person, visits: Visits) -> None:
    """Sign in with a second browser, see it in the list of sessions, and sign it out from the first one."""
    elsewhere = Person(ona.address, visits.page(), ona.stack)
    elsewhere.sign_in(lambda: None)
    ona.go("/settings/browsers")
    press(ona.page, "Sign this one out")
    expect(ona.page.get_by_role("status")).to_contain_text("That browser is signed out.")
    elsewhere.go("/journal")
    expect(elsewhere.page.get_by_role("heading", level=1)).to_have_text("Sign in")


def link_in(person: Person, subject: str) -> str:
    """Return the link to act with in a person's newest mail with this subject."""
    found = re.search(rf"{re.escape(person.stack.web_url)}/act/\S+", person.mail(subject)["text"])
    assert found is not None
    return found.group()
