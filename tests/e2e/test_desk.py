"""The desk in a browser: a writer signs in by their mail, writes a letter, and sees how it looks in each form."""

from __future__ import annotations

import json

import pyotp
from playwright.sync_api import expect

from tests.e2e.checker import Checker
from tests.e2e.inspecting import faults_of
from tests.e2e.people import Person
from tests.e2e.running_service import RunningService, run_on_server
from tests.e2e.visiting import Visits, add_phone

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
    faults += passkey_as_second_factor(wren, visits, checker)
    assert not faults, "\n".join(["", *faults])


def passkey_as_second_factor(wren: Person, visits: Visits, checker: Checker) -> list[str]:
    """Set an app up by the server's command, add a passkey and use it; return the faults of its pages."""
    page = wren.page
    add_phone(page)
    wren.go("/desk/second-factor/passkey")
    expect(page.get_by_role("heading", name="Passkeys")).to_be_hidden()  # the second factor, which has none yet
    printed = run_on_server(wren.stack, "desk", "enrol", WRITER, "--json")
    page.get_by_label("One-time code").fill(json.loads(printed)["code"])
    page.get_by_role("button", name="Set up the app").click()
    page.get_by_label("Code").fill(pyotp.TOTP(page.locator("code").inner_text()).now())
    page.get_by_role("button", name="Use this code").click()
    wren.go("/desk/second-factor")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Its name").fill("The phone in the shed")
    faults = faults_of(visits, checker, page, "desk-passkey-new")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_text("The passkey is ready.")).to_be_visible()
    faults += faults_of(visits, checker, page, "desk-passkeys")
    wren.go("/desk/second-factor/passkey")
    faults += faults_of(visits, checker, page, "desk-passkey")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/desk")
    wren.go("/desk/second-factor")
    expect(page.get_by_role("main")).to_contain_text("Last used on")
    return faults
