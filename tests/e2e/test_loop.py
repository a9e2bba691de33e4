"""The loop, as a person lives it: sign up, be asked, answer, find it in the journal, change it, rest, stop."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.people import FIRST_QUESTION, Person
from tests.e2e.running_service import RunningService
from tests.e2e.visiting import Visits


def test_somebody_signs_up_is_asked_and_finds_the_answers_in_the_journal(stack: RunningService, page: Page) -> None:
    bo = Person("bo@example.com", page, stack)
    bo.join()
    expect(bo.page.get_by_role("main")).to_contain_text("on Mondays, Wednesdays and Fridays")
    expect(bo.page.get_by_role("main")).to_contain_text("London time")

    asked = bo.open_mail(FIRST_QUESTION)
    expect(bo.page.frame_locator("iframe").get_by_role("heading", level=1)).to_be_visible()
    bo.reply("The bus was warm.\n\nI stayed on a stop too long.")
    bo.open_mail("Re: ")
    bo.open_mail(asked["subject"])
    bo.reply("And the driver said goodnight.", client="iPhone", handed_over_as="raw MIME")

    bo.find_in_journal("The bus was warm.")
    bo.find_in_journal("And the driver said goodnight.")
    expect(bo.page.get_by_role("main")).not_to_contain_text("How it works")
    expect(bo.page.get_by_role("main")).not_to_contain_text("iPhone")
    expect(bo.page.get_by_role("main")).not_to_contain_text("wrote:")
    assert len([mail for mail in bo.mails() if mail["subject"].startswith("Re: ")]) == 1


def test_an_entry_is_changed_kept_out_let_in_and_deleted(ana: Person, visits: Visits) -> None:
    page = visits.page(storage_state=ana.page.context.storage_state())
    ana = Person(ana.address, page, ana.stack)
    ana.go("/write")
    page.get_by_label("What would you like to write?").fill("Rain all day")
    page.get_by_role("button", name="Save", exact=True).click()

    ana.open_entry("Rain all day")
    page.get_by_role("link", name="Change the words").click()
    page.get_by_role("textbox").fill("Rain all day, and no umbrella")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("article")).to_contain_text("and no umbrella")

    page.get_by_role("button", name="Keep this out of my digest").click()
    expect(page.get_by_text("This one stays out of your digest.")).to_be_visible()
    page.get_by_role("button", name="Let it back into my digest").click()
    expect(page.get_by_text("This one stays out of your digest.")).to_be_hidden()

    page.get_by_role("link", name="Delete").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete this entry?")
    page.get_by_role("button", name="Delete it", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    ana.go("/journal")
    expect(page.get_by_role("main")).to_contain_text("the kettle was on")
    expect(page.get_by_role("main")).not_to_contain_text("no umbrella")


def test_settings_are_said_back_and_a_rest_begins_and_ends(ana: Person, visits: Visits) -> None:
    page = visits.page(storage_state=ana.page.context.storage_state())
    Person(ana.address, page, ana.stack).go("/settings")
    page.get_by_label("Sundays").check()
    for day in ("Mondays", "Wednesdays", "Fridays"):
        page.get_by_label(day).uncheck()
    page.get_by_label("Time of day").select_option("20:30")
    page.get_by_label("Time zone").select_option("New York")
    page.get_by_role("button", name="Save", exact=True).first.click()
    said = page.get_by_role("status")
    expect(said).to_contain_text("Saved.")
    expect(said).to_contain_text("on Sundays at half past 8 in the evening, New York time")

    page.get_by_role("link", name="Rest", exact=True).click()
    page.get_by_label("A month").check()
    page.get_by_role("button", name="Rest", exact=True).click()
    expect(said).to_contain_text("We’ll be quiet until")
    page.goto(f"{ana.stack.web_url}/settings")
    expect(said).to_contain_text("You’re resting.")
    page.get_by_role("button", name="Write to me again").click()
    expect(said).to_contain_text("Questions come on Sundays")


def test_a_link_signs_in_by_a_button_once_and_elsewhere_with_the_code(ana: Person, visits: Visits) -> None:
    there = visits.page()
    ana = Person(ana.address, there, ana.stack)
    ana.go("/journal")
    there.get_by_label("Email address").fill(ana.address)
    there.get_by_role("button", name="Send me a link").click()
    code = there.get_by_text(re.compile(r"^\d{3} \d{3}$")).inner_text()

    mail = ana.mail("Sign in")
    [link] = re.findall(rf"{re.escape(ana.stack.web_url)}/sign-in/\S+", mail["text"])
    there.goto(link)
    there.get_by_role("button", name="Sign in").wait_for()
    ana.go("/journal")
    expect(there.get_by_role("heading", level=1)).to_have_text("Sign in")

    elsewhere = visits.page()
    elsewhere.goto(link)
    elsewhere.get_by_label("Code").fill("000000" if code != "000 000" else "111111")
    elsewhere.get_by_role("button", name="Sign in").click()
    expect(elsewhere.get_by_text("That code isn’t right.").first).to_be_visible()
    elsewhere.get_by_label("Code").fill(code)
    elsewhere.get_by_role("button", name="Sign in").click()
    expect(elsewhere).to_have_url(f"{ana.stack.web_url}/journal")

    there.goto(link)
    expect(there.get_by_role("heading", level=1)).to_have_text("That link has expired")
    elsewhere.get_by_role("button", name="Sign out").click()
    elsewhere.goto(f"{ana.stack.web_url}/journal")
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_the_browser_that_asked_needs_no_code_and_comes_back_to_its_page(ana: Person, visits: Visits) -> None:
    ana = Person(ana.address, visits.page(), ana.stack)
    ana.go("/settings")
    ana.page.get_by_label("Email address").fill(ana.address)
    earlier = len(ana.mails())
    ana.page.get_by_role("button", name="Send me a link").click()
    ana.page.get_by_role("heading", name="Check your email").wait_for()
    ana.wait_for_mails(earlier + 1)
    ana.open_mail("Sign in")
    ana.page = ana.follow("Sign in")
    ana.page.get_by_role("button", name="Sign in").click()
    expect(ana.page).to_have_url(f"{ana.stack.web_url}/settings")


def test_one_click_stops_the_emails_and_signing_up_again_brings_them_back(
    stack: RunningService, visits: Visits
) -> None:
    cleo = Person("cleo@example.com", visits.page(), stack)
    cleo.join()
    cleo.open_mail(FIRST_QUESTION)
    cleo.page.get_by_role("button", name="One-click unsubscribe").click()
    expect(cleo.page.get_by_role("status")).to_contain_text("answered with 200")
    cleo.page = cleo.follow("Stop these emails")
    expect(cleo.page.get_by_role("heading", level=1)).to_have_text("The emails have stopped")
    cleo.go("/settings")
    expect(cleo.page.get_by_role("status")).to_contain_text("You’ve stopped")

    cleo.page = visits.page()
    earlier = len(cleo.mails())
    cleo.ask_to_join()
    cleo.wait_for_mails(earlier + 1)
    cleo.open_mail("Confirm your email address")
    cleo.page = cleo.follow("Yes, start the questions")
    cleo.page.get_by_role("button", name="Yes, start the questions").click()
    expect(cleo.page.get_by_role("main")).to_contain_text("on Mondays, Wednesdays and Fridays")


def test_the_page_behind_stop_offers_a_rest_and_stops_by_its_button_alone(
    stack: RunningService, visits: Visits
) -> None:
    dot = Person("dot@example.com", visits.page(), stack)
    dot.join()
    dot.open_mail(FIRST_QUESTION)
    dot.page = dot.follow("Stop these emails")
    dot.page.reload()
    expect(dot.page.get_by_role("link", name="Only rest a while")).to_be_visible()
    dot.page.get_by_role("button", name="Stop the emails").click()
    expect(dot.page.get_by_role("status")).to_contain_text("We’ll only email you when you ask us to.")
