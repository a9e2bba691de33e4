"""The page of other addresses: each is added by a fresh sign-in and a link sent to it, and can be read by its owner."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from service.core.access.tokens import Action
from service.core.addresses import Address
from service.flows.people.addresses import aliases
from service.flows.people.addresses.aliases import LINK_LIFETIME, AliasStanding
from service.flows.people.personal_data.about_person import AboutPerson
from service.models import Alias
from tests.harness.website import WebHarness

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PAGE = "/settings/addresses"
WORK = "ana@work.example"
ADDED = f"<h2>{WORK}</h2>"


@pytest.fixture
def home(site: WebHarness) -> WebHarness:
    """A site whose browser is signed in."""
    site.join()
    return site


def is_alias(home: WebHarness, address: str = WORK) -> bool:
    with home.runtime.database.read() as session:
        owner_id = Alias.owner_id(session, home.runtime.keyring.address_hash(Address.parse(address)))
    return owner_id == home.person().id


def add(home: WebHarness, address: str = WORK) -> str:
    """Ask for an address; return the path of the link that is sent to it."""
    assert home.post(PAGE, {"email": address}).location == f"{PAGE}?asked"
    delivery_id = home.queue.deliveries[-1]
    return f"/act/{home.act_link(Action.CONFIRM_ALIAS, delivery_id, person_id=home.person().id, lasts=LINK_LIFETIME)}"


def test_an_address_is_added_by_the_link_sent_to_it_shown_and_removed(home: WebHarness) -> None:
    link = add(home)
    assert not is_alias(home)
    assert ADDED not in home.get(f"{PAGE}?asked").text
    home.post(link)
    assert is_alias(home)
    page = home.get(PAGE).text
    assert ADDED in page
    with home.runtime.database.read() as session:
        about = json.loads(b"".join(AboutPerson(session, home.runtime.keyring, home.person()).json()))
    assert [each["address"] for each in about["other_addresses"]] == [WORK]
    key = re.search(r'name="key" value="([0-9a-f]+)"', page)
    assert key is not None
    home.post(f"{PAGE}/remove", {"key": "nonsense"}, page=PAGE)
    assert is_alias(home)
    assert home.post(f"{PAGE}/remove", {"key": key[1]}, page=PAGE).location == f"{PAGE}?removed"
    assert not is_alias(home)


def test_a_browser_that_was_left_open_adds_no_address(home: WebHarness) -> None:
    page = home.get(PAGE).text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    home.clock.move(timedelta(minutes=11))
    before = len(home.queue.deliveries)
    assert home.browser.post(PAGE, data={"csrf_token": token, "email": WORK}).location == PAGE
    assert len(home.queue.deliveries) == before
    assert 'name="email"' not in home.get(PAGE).text
    home.post(f"{PAGE}/sign-in", page=PAGE)
    home.do_what_was_asked()
    assert home.post(home.sign_in_path()).location == PAGE


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        pytest.param("ana@example.com", "That address is yours already", id="her own"),
        pytest.param("ana@", "ana@", id="no address"),
        pytest.param(WORK, "You’ve asked about that address this week", id="asked for before"),
    ],
)
def test_what_cannot_be_added_is_said_and_stays_in_the_form(home: WebHarness, typed: str, said: str) -> None:
    add(home)
    answer = home.post(PAGE, {"email": typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{typed}"' in answer.text


def test_a_likely_typo_is_asked_about_once(home: WebHarness) -> None:
    assert "Did you mean <strong>ana@gmail.com</strong>?" in home.post(PAGE, {"email": "ana@gmial.com"}).text
    answer = home.post(PAGE, {"email": "ana@gmial.com", "sure": "ana@gmial.com"})
    assert answer.location == f"{PAGE}?asked"


def test_an_alias_of_before_is_named_by_its_day_until_it_is_proved_again(home: WebHarness) -> None:
    link = add(home)
    home.post(link)
    with home.runtime.database.write() as session:
        session.execute(update(Alias).values(sealed_address=None))
    assert "An address you added on Wednesday 13 May 2026" in home.get(PAGE).text
    keyring, person = home.runtime.keyring, home.person()
    with home.runtime.database.write() as session:
        Alias.add(session, keyring.address_hash(Address.parse(WORK)), person.id + 1, b"another's", home.clock())
    assert "An address you added on" in home.get(PAGE).text
    with home.runtime.database.write() as session:
        held_again = aliases.claim(session, keyring, person, Address.parse(WORK), is_proved=True, now=home.clock())
    assert held_again.standing is AliasStanding.THEIRS
    assert ADDED in home.get(PAGE).text
