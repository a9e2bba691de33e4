"""Drafts on the page where one writes."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import select
from werkzeug.test import TestResponse

from service.models import Draft
from tests.harness.website import WebHarness

EARLIER = "/write?written_on=2026-05-02"


@pytest.fixture
def home(site: WebHarness) -> WebHarness:
    """A site whose browser is signed in."""
    site.join()
    return site


def in_box(page: str) -> str:
    box = LexborHTMLParser(page).css_first("textarea")
    assert box is not None
    return box.text().removeprefix("\n")


def seen(page: str) -> dict[str, object]:
    fields = LexborHTMLParser(page).css("input[name=draft_on], input[name=draft_seen], input[name=written_on]")
    return {str(field.attributes["name"]): field.attributes["value"] for field in fields}


def draft(site: WebHarness, words: str, opened: str = "", **more: str) -> TestResponse:
    opened = opened or site.get("/write").text
    return site.post("/write", {**seen(opened), "words": words, "draft": "yes", **more})


def test_a_draft_waits_on_the_page_and_is_gone_once_it_is_saved(home: WebHarness) -> None:
    told = home.get(str(draft(home, "the bus\r\nwas").location)).text
    assert "Your draft is saved" in told
    assert in_box(told) == "the bus\nwas"
    opened = home.get("/write").text
    assert in_box(opened) == "the bus\nwas"
    assert "the bus" not in home.get("/journal").text
    home.post("/write", {**seen(opened), "words": "the bus was late"})
    assert "the bus was late" in home.get("/journal").text
    assert in_box(home.get("/write").text) == ""


def test_a_draft_is_sealed(home: WebHarness) -> None:
    draft(home, "the bus was")
    with home.runtime.database.read() as session:
        [row] = session.scalars(select(Draft))
    assert b"bus" not in row.sealed_words


def test_each_day_has_its_draft_and_leads_to_the_others(home: WebHarness) -> None:
    draft(home, "today’s")
    draft(home, "that day’s", home.get(EARLIER).text)
    assert in_box(home.get(EARLIER).text) == "that day’s"
    today = home.get("/write").text
    assert in_box(today) == "today’s"
    assert f'<a href="{EARLIER}">Go on with your draft for Saturday 2 May 2026</a>' in today


def test_a_draft_that_is_given_another_day_moves_there(home: WebHarness) -> None:
    draft(home, "not of today")
    draft(home, "not of today", written_on="2026-05-02")
    assert in_box(home.get(EARLIER).text) == "not of today"
    assert in_box(home.get("/write").text) == ""


def test_two_windows_at_once_lose_neither_draft(home: WebHarness) -> None:
    opened = home.get("/write").text
    draft(home, "from the phone", opened)
    for _ in range(2):
        draft(home, "from the desk", opened)
    assert in_box(home.get("/write").text) == "from the phone\n\nfrom the desk"


def test_what_is_saved_in_one_window_leaves_the_draft_of_another(home: WebHarness) -> None:
    opened = home.get("/write").text
    draft(home, "from the phone", opened)
    home.post("/write", {**seen(opened), "words": "from the desk"})
    assert in_box(home.get("/write").text) == "from the phone"


def test_an_emptied_draft_is_gone(home: WebHarness) -> None:
    draft(home, "never mind")
    assert "The draft is gone" in home.get(str(draft(home, "").location)).text
    assert in_box(home.get("/write").text) == ""


def test_a_date_that_is_none_loses_no_draft(home: WebHarness) -> None:
    answer = draft(home, "the bus was", written_on="tomorrow")
    assert answer.status_code == 422
    assert in_box(answer.text) == "the bus was"
