from __future__ import annotations

from datetime import date

import pytest

from service.models import Entry
from tests.harness.journals.diary import take_step, write
from tests.harness.journals.journal_content import asked, give_photo
from tests.harness.people.members import member
from tests.harness.website import WebHarness


@pytest.fixture
def home(site: WebHarness) -> WebHarness:
    """A site whose browser is signed in, with a year behind it."""
    site.join()
    database, keyring, person = site.runtime.database, site.runtime.keyring, site.person()
    write(database, keyring, person, date(2025, 12, 30), "Before the year.", asked(site))
    write(database, keyring, person, date(2026, 2, 9), "Snow on the sill, and I watched it.", asked(site))
    write(database, keyring, person, date(2026, 5, 3), "<b>The first warm evening.</b>", asked(site))
    take_step(database, keyring, person, "Ring Priya", date(2026, 5, 8))
    return site


def test_a_year_shows_its_months_passages_and_steps_and_leads_to_each_month(home: WebHarness) -> None:
    page = home.get("/year/2026")
    assert page.status_code == 200
    assert "<h1>Your 2026, in your own words</h1>" in page.text
    assert "You wrote in February and May." in page.text
    assert "Snow on the sill, and I watched it." in page.text
    assert "&lt;b&gt;The first warm evening.&lt;/b&gt;" in page.text
    assert "Ring Priya" in page.text
    assert "Before the year." not in page.text
    for month in ("2026-02", "2026-05"):
        assert f'href="/journal/{month}"' in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "img-src 'self'" not in page.headers["Content-Security-Policy"]


def test_photos_stand_with_their_passage(home: WebHarness) -> None:
    with home.runtime.database.read() as session:
        [entry] = Entry.between(session, home.person().id, date(2026, 2, 9), date(2026, 2, 9))
    photo_id = give_photo(home, entry.id)
    page = home.get("/year/2026")
    assert f'src="/journal/photo/{photo_id}" alt="A photo you sent on 9 February"' in page.text
    assert page.headers["Content-Security-Policy"].endswith("img-src 'self'")


@pytest.mark.parametrize("year", ["2024", "2027", "0001", "9999"])
def test_a_year_without_words_is_no_page_and_that_is_allowed(home: WebHarness, year: str) -> None:
    page = home.get(f"/year/{year}")
    assert page.status_code == 404
    assert f"Nothing here for {int(year)}" in page.text
    assert "And that’s fine." in page.text
    assert 'href="/journal"' in page.text


@pytest.mark.parametrize("year", ["0000", "26", "02026", "x"])
def test_what_is_no_year_is_no_page(home: WebHarness, year: str) -> None:
    assert home.get(f"/year/{year}").status_code == 404


def test_a_signed_out_person_is_led_there_after_signing_in(home: WebHarness) -> None:
    stranger = home.another_browser()
    answer = stranger.get("/year/2026")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    stranger.post("/sign-in", {"email": "ana@example.com"})
    stranger.do_what_was_asked()
    assert stranger.post(stranger.sign_in_path()).location == "/year/2026"


def test_nobody_sees_the_year_of_somebody_else(home: WebHarness) -> None:
    with home.runtime.database.write() as session:
        other = member(session, home.runtime.keyring, "bo@example.com")
    write(home.runtime.database, home.runtime.keyring, other, date(2024, 3, 3), "Only Bo's.")
    assert home.get("/year/2024").status_code == 404


def test_an_entry_kept_out_or_deleted_is_gone_at_once(home: WebHarness) -> None:
    with home.runtime.database.read() as session:
        [entry] = Entry.between(session, home.person().id, date(2026, 2, 9), date(2026, 2, 9))
    home.post(f"/journal/entry/{entry.id}/keep-out", page="/year/2026")
    assert "Snow on the sill" not in home.get("/year/2026").text
    assert "You wrote in February and May." in home.get("/year/2026").text


def test_the_journal_leads_to_each_year(home: WebHarness) -> None:
    front = home.get("/journal").text
    assert 'href="/year/2026"' in front
    assert 'href="/year/2025"' in front


def test_a_year_is_twelve_small_months_and_leads_to_the_other_years(home: WebHarness) -> None:
    text = home.get("/year/2026").text
    assert text.count('<div aria-hidden="true">') == 12
    assert '<a href="/journal/2026-05">May</a><span class="unseen"> You wrote on the 3rd.</span>' in text
    assert 'href="/journal/2026-06"' not in text
    assert text.count("<b>●</b>") == 2
    assert '<a href="/year/2025">2025</a>' in text


def test_a_year_of_which_nothing_may_come_back_still_leads_to_its_months(home: WebHarness) -> None:
    brought = write(home.runtime.database, home.runtime.keyring, home.person(), date(2014, 3, 3), "From a file.")
    with home.runtime.database.write() as session:
        entry = session.get_one(Entry, brought)
        entry.source, entry.is_kept_out = "import", True
    text = home.get("/year/2014").text
    assert "<h1>2014</h1>" in text
    assert 'href="/journal/2014-03"' in text
    assert "From a file." not in text


def test_months_and_years_are_one_press_apart(home: WebHarness) -> None:
    for path in ("/journal", "/journal/2025-12", "/journal/2026-02"):
        text = home.get(path).text
        assert 'href="/year/2026"' in text
        assert 'href="/year/2025"' in text
