from __future__ import annotations

from datetime import date

import pytest

from tests.harness.journals.diary import write
from tests.harness.journals.journal_content import asked, give_photo
from tests.harness.people.members import member
from tests.harness.website import WebHarness

FILE = "/journal/2026-05.md"


@pytest.fixture
def home(site: WebHarness) -> WebHarness:
    """A site whose browser is signed in, with a month behind it."""
    site.join()
    database, keyring, person = site.runtime.database, site.runtime.keyring, site.person()
    photographed = write(database, keyring, person, date(2026, 5, 3), "- milk\n- שלום", asked(site))
    give_photo(site, photographed)
    write(database, keyring, person, date(2026, 5, 9), "Unasked.")
    write(database, keyring, person, date(2026, 6, 1), "Another month.")
    return site


def test_the_month_comes_as_a_file_word_for_word(home: WebHarness) -> None:
    answer = home.get(FILE)
    question = home.runtime.library.get(asked(home))
    assert question is not None
    assert answer.text == (
        "# May 2026\n\n## Sunday 3 May 2026\n\n"
        f"> {question.question}\n\n"
        "\\- milk\\\n\\- שלום\n\n"
        "*There’s a photo with this in your journal.*\n\n"
        "## Saturday 9 May 2026\n\nUnasked.\n"
    )
    assert answer.content_type == "text/markdown; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="small-steps-2026-05.md"'
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("month", ["2026-04", "0001-01", "9999-12", "2026-13"])
def test_a_month_without_words_has_no_file(home: WebHarness, month: str) -> None:
    assert home.get(f"/journal/{month}.md").status_code == 404


def test_a_signed_out_person_is_led_there_after_signing_in(home: WebHarness) -> None:
    stranger = home.another_browser()
    answer = stranger.get(FILE)
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert "milk" not in answer.text
    stranger.post("/sign-in", {"email": "ana@example.com"})
    stranger.do_what_was_asked()
    assert stranger.post(stranger.sign_in_path()).location == FILE


def test_nobody_gets_the_month_of_somebody_else(home: WebHarness) -> None:
    with home.runtime.database.write() as session:
        other = member(session, home.runtime.keyring, "bo@example.com")
    write(home.runtime.database, home.runtime.keyring, other, date(2026, 4, 3), "Only Bo's.")
    assert home.get("/journal/2026-04.md").status_code == 404


def test_the_month_s_page_leads_to_its_file_where_there_is_one(home: WebHarness) -> None:
    assert f'href="{FILE}"' in home.get("/journal/2026-05").text
    assert '.md"' not in home.get("/journal/2026-04").text
