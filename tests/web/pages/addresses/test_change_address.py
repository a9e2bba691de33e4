"""Changing one's address on pages: a fresh sign-in, the link in the new mailbox, and the way back, signed out."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from service.core.access.tokens import Action
from service.core.addresses import Address
from service.flows.people.personal_data.about_person import AboutPerson
from service.models import AddressChange
from tests.harness.website import WebHarness

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PAGE = "/settings/change-address"
NEW = Address.parse("ana@new.example")
DAY = timedelta(days=1)


@pytest.fixture
def home(site: WebHarness) -> WebHarness:
    """A site whose browser is signed in."""
    site.join()
    return site


def ask(home: WebHarness) -> str:
    """Ask for the change; return the path of the link in the new mailbox."""
    assert home.post(PAGE, {"email": NEW.text}).location == f"{PAGE}?asked"
    delivery_id = home.queue.deliveries[-1]
    return f"/act/{home.act_link(Action.CONFIRM_ADDRESS, delivery_id, person_id=home.person().id, lasts=DAY)}"


def change_id(home: WebHarness) -> int:
    with home.runtime.database.read() as session:
        [change] = AddressChange.of_subscriber(session, home.person(NEW).id)
    return change.id


def test_the_address_is_changed_and_the_former_one_brings_it_back_signed_out(home: WebHarness) -> None:
    home.write("the bus was late")
    elsewhere = home.another_browser()
    elsewhere.post("/sign-in", {"email": "ana@example.com"})
    elsewhere.do_what_was_asked()
    sign_in_path, link = elsewhere.sign_in_path(), ask(home)
    assert "Is this your new address?" in home.get(link).text
    assert home.another_browser().get(link).location == "/sign-in"
    assert home.post(link).location == f"{PAGE}?done"
    page = home.get(f"{PAGE}?done").text
    assert NEW.text in page
    assert "the bus was late" in home.get("/journal").text
    assert "This link no longer works" in home.get(link).text
    assert elsewhere.get(sign_in_path).status_code == 410
    with home.runtime.database.read() as session:
        about = json.loads(b"".join(AboutPerson(session, home.runtime.keyring, home.person(NEW)).json()))
    assert (about["address"], about["moved_from"][0]["address"]) == (NEW.text, "ana@example.com")

    token = home.act_link(Action.TAKE_BACK_ADDRESS, change_id(home), person_id=home.person(NEW).id, lasts=3 * DAY)
    stranger = home.another_browser()
    assert "Bring your address back?" in stranger.get(f"/act/{token}").text
    done = stranger.post(f"/act/{token}")
    assert "Your address is back" in stranger.get(str(done.location)).text
    assert home.person().address_hash
    assert home.get("/journal").location.startswith("/sign-in")
    assert "nothing to bring back" in stranger.get(f"/act/{token}").text


def test_a_browser_that_was_left_open_changes_no_address(home: WebHarness) -> None:
    page = home.get(PAGE).text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    home.clock.move(timedelta(minutes=11))
    before = len(home.queue.deliveries)
    assert home.browser.post(PAGE, data={"csrf_token": token, "email": NEW.text}).location == PAGE
    assert len(home.queue.deliveries) == before
    assert 'name="email"' not in home.get(PAGE).text


def test_somebody_else_who_is_signed_in_cannot_use_the_link(home: WebHarness) -> None:
    link, ben = ask(home), home.another_browser()
    ben.ask_for_signup("ben@example.com")
    ben.do_what_was_asked()
    ben_id = home.person(Address.parse("ben@example.com")).id
    confirmed = home.act_link(Action.CONFIRM, home.queue.mail_requests[-1], person_id=ben_id, lasts=DAY)
    ben.post(f"/confirm/{confirmed}")
    assert ben.get(link).status_code == 404
    assert ben.post(link, page="/write").status_code == 404
    assert home.person()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        pytest.param("ana@example.com", "That’s the address we write to now", id="the same"),
        pytest.param("ana@", "ana@", id="no address"),
    ],
)
def test_what_cannot_be_asked_is_said_and_stays_in_the_form(home: WebHarness, typed: str, said: str) -> None:
    answer = home.post(PAGE, {"email": typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{typed}"' in answer.text
