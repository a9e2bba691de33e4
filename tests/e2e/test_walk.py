"""What people stumbled over when they walked through the product, tried again by the same steps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.checker import Checker
from tests.e2e.inspecting import faults_of
from tests.e2e.looking import HEIGHT, shot
from tests.e2e.people import CONFIRM, FIRST_QUESTION, Person
from tests.e2e.running_service import RunningService
from tests.e2e.visiting import Visits, until, visiting
from tests.harness.mail.pictures import encoded, mail_with, picture

PHONES = (320, 390)
ALL_WIDTHS = (*PHONES, 1280)
SIDES = """element => { const style = getComputedStyle(element), box = element.getBoundingClientRect();
    return [box.left + parseFloat(style.paddingLeft), box.right - parseFloat(style.paddingRight)]; }"""


@pytest.fixture(scope="module")
def lea(browser: Browser, stack: RunningService) -> Iterator[Person]:
    """Somebody who has answered her first question three times, and once with a photo."""
    with visiting(browser, stack) as visits:
        lea = Person("lea@example.com", visits.page(), stack)
        lea.join()
        home = lea.page
        for words in ("tired, warm, late", "And the lamp hums.", "A tram went by."):
            lea.page = visits.page()
            lea.open_mail(FIRST_QUESTION)
            lea.reply(words)
        lea.page = home
        _send_photo(lea, "The lake, this morning.")
        for words in ("tired, warm, late", "And the lamp hums.", "A tram went by.", "The lake, this morning."):
            lea.find_in_journal(words)
        yield lea


@pytest.fixture
def at_home(lea: Person, visits: Visits) -> Person:
    """Lea, signed in, in a browser of this test."""
    return Person(lea.address, visits.page(storage_state=lea.page.context.storage_state()), lea.stack)


def test_a_new_start_on_the_same_day_brings_its_first_question(stack: RunningService, visits: Visits) -> None:
    pia = Person("pia@example.com", visits.page(), stack)
    pia.join()
    first = pia.mail(FIRST_QUESTION)
    old_link = pia.page
    pia.open_mail(FIRST_QUESTION)
    pia.page.get_by_role("button", name="One-click unsubscribe").click()
    expect(pia.page.get_by_role("status")).to_contain_text("answered with 200")

    pia.page = visits.page()
    pia.open_mail(CONFIRM)
    old_link = pia.follow("Yes, start the questions")
    expect(old_link.get_by_role("heading", level=1)).to_have_text("You’ve stopped the emails")
    expect(old_link.get_by_role("button", name="Yes, start the questions")).to_have_count(0)

    earlier = len(pia.mails())
    pia.ask_to_join()
    pia.wait_for_mails(earlier + 1)
    pia.open_mail(CONFIRM)
    pia.page = pia.follow("Yes, start the questions")
    pia.page.get_by_role("button", name="Yes, start the questions").click()
    pia.page.get_by_role("heading", name="Welcome").wait_for()
    again = until(lambda: _another(pia, first["mail_id"]), "the first question of the new start")
    question = pia.page.locator("form h2").inner_text()
    assert question in " ".join(again["text"].split())


def test_signing_out_says_so_and_the_first_page_leads_home(at_home: Person) -> None:
    page = at_home.page
    at_home.go("/")
    expect(page).to_have_url(f"{at_home.stack.web_url}/journal")
    other = page.context.new_page()
    other.goto(f"{at_home.stack.web_url}/journal")
    page.context.clear_cookies()
    at_home.go("/")
    expect(page.get_by_label("Email address")).to_be_visible()


def test_leaving_is_said(stack: RunningService, visits: Visits, checker: Checker) -> None:
    kai = Person("kai@example.com", visits.page(), stack)
    kai.join()
    kai.page.get_by_role("button", name="Sign out").click()
    expect(kai.page.get_by_role("heading", level=1)).to_have_text("You’re signed out")
    faults = faults_of(visits, checker, kai.page, "signed-out")
    kai.go("/journal")
    expect(kai.page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert not faults, "\n".join(["", *faults])


def test_what_was_written_is_shown_at_once(at_home: Person, visits: Visits, checker: Checker) -> None:
    page = at_home.page
    at_home.go("/write")
    page.get_by_role("textbox").first.fill("The door was open.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("It’s in your journal.")
    expect(page.get_by_role("article")).to_contain_text("The door was open.")
    faults = faults_of(visits, checker, page, "entry-kept")
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete it", exact=True).click()
    assert not faults, "\n".join(["", *faults])


def test_photos_are_added_where_one_writes(at_home: Person, visits: Visits, checker: Checker, tmp_path: Path) -> None:
    page = at_home.page
    (tmp_path / "lake.jpg").write_bytes(encoded(picture((1200, 800))))
    (tmp_path / "notes.pdf").write_bytes(b"%PDF-1.7 no photo")
    at_home.go("/write")
    faults = faults_of(visits, checker, page, "write-photos")
    page.get_by_label("What would you like to write?").fill("The lake again.")
    page.get_by_label("Photos, if you like").set_input_files([tmp_path / "lake.jpg", tmp_path / "notes.pdf"])
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("But something you added couldn’t be kept")
    expect(page.locator("article")).to_contain_text("The lake again.")
    expect(page.locator("article img")).to_have_count(1)
    faults += faults_of(visits, checker, page, "write-photos-kept")
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete it", exact=True).click()
    at_home.go("/write")
    page.get_by_label("Photos, if you like").set_input_files(tmp_path / "notes.pdf")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("That isn’t a photo we can keep")
    faults += faults_of(visits, checker, page, "write-photos-refused")
    shot(page, "write-photos-refused-390", (390,))
    assert faults == []


def test_a_photo_is_removed_only_after_a_question(at_home: Person, visits: Visits, checker: Checker) -> None:
    page = at_home.page
    at_home.open_entry("The lake, this morning.")
    faults = faults_of(visits, checker, page, "entry-with-photo")
    shot(page, "entry-with-photo", PHONES)
    assert _gap(page.locator(".words"), page.locator(".photo img")) == pytest.approx(18, abs=2)
    page.get_by_role("link", name="Remove this photo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Remove this photo?")
    faults += faults_of(visits, checker, page, "photo-remove")
    page.get_by_role("link", name="Cancel").click()
    expect(page.locator(".photo img")).to_have_count(1)
    assert not faults, "\n".join(["", *faults])


def test_a_day_of_several_replies_has_one_heading_and_one_question(
    at_home: Person, visits: Visits, checker: Checker
) -> None:
    page = at_home.page
    at_home.go("/journal")
    expect(page.locator(".day h2")).to_have_count(1)
    expect(page.locator(".day .card > p.muted")).to_have_count(1)
    said = page.get_by_role("article").all_inner_texts()
    assert said.index("A tram went by.") < said.index("tired, warm, late")
    faults = faults_of(visits, checker, page, "month-of-one-day")
    shot(page, "month-of-one-day", PHONES)
    page.locator(".day h2 a").click()
    faults += faults_of(visits, checker, page, "day-of-replies")
    shot(page, "day-of-replies", PHONES)
    assert not faults, "\n".join(["", *faults])


@pytest.mark.parametrize("width", PHONES)
def test_the_calendar_keeps_to_its_column_and_the_header_to_one_row(at_home: Person, width: int) -> None:
    page = at_home.page
    page.set_viewport_size({"width": width, "height": HEIGHT})
    at_home.go("/journal")
    left, right = cast("list[float]", page.locator("main").evaluate(SIDES))
    for cell in page.locator(".calendar td").all():
        box = cell.bounding_box()
        assert box
        assert left - 0.5 <= box["x"]
        assert box["x"] + box["width"] <= right + 0.5
    tops = {round(_box(link)["y"]) for link in page.locator("header.site a").all()}
    assert len(tops) == 1


def test_the_date_of_a_rest_shows_once_it_is_wanted(lea: Person, visits: Visits, checker: Checker) -> None:
    lea = Person(lea.address, visits.page(), lea.stack)
    lea.open_mail(FIRST_QUESTION)
    page = lea.follow("Rest or skip one")
    expect(page.get_by_label("Until which date?")).to_be_hidden()
    shot(page, "rest", ALL_WIDTHS)
    page.get_by_label("Until a date").check()
    expect(page.get_by_label("Until which date?")).to_be_visible()
    faults = faults_of(visits, checker, page, "rest-until")
    shot(page, "rest-until", PHONES)
    assert not faults, "\n".join(["", *faults])


def test_a_stop_link_that_was_cut_short_shows_the_other_ways(
    stack: RunningService, page: Page, visits: Visits, checker: Checker
) -> None:
    page.goto(f"{stack.web_url}/unsubscribe/kq3m5zr7wxa2bcd4")
    expect(page.get_by_role("main")).to_contain_text("reply “stop” to any of them")
    faults = faults_of(visits, checker, page, "cut-short")
    page.get_by_role("link", name="Get a new link").click()
    expect(page.get_by_label("Email address")).to_be_visible()
    assert not faults, "\n".join(["", *faults])


def test_a_step_that_is_answered_shows_its_state_and_one_way_to_change_it(
    at_home: Person, visits: Visits, checker: Checker
) -> None:
    page = at_home.page
    at_home.go("/steps")
    for words in ("Put the book on the pillow.", "After lunch, I will ring Priya."):
        page.get_by_label("Choose a small step").fill(words)
        page.get_by_role("button", name="Choose it").click()
        page.get_by_text("Your step is saved.").wait_for()
    step = page.get_by_role("article").filter(has_text="pillow")
    step.get_by_role("button", name="Took it").click()
    expect(page.get_by_role("region", name="Taken")).to_contain_text("pillow")
    expect(step.get_by_role("button")).to_have_count(0)
    faults = faults_of(visits, checker, page, "steps-answered")
    shot(page, "steps-answered", PHONES)
    step.get_by_text("Change", exact=True).click()
    faults += faults_of(visits, checker, page, "steps-changing")
    step.get_by_role("button", name="Not yet").click()
    expect(page.get_by_role("region", name="Not yet")).to_contain_text("pillow")
    for words in ("pillow", "Priya"):
        step = page.get_by_role("article").filter(has_text=words)
        if step.get_by_text("Change", exact=True).count():
            step.get_by_text("Change", exact=True).click()
        step.get_by_role("link", name="Remove this step").click()
        page.get_by_role("button", name="Remove it").click()
    assert not faults, "\n".join(["", *faults])


def test_settings_lead_back_after_a_stop_and_help_knows_the_country(
    stack: RunningService, visits: Visits, checker: Checker
) -> None:
    ugo = Person("ugo@example.com", visits.page(), stack)
    ugo.join()
    page = ugo.page
    ugo.go("/settings")
    faults = faults_of(visits, checker, page, "settings")
    shot(page, "settings", PHONES)
    page.get_by_label("Sundays").check()
    page.get_by_label("Where you live").select_option("AU")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    ugo.go("/help-now")
    near, others = _box(page.locator(".near .number")), _box(page.locator("dd .number").first)
    assert near["y"] < others["y"]
    assert near["height"] > others["height"]
    faults += faults_of(visits, checker, page, "help-now-near")
    shot(page, "help-now-near", PHONES)

    ugo.go("/settings")
    page.get_by_role("link", name="Stop", exact=True).click()
    page.get_by_role("button", name="Stop the emails").click()
    ugo.go("/settings")
    expect(page.get_by_label("Sundays")).to_have_count(0)
    faults += faults_of(visits, checker, page, "settings-stopped")
    page.get_by_role("button", name="Start the questions again").click()
    expect(page.get_by_role("status")).to_contain_text("Questions come on Mondays, Wednesdays, Fridays and Sundays")
    expect(page.get_by_label("Sundays")).to_be_checked()
    assert not faults, "\n".join(["", *faults])


@pytest.mark.parametrize("path", ["/", "/sign-in", "/about", "/privacy", "/help-now"])
def test_what_a_stranger_sees(stack: RunningService, page: Page, path: str) -> None:
    icons: list[int] = []
    page.on("response", lambda answer: icons.append(answer.status) if "favicon" in answer.url else None)
    page.goto(stack.web_url + path)
    shot(page, f"stranger{path.replace('/', '-')}", ALL_WIDTHS)
    mark = page.locator("header .mark")
    expect(mark).to_be_visible()
    assert _box(mark)["height"] >= 20
    assert all(status == 200 for status in icons)


def _another(person: Person, first_id: str) -> dict[str, str] | None:
    """Return the first question that came after this one, or None."""
    found = [mail for mail in person.mails() if mail["subject"] == FIRST_QUESTION and mail["mail_id"] != first_id]
    return found[0] if found else None


def _send_photo(person: Person, words: str) -> None:
    recipient = dict(person.mail(FIRST_QUESTION)["headers"])["Reply-To"]
    mail = mail_with([("lake.jpg", "image/jpeg", encoded(picture()), "")], words)
    mail = mail.replace(b"ana@example.com", person.address.encode())
    answer = requests.post(
        f"{person.stack.mail_url}/_local/inbound",
        params={"recipient": recipient, "form": "mime"},
        data=mail,
        timeout=60,
    )
    assert answer.json()["status"] == 200


def _box(locator: Locator) -> dict[str, float]:
    box = locator.bounding_box()
    assert box
    return cast("dict[str, float]", box)


def _gap(above: Locator, below: Locator) -> float:
    upper, lower = _box(above), _box(below)
    return lower["y"] - upper["y"] - upper["height"]
