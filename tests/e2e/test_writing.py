"""Writing, changing and finding again, with and without script: drafts, two windows at once, the earlier wording,
photos, answers to an email's question, tags and search.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.checker import Checker
from tests.e2e.inspecting import faults_of
from tests.e2e.people import FIRST_QUESTION, Person
from tests.e2e.running_service import RunningService
from tests.e2e.visiting import Visits, today_in_london
from tests.harness.mail.pictures import encoded, picture

FOOTER = "Sent from my iPhone"


@pytest.fixture(params=[False, True], ids=["script off", "script on"])
def script(request: pytest.FixtureRequest) -> bool:
    """Whether the browser runs scripts."""
    return bool(request.param)


@pytest.fixture
def uma(stack: RunningService, visits: Visits, script: bool) -> Person:
    """Somebody who has joined, whose browser may run no script."""
    person = Person("uma@example.com" if script else "ulf@example.com", visits.page(), stack)
    person.join()
    browser = visits.page(storage_state=person.page.context.storage_state(), java_script_enabled=script)
    return Person(person.address, browser, stack)


def press(page: Page, words: str) -> None:
    page.get_by_role("button", name=words, exact=True).click()


def test_what_is_begun_is_kept_changed_and_given_a_photo(
    uma: Person, visits: Visits, checker: Checker, script: bool, tmp_path: Path
) -> None:
    page, faults = uma.page, list[str]()

    def look(name: str) -> None:
        if script:  # axe is one itself
            faults.extend(faults_of(visits, checker, page, name))

    uma.go("/write")
    page.get_by_role("textbox").first.fill("The lilac")
    press(page, "Save draft")
    expect(page.get_by_role("status")).to_contain_text("Your draft is saved")
    look("write-draft")
    uma.go("/write")
    expect(page.get_by_role("textbox").first).to_have_value("The lilac")
    page.get_by_role("textbox").first.fill("The lilac is out.")
    press(page, "Save")
    page.get_by_role("link", name="Change the words").click()

    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_label("Your words").fill("From the phone.")
    press(other, "Save")
    page.get_by_label("Your words").fill("From the desk.")
    press(page, "Save")
    expect(page.get_by_role("alert")).to_contain_text("Nothing is lost: both are below")
    expect(page.locator(".card")).to_have_text("From the phone.")
    look("edit-both")
    press(page, "Keep both")
    expect(page.locator("article .words")).to_have_text("From the phone.\n\nFrom the desk.")
    page.get_by_role("link", name="See the earlier wording").click()
    look("earlier-wording")
    press(page, "Put the earlier wording back")
    expect(page.locator("article .words")).to_have_text("From the phone.")

    (tmp_path / "lilac.jpg").write_bytes(encoded(picture((300, 200))))
    page.get_by_role("link", name="Change the words or add photos").click()
    page.get_by_label("Add photos, if you like").set_input_files(tmp_path / "lilac.jpg")
    press(page, "Save")
    page.get_by_role("link", name="Turn or describe this photo").click()
    look("photo-change")
    press(page, "Turn it right")
    expect(page.locator(".photos img")).to_have_attribute("height", "300")
    page.get_by_label("What does it show?").fill("Lilac by the bins")
    press(page, "Save")
    expect(page.get_by_role("img", name="Lilac by the bins")).to_have_attribute("width", "200")
    look("entry-photo-described")
    page.get_by_role("link", name="Remove this photo").click()
    press(page, "Remove it")
    expect(page.locator("article img")).to_have_count(0)
    press(page, "Put the photo back")
    expect(page.get_by_role("img", name="Lilac by the bins")).to_be_visible()
    assert not faults, "\n".join(["", *faults])

    answer_by_email_and_behind_its_link(uma)
    find_again_by_days_tags_and_words(uma)


def answer_by_email_and_behind_its_link(uma: Person) -> None:
    """Answer the first question twice; put back what was left out, and choose when the question comes again."""
    page = uma.page
    mail = uma.open_mail(FIRST_QUESTION)
    uma.reply("The bus waited.", client="iPhone")
    uma.open_entry("The bus waited.")
    page.get_by_role("link", name="Show everything I sent").click()
    page.locator(".card").filter(has_text=FOOTER).get_by_role("button", name="Put it back").click()
    expect(page.locator("article .words")).to_contain_text(FOOTER)

    page.goto(re.findall(rf"{re.escape(uma.stack.web_url)}/write/\S+", mail["text"])[0])
    page.get_by_role("textbox").fill("warm, slow, late")
    press(page, "Save")
    uma.open_entry("warm, slow, late")
    question = page.locator("article > p").first.inner_text()
    page.get_by_role("link", name="Ask me this again, or never").click()
    expect(page.get_by_role("article")).to_contain_text(question)
    press(page, "In a month")
    expect(page.get_by_role("status")).to_contain_text("You’ll be asked this again on")
    press(page, "Don’t ask it on that date")
    expect(page.get_by_role("status")).to_have_count(0)


def find_again_by_days_tags_and_words(uma: Person) -> None:
    """Write for a day of last year, in light Markdown with tags; find it by the calendar, its tags and its words."""
    page, on = uma.page, today_in_london() - timedelta(days=365)
    uma.go(f"/write?written_on={on}")
    page.get_by_role("textbox").first.fill("A *quiet* walk home. <b>Soup.</b> #path #garden")
    press(page, "Save")
    expect(page.locator("article em")).to_have_text("quiet")
    expect(page.locator("article")).to_contain_text("<b>Soup.</b>")
    uma.go(f"/year/{on.year}")
    page.get_by_role("link", name=f"{on:%B}", exact=True).click()
    page.get_by_role("link", name=f"{on.day} {on:%B}, written").click()
    expect(page.get_by_role("article")).to_contain_text("walk home")

    uma.go("/journal/tags")
    page.get_by_role("link", name="Change #path").click()
    page.get_by_label("New name").fill("garden")
    press(page, "Rename")
    expect(page.get_by_role("heading", level=1)).to_have_text("#garden")
    page.get_by_role("link", name="Remove the tag").click()
    press(page, "Remove it")
    expect(page.get_by_role("status")).to_contain_text("The tag is gone")

    page.get_by_role("link", name="Your journal").click()
    page.get_by_role("link", name="Search").click()
    page.get_by_label("Words").fill("QUIET walk")
    press(page, "Search")
    expect(page.locator("mark").first).to_have_text("quiet")
    page.get_by_role("article").get_by_role("link").click()
    expect(page.locator("article .words")).to_contain_text("#path")  # removing a tag changes no word
