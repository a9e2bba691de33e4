"""A passkey, made and used with Chromium's virtual authenticator; and the page for it where no script runs."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.checker import Checker
from tests.e2e.inspecting import faults_of
from tests.e2e.people import Person
from tests.e2e.running_service import RunningService
from tests.e2e.visiting import Visits, add_phone


def press(page: Page, words: str) -> None:
    page.get_by_role("button", name=words, exact=True).click()


def test_a_passkey_is_added_named_used_and_removed(stack: RunningService, visits: Visits, checker: Checker) -> None:
    kit = Person("kit@example.com", visits.page(), stack)
    kit.join()
    page, faults = kit.page, list[str]()
    devices, phone = add_phone(page)

    kit.go("/settings")
    page.get_by_role("link", name="Your passkeys").click()
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Its name").fill("The phone in the kitchen")
    faults += faults_of(visits, checker, page, "passkey-new")
    press(page, "Make the passkey")
    expect(page.get_by_role("status")).to_contain_text("Your passkey is ready")
    faults += faults_of(visits, checker, page, "passkeys")
    page.get_by_role("link", name="Add a passkey").click()
    press(page, "Make the passkey")
    expect(page.get_by_role("status")).to_have_text("This device has a passkey for you already.")

    press(page, "Sign out")
    page.get_by_role("link", name="sign in with it").click()
    faults += faults_of(visits, checker, page, "passkey-sign-in")
    press(page, "Use a passkey")
    page.wait_for_url("**/journal")
    kit.go("/settings/passkeys")
    expect(page.get_by_role("main")).to_contain_text("Last used on")

    page.get_by_role("link", name="Remove The phone in the kitchen").click()
    faults += faults_of(visits, checker, page, "passkey-remove")
    press(page, "Remove it")
    expect(page.get_by_role("status")).to_contain_text("no longer works here")
    press(page, "Sign out")
    kit.go("/sign-in/passkey")
    press(page, "Use a passkey")
    expect(page.get_by_role("alert")).to_contain_text("That passkey doesn’t open a journal here")
    devices.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": phone})

    without = visits.page(java_script_enabled=False)
    without.goto(f"{stack.web_url}/sign-in/passkey")
    expect(without.get_by_role("button", name="Use a passkey")).to_be_hidden()
    without.get_by_role("link", name="link from your email").click()
    expect(without.get_by_role("button", name="Send me a link")).to_be_visible()
    assert not faults, "\n".join(faults)
