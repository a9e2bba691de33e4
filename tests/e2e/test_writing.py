"""Writing and changing, with and without script: drafts, two windows at once, the earlier wording, photos."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.checker import Checker
from tests.e2e.inspecting import faults_of
from tests.e2e.people import Person
from tests.e2e.running_service import RunningService
from tests.e2e.visiting import Visits
from tests.harness.mail.pictures import encoded, picture


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
    assert not faults, "\n".join(["", *faults])
