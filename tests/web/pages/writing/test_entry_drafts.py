"""Drafts on the page where an entry is changed."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import select
from werkzeug.test import TestResponse

from service.flows.outgoing.tick import prune
from service.models import EntryDraft
from tests.harness.people.people import DAY, MINUTE
from tests.harness.website import WebHarness

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def entry(site: WebHarness) -> str:
    """The address of an entry of the person who is signed in."""
    site.join()
    return site.write("the bus was late").partition("?")[0]


def in_box(page: str) -> str:
    box = LexborHTMLParser(page).css_first("textarea")
    assert box is not None
    return box.text().removeprefix("\n")


def shown(site: WebHarness, entry: str) -> str:
    words = LexborHTMLParser(site.get(entry).text).css_first("article .words")
    assert words is not None
    return words.text()


def press(site: WebHarness, entry: str, words: str, opened: str = "", **buttons: str) -> TestResponse:
    fields = LexborHTMLParser(opened or site.get(f"{entry}/edit").text).css("input[name=seen], input[name=draft_seen]")
    seen = {str(field.attributes["name"]): field.attributes["value"] for field in fields}
    return site.post(f"{entry}/edit", {**seen, "words": words, **buttons}, page="/write")


def draft(site: WebHarness, entry: str, words: str, opened: str = "") -> str:
    return site.get(str(press(site, entry, words, opened, draft="yes").location)).text


def test_a_draft_of_an_entry_waits_while_the_entry_keeps_its_words(site: WebHarness, entry: str) -> None:
    told = draft(site, entry, "the bus was l")
    assert "Your draft is saved" in told
    assert in_box(told) == in_box(site.get(f"{entry}/edit").text) == "the bus was l"
    assert "the bus was late" in told
    assert shown(site, entry) == "the bus was late"
    assert "Go on with your draft" in site.get(entry).text
    assert f'href="{entry}/edit"' in site.get("/write").text
    press(site, entry, "the bus was lovely")
    assert shown(site, entry) == "the bus was lovely"
    assert in_box(site.get(f"{entry}/edit").text) == "the bus was lovely"
    assert f"{entry}/edit" not in site.get("/write").text


def test_a_draft_of_an_entry_is_sealed_and_is_thrown_away_by_a_button(site: WebHarness, entry: str) -> None:
    draft(site, entry, "the bus was l")
    with site.runtime.database.read() as session:
        [row] = session.scalars(select(EntryDraft))
    assert b"bus" not in row.sealed_words
    gone = site.get(str(press(site, entry, "the bus was l", draft="none").location)).text
    assert "The draft is gone" in gone
    assert in_box(gone) == "the bus was late"


def test_two_windows_lose_neither_draft(site: WebHarness, entry: str) -> None:
    opened = site.get(f"{entry}/edit").text
    draft(site, entry, "from the phone", opened)
    for _ in range(2):
        told = draft(site, entry, "from the desk", opened)
    assert in_box(told) == "from the phone\n\nfrom the desk"


def test_a_draft_that_another_window_did_not_see_outlives_its_change(site: WebHarness, entry: str) -> None:
    opened = site.get(f"{entry}/edit").text
    draft(site, entry, "from the phone")
    site.clock.now += MINUTE
    press(site, entry, "from the desk", opened)
    both = site.get(f"{entry}/edit").text
    assert in_box(both) == "from the phone"
    assert "from the desk" in both
    press(site, entry, "from the phone", both, both="yes")
    assert shown(site, entry) == "from the desk\n\nfrom the phone"


def test_a_draft_of_words_that_were_changed_meanwhile_shows_both_first(site: WebHarness, entry: str) -> None:
    opened = site.get(f"{entry}/edit").text
    press(site, entry, "from the phone")
    answer = press(site, entry, "from the desk", opened, draft="yes")
    assert answer.status_code == 409
    assert in_box(answer.text) == "from the desk"
    assert in_box(draft(site, entry, "from the desk", answer.text)) == "from the desk"
    assert shown(site, entry) == "from the phone"


def test_a_draft_comes_back_with_an_entry_that_is_put_back_and_goes_with_it(site: WebHarness, entry: str) -> None:
    draft(site, entry, "the bus was l")
    site.post(f"{entry}/delete")
    assert f"{entry}/edit" not in site.get("/write").text
    site.post(f"{entry}/undelete", page=entry)
    assert in_box(site.get(f"{entry}/edit").text) == "the bus was l"
    site.post(f"{entry}/delete")
    site.clock.now += DAY
    prune(site.runtime.database, site.runtime.storage, now=site.clock())
    with site.runtime.database.read() as session:
        assert session.scalars(select(EntryDraft)).all() == []
