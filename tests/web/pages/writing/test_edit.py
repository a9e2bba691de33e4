"""Changing an entry: the wording before is kept for a day, and two windows at once lose neither text."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import select

from service.config import ROOT
from service.core.addresses import Address
from service.flows.outgoing import tick
from service.flows.people.journal.journal import NewEntry, add_entry
from service.models import EarlierWording
from service.web.pages.journal.shown_entries import entry_path
from tests.harness.people.people import join
from tests.harness.website import WebHarness

ATTACKS = ROOT / "tests" / "data" / "attacks" / "scripts.json"


@pytest.fixture
def entry(site: WebHarness) -> str:
    """The address of an entry of the person who is signed in."""
    site.join()
    return site.write("the bus was late").partition("?")[0]


def seen(page: str) -> str:
    field = LexborHTMLParser(page).css_first("input[name=seen]")
    assert field is not None
    return field.attributes["value"] or ""


def shown(site: WebHarness, entry: str) -> str:
    words = LexborHTMLParser(site.get(entry).text).css_first("article .words")
    assert words is not None
    return words.text()


def in_box(page: str) -> str:
    box = LexborHTMLParser(page).css_first("textarea")
    assert box is not None
    return box.text().removeprefix("\n")


def test_the_earlier_wording_can_be_put_back_for_a_day_and_that_taken_back(site: WebHarness, entry: str) -> None:
    assert "earlier wording" not in site.get(entry).text
    site.post(f"{entry}/edit", {"words": "the bus came"})
    assert f'href="{entry}/earlier"' in site.get(entry).text
    assert "the bus was late" in site.get(f"{entry}/earlier").text
    site.post(f"{entry}/earlier")
    assert shown(site, entry) == "the bus was late"
    site.clock.move(timedelta(hours=23))
    site.post(f"{entry}/earlier")
    assert shown(site, entry) == "the bus came"


def test_after_a_day_the_earlier_wording_is_gone_from_the_page_and_from_the_database(
    site: WebHarness, entry: str
) -> None:
    page = f"{entry}/edit"
    site.post(page, {"words": "the bus came"})
    site.clock.move(timedelta(days=1))
    assert "earlier wording" not in site.get(entry).text
    assert "There’s no earlier wording" in site.get(f"{entry}/earlier").text
    site.post(f"{entry}/earlier", page=page)
    assert shown(site, entry) == "the bus came"
    tick.prune(site.runtime.database, site.runtime.storage, now=site.clock())
    with site.runtime.database.read() as session:
        assert session.scalars(select(EarlierWording)).all() == []


def test_the_earlier_wording_is_sealed(site: WebHarness, entry: str) -> None:
    site.post(f"{entry}/edit", {"words": "the bus came"})
    with site.runtime.database.read() as session:
        [kept] = session.scalars(select(EarlierWording))
    assert b"bus" not in kept.sealed_words


def test_saving_the_same_words_keeps_the_wording_before(site: WebHarness, entry: str) -> None:
    site.post(f"{entry}/edit", {"words": "the bus came"})
    site.post(f"{entry}/edit", {"words": "the bus came"})
    assert "the bus was late" in site.get(f"{entry}/earlier").text


def test_a_change_in_one_window_is_not_lost_to_another(site: WebHarness, entry: str) -> None:
    opened = seen(site.get(f"{entry}/edit").text)
    site.post(f"{entry}/edit", {"words": "from the phone", "seen": opened})
    answer = site.post(f"{entry}/edit", {"words": "from the desk", "seen": opened})
    assert answer.status_code == 409
    assert in_box(answer.text) == "from the desk"
    assert "from the phone" in answer.text
    assert shown(site, entry) == "from the phone"
    both = site.post(f"{entry}/edit", {"words": "from the desk", "seen": seen(answer.text), "both": "yes"})
    assert both.status_code == 303
    assert shown(site, entry) == "from the phone\n\nfrom the desk"
    again = site.post(f"{entry}/edit", {"words": "from the desk", "seen": seen(answer.text), "both": "yes"})
    assert again.status_code == 303
    assert shown(site, entry) == "from the phone\n\nfrom the desk"


def test_a_button_that_is_pressed_twice_saves_once(site: WebHarness, entry: str) -> None:
    opened = seen(site.get(f"{entry}/edit").text)
    for _ in range(2):
        assert site.post(f"{entry}/edit", {"words": "from the desk", "seen": opened}).status_code == 303
    assert "the bus was late" in site.get(f"{entry}/earlier").text


def test_words_for_an_entry_that_was_deleted_meanwhile_are_given_back(site: WebHarness, entry: str) -> None:
    form = site.get(f"{entry}/edit").text
    site.post(f"{entry}/delete")
    answer = site.post(f"{entry}/edit", {"words": "from the desk", "seen": seen(form)}, page="/write")
    assert answer.status_code == 404
    assert in_box(answer.text) == "from the desk"


@pytest.mark.parametrize("path", ["edit", "earlier"])
def test_nobody_elses_entry_can_be_changed(site: WebHarness, entry: str, path: str) -> None:
    site.post(f"{entry}/edit", {"words": "the bus came"})
    with site.runtime.database.write() as session:
        ben = join(session, site.runtime.keyring, site.runtime.library, Address("ben@example.com"))
        own = NewEntry(words="Ben’s", written_on=site.clock().date(), source="mail")
        other = entry_path(add_entry(session, site.runtime.keyring, ben, own, site.clock()).id)
    assert site.get(f"{other}/{path}").status_code == 404
    assert site.post(f"{other}/{path}", {"words": "mine"}, page="/write").status_code == 404


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_hostile_words_are_text_on_these_pages_too(site: WebHarness, entry: str) -> None:
    for case in json.loads(ATTACKS.read_text("utf-8")):
        site.post(f"{entry}/edit", {"words": case["words"]})
        site.post(f"{entry}/edit", {"words": "plain"})
        pages = (
            site.get(f"{entry}/earlier").text + site.post(f"{entry}/edit", {"words": case["words"], "seen": "old"}).text
        )
        assert LexborHTMLParser(pages).css("script, img, iframe, base, a[href^=javascript]") == [], case["rule"]
