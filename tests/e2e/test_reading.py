"""Reading the journal in a browser: by days, years and tags, on this day, by keyboard, without script, and on paper."""

from __future__ import annotations

import re
from datetime import date

from playwright.sync_api import Page, expect

from tests.e2e.checker import Checker
from tests.e2e.inspecting import faults_of
from tests.e2e.looking import ARE_WANTED, kept
from tests.e2e.people import Person
from tests.e2e.running_service import RunningService
from tests.e2e.visiting import Visits, today_in_london

MOST_STOPS = 60
SNOW, RAIN = "Snow, and #tea by the window.", "Rain, and #tea on the step."


def test_a_journal_is_read_by_tags_days_and_years(stack: RunningService, visits: Visits, checker: Checker) -> None:
    oda = Person("oda@example.com", visits.page(), stack)
    oda.join()
    today = today_in_london()
    for on, words in ((_year_ago(today), SNOW), (today, RAIN)):
        oda.go(f"/write?written_on={on}")
        oda.page.get_by_label("What would you like to write").fill(words)
        oda.page.get_by_role("button", name="Save", exact=True).click()
        expect(oda.page.get_by_text(words)).to_be_visible()
    faults = _by_tags(oda, visits, checker)
    oda.go(f"/journal/{today}")
    faults += faults_of(visits, checker, oda.page, "day")
    oda.page.get_by_role("link", name="On this day in earlier years").click()
    expect(oda.page.get_by_text(SNOW)).to_be_visible()
    faults += faults_of(visits, checker, oda.page, "on-this-day")
    oda.go(f"/year/{today.year}")
    faults += faults_of(visits, checker, oda.page, "year-of-small-months")
    _by_keyboard_without_script(oda, visits, today)
    _on_paper(oda, today)
    assert not faults, "\n".join(["", *faults])


def _by_tags(person: Person, visits: Visits, checker: Checker) -> list[str]:
    """Change the tags of the entry that lies open, merge them, and find the entries; return what is wrong."""
    page = person.page
    faults = faults_of(visits, checker, page, "entry-with-tags")
    page.get_by_role("link", name="Change the tags").click()
    page.get_by_label("Tags").fill("#tea !")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("can’t be a tag")
    faults += faults_of(visits, checker, page, "entry-tags")
    page.get_by_label("Tags").fill("#tea #garden")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("list", name="Tags")).to_contain_text("#garden")
    person.go("/journal/tags")
    faults += faults_of(visits, checker, page, "tags")
    page.get_by_role("link", name="Change #garden").click()
    page.get_by_label("New name").fill("tea")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("#tea")
    faults += faults_of(visits, checker, page, "tag")
    page.get_by_role("button", name="Show the entries with this tag").click()
    expect(page.get_by_role("article")).to_have_count(2)
    return faults


def _by_keyboard_without_script(person: Person, visits: Visits, today: date) -> None:
    page = visits.page(java_script_enabled=False, storage_state=person.page.context.storage_state())
    page.goto(f"{person.stack.web_url}/journal")
    _press(page, str(today.year - 1))
    expect(page.get_by_role("heading", level=1)).to_contain_text(str(today.year - 1))
    _press(page, f"{today:%B}")
    _press(page, str(_year_ago(today).day))
    expect(page.get_by_text(SNOW)).to_be_visible()
    _press(page, "Later: ")
    expect(page.get_by_text(RAIN)).to_be_visible()


def _on_paper(person: Person, today: date) -> None:
    """A printed month has its days and words, and no way to anywhere else."""
    page = person.page
    person.go(f"/journal/{today:%Y-%m}?whole")
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_text(RAIN)).to_be_visible()
    for gone in ("Search", "Download this month as text", "Privacy", "Settings", str(today.year)):
        expect(page.get_by_role("link", name=gone, exact=True)).to_have_count(0)
    if ARE_WANTED:
        page.screenshot(path=kept("month-on-paper.png"), full_page=True)


def _press(page: Page, words: str) -> None:
    """Go with the Tab key to the link that begins with these words, and press Enter."""
    reached = page.locator("main a:focus").filter(has_text=re.compile(rf"^\s*{re.escape(words)}"))
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if reached.count():
            break
    expect(reached).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_load_state()


def _year_ago(today: date) -> date:
    return date(today.year - 1, today.month, min(today.day, 28) if today.month == 2 else today.day)
