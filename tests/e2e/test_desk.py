"""The desk in a browser: a writer signs in by their mail, writes a letter, and sees how it looks in each form."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.checker import Checker
from tests.e2e.inspecting import faults_of
from tests.e2e.people import Person
from tests.e2e.running_service import RunningService
from tests.e2e.visiting import Visits

WRITER = "writer@smallsteps.example"  # as `smallsteps up` sets it
WORDS = "The herons came at dusk."


def test_a_writer_signs_in_writes_a_letter_and_looks_at_it(
    stack: RunningService, visits: Visits, checker: Checker
) -> None:
    wren = Person(WRITER, visits.page(), stack)
    wren.go("/desk")
    wren.page.get_by_label("Email address").fill(WRITER)
    wren.page.get_by_role("button", name="Send me a link").click()
    wren.open_mail("Sign in to the desk")
    wren.page = wren.follow("Open the desk")
    faults = faults_of(visits, checker, wren.page, "desk-sign-in-link")
    wren.page.get_by_role("button", name="Open the desk").click()
    expect(wren.page.get_by_role("link", name="Second factor")).to_be_visible()
    faults += faults_of(visits, checker, wren.page, "desk")
    wren.page.get_by_role("link", name="Write a letter").click()
    wren.page.get_by_label("Title").fill("Dusk")
    wren.page.get_by_label("Text").fill(WORDS)
    faults += faults_of(visits, checker, wren.page, "desk-letter-form")
    wren.page.get_by_role("button", name="Keep the draft").click()
    for title in ("The letter on a phone", "The letter on a desktop", "The letter as plain text"):
        frame = wren.page.frame_locator(f"iframe[title='{title}']")
        expect(frame.get_by_text(WORDS)).to_be_visible()
    dark = wren.page.locator("iframe[title='The letter on a phone, in the dark']").element_handle().content_frame()
    assert dark is not None
    assert dark.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    faults += faults_of(visits, checker, wren.page, "desk-letter")
    for name, path in (("people", "/desk/people"), ("emails", "/desk/deliveries"), ("factor", "/desk/second-factor")):
        wren.go(path)
        faults += faults_of(visits, checker, wren.page, f"desk-{name}")
    assert not faults, "\n".join(["", *faults])
