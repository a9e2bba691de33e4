"""Searching one's own journal, on SQLite and on PostgreSQL."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from structlog.testing import capture_logs

from service.core.addresses import Address
from service.flows.people.journal import journal
from service.flows.people.journal.search import ENTRIES_A_PAGE
from service.models import Subscriber
from tests.harness.people.people import join
from tests.harness.website import WebHarness

DAY = date(2026, 5, 2)


@pytest.fixture
def home(site: WebHarness) -> WebHarness:
    """A site whose browser is signed in."""
    site.join()
    return site


def keep(site: WebHarness, words: str, on: date = DAY, *, over: str = "", person: Subscriber | None = None) -> int:
    """Store an entry; return its id."""
    with site.runtime.database.write() as session:
        owner = session.merge(person or site.person())
        entry = journal.add_entry(
            session,
            site.runtime.keyring,
            owner,
            journal.NewEntry(words=words, written_on=on, source="mail", over=over),
            site.clock(),
        )
        return entry.id


def found(site: WebHarness, **typed: str) -> list[int]:
    """Search; return the ids of the entries on the page, in its order."""
    text = site.post("/journal/search", dict(typed)).text
    return [int(id_) for id_ in re.findall(r'<h3><a href="/journal/entry/(\d+)"', text)]


def test_the_newest_entry_with_the_words_comes_first_with_its_hits_marked(home: WebHarness) -> None:
    older = keep(home, "Tea on the back step.", DAY - timedelta(days=400))
    newer = keep(home, "It rained. We had Tea, and <b>talked</b> about tea.")
    keep(home, "Coffee")
    assert found(home, words="tea") == [newer, older]
    page = home.post("/journal/search", {"words": "tea"}).text
    assert "We had <mark>Tea</mark>, and &lt;b&gt;talked&lt;/b&gt; about <mark>tea</mark>." in page
    assert "It rained" not in page


def test_nobody_else_s_words_are_found(home: WebHarness) -> None:
    with home.runtime.database.write() as session:
        other = join(session, home.runtime.keyring, home.runtime.library, Address.parse("tom@example.com"))
    keep(home, "a secret lilac", person=other)
    assert found(home, words="lilac") == []


def test_the_words_beyond_the_size_limit_are_found_too(home: WebHarness) -> None:
    entry = keep(home, "short", over="and the lilac at the very end")
    assert found(home, words="lilac") == [entry]


def test_a_search_between_two_dates_finds_both_days_and_nothing_else(home: WebHarness) -> None:
    ids = [keep(home, "lilac", DAY + timedelta(days=day)) for day in range(4)]
    day = {"first": str(DAY + timedelta(days=1)), "last": str(DAY + timedelta(days=2))}
    assert found(home, words="lilac", **day) == [ids[2], ids[1]]


def test_pages_go_on_where_the_one_before_ended(home: WebHarness) -> None:
    ids = [keep(home, "lilac", DAY - timedelta(days=day // 2)) for day in range(ENTRIES_A_PAGE + 3)]
    first = found(home, words="lilac")
    second = found(home, words="lilac", before=str(first[-1]))
    assert sorted(first + second) == sorted(ids)
    assert len(first) == ENTRIES_A_PAGE
    assert "Older entries" in home.post("/journal/search", {"words": "lilac"}).text
    assert "Older entries" not in home.post("/journal/search", {"words": "lilac", "before": str(first[-1])}).text


@pytest.mark.parametrize("before", ["x", "-1", "99999999999999999999999", "7", "²"])
def test_a_place_that_is_none_begins_at_the_newest(home: WebHarness, before: str) -> None:
    entry = keep(home, "lilac")
    assert found(home, words="lilac", before=before) == [entry]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"words": " "}, "Enter a word or a phrase"),
        ({"words": "..."}, "Enter a word or a phrase"),
        ({"words": "a" * 201}, "at most 200 characters"),
        ({"words": "tea", "first": "yesterday"}, "Enter a date"),
        ({"words": "tea", "last": "2026-02-30"}, "Enter a date"),
        ({"words": "tea", "first": "2026-05-02", "last": "2026-05-01"}, "not before the first"),
    ],
)
def test_what_cannot_be_searched_for_is_said_and_stays_in_the_form(
    home: WebHarness, typed: dict[str, str], sentence: str
) -> None:
    answer = home.post("/journal/search", dict(typed))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert all(f'value="{value}"' in answer.text for value in typed.values())


def test_nothing_found_says_how_words_are_found(home: WebHarness) -> None:
    assert "A word is found by its beginning" in home.post("/journal/search", {"words": "lilac"}).text


def test_the_words_are_in_no_url_log_or_cache(home: WebHarness) -> None:
    keep(home, "lilac")
    with capture_logs() as lines:
        answer = home.post("/journal/search", {"words": "lilac"})
    assert "no-store" in answer.headers["Cache-Control"]
    assert lines
    assert "lilac" not in str(lines)
    assert home.get("/journal/search?words=lilac").text.count("lilac") == 0


def test_a_search_needs_a_signed_in_browser_and_its_form(site: WebHarness) -> None:
    assert site.get("/journal/search").status_code == 303
    assert site.browser.post("/journal/search", data={"words": "tea"}).status_code == 400
