"""Searching the journal in a browser: hits, the next page of them, and none."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.checker import Checker
from tests.e2e.inspecting import faults_of
from tests.e2e.people import Person
from tests.e2e.running_service import RunningService
from tests.e2e.visiting import Visits


def test_somebody_finds_a_sentence_again(stack: RunningService, visits: Visits, checker: Checker) -> None:
    ida = Person("ida@example.com", visits.page(), stack)
    ida.join()
    for number in range(21):
        ida.go("/write")
        ida.page.get_by_role("textbox").fill(f"It rained. The café by the lilac was closed, {number}. I went home.")
        ida.page.get_by_role("button", name="Save", exact=True).click()
        expect(ida.page.get_by_text(f"was closed, {number}.").first).to_be_visible()
    ida.go("/journal")
    ida.page.get_by_role("link", name="Search").click()
    faults = faults_of(visits, checker, ida.page, "search")
    ida.page.get_by_label("Words").fill("cafe LILAC")
    ida.page.get_by_label("Words").press("Enter")
    expect(ida.page.get_by_role("article")).to_have_count(20)
    expect(ida.page.locator("mark", has_text="café").first).to_be_visible()
    assert "lilac" not in ida.page.url.lower()
    faults += faults_of(visits, checker, ida.page, "search-found")
    ida.page.get_by_role("button", name="Older entries").click()
    expect(ida.page.get_by_role("article")).to_have_count(1)
    ida.page.get_by_label("Words").fill("snow")
    ida.page.get_by_text("Only between two dates").click()
    ida.page.get_by_label("From").fill("2020-01-01")
    ida.page.get_by_role("button", name="Search").click()
    expect(ida.page.get_by_role("heading", name="Nothing found")).to_be_visible()
    faults += faults_of(visits, checker, ida.page, "search-nothing-found")
    assert not faults, "\n".join(["", *faults])
