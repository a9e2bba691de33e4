"""Words of a form that was refused: the page that gives them back sends them once more, without script."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest
from selectolax.lexbor import LexborHTMLParser
from werkzeug.test import TestResponse

from service.core.access.tokens import Action
from service.core.journal.entry_text import write_link_object
from service.flows.people.access.sign_in import SESSION_LIFETIME
from tests.harness.people.people import ANA, DAY
from tests.harness.website import WebHarness

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
WORDS = "an hour’s <work>"
Fields = dict[str, object]


@pytest.fixture
def home(site: WebHarness) -> WebHarness:
    """A site whose browser is signed in."""
    site.join()
    return site


def fields_of(page: str) -> Fields:
    """Return the fields of the form in a page's main part, as they stand there."""
    form = LexborHTMLParser(page).css_first("main form")
    assert form is not None
    fields: Fields = {
        str(each.attributes["name"]): each.attributes.get("value") or "" for each in form.css("input:not([type=file])")
    }
    box = form.css_first("textarea[name=words]")
    return fields | ({"words": box.text().removeprefix("\n")} if box else {})


def send(site: WebHarness, path: str, fields: Fields, from_site: str = "same-origin") -> TestResponse:
    return site.browser.post(path, data=fields, headers={"Sec-Fetch-Site": from_site})


def sign_in_again(site: WebHarness) -> None:
    site.post("/sign-in", {"email": ANA.text})
    site.post(site.sign_in_path())


def test_words_are_saved_from_the_page_after_signing_in_again(home: WebHarness) -> None:
    form = fields_of(home.get("/write?written_on=2026-05-02").text)
    home.clock.now += SESSION_LIFETIME
    refused = send(home, "/write", {**form, "words": WORDS, "photos": (BytesIO(b"GIF89a"), "a.gif")})
    assert refused.status_code == 403
    assert "Your photos aren’t with them" in refused.text
    sign_in_again(home)
    stale = send(home, "/write", fields_of(refused.text))
    assert (stale.status_code, "Nothing is lost" in stale.text) == (400, True)
    for _ in range(2):
        assert send(home, "/write", fields_of(stale.text)).status_code == 303
    day = LexborHTMLParser(home.get("/journal/2026-05-02").text)
    assert [words.text() for words in day.css("article .words")] == [WORDS]


def test_a_change_and_its_button_are_sent_once_more(home: WebHarness) -> None:
    entry = home.write("the bus was late").partition("?")[0]
    form = fields_of(home.get(f"{entry}/edit").text)
    refused = send(home, f"{entry}/edit", {**form, "csrf_token": "old", "words": WORDS, "draft": "yes"})
    assert refused.status_code == 400
    assert send(home, f"{entry}/edit", fields_of(refused.text)).status_code == 303
    assert "the bus was late" in home.get(entry).text
    assert fields_of(home.get(f"{entry}/edit").text)["words"] == WORDS


def test_who_signed_out_in_another_tab_is_told_to_sign_in(home: WebHarness) -> None:
    form = fields_of(home.get("/write").text)
    home.post("/sign-out", page="/journal")
    assert "Sign in, in another tab" in send(home, "/write", {**form, "words": WORDS}).text
    prompt = home.runtime.library.first_six("en-GB")[0]
    about = write_link_object(prompt.key, date(2026, 5, 13))
    link = home.act_link(Action.WRITE, about, person_id=home.person().id, lasts=DAY)
    assert "in another tab" not in send(home, f"/write/{link}", {"words": WORDS}).text


def test_an_own_question_is_sent_once_more(home: WebHarness) -> None:
    refused = send(home, "/settings/questions", {"words": "What was worth the walk?"})
    send(home, "/settings/questions", fields_of(refused.text))
    assert "What was worth the walk?" in home.get("/settings/questions").text


@pytest.mark.parametrize("from_site", ["cross-site", "same-site", "none", ""])
def test_a_form_of_another_site_is_never_offered_to_be_sent(home: WebHarness, from_site: str) -> None:
    refused = send(home, "/write", {"words": WORDS}, from_site)
    assert refused.status_code == 400
    page = LexborHTMLParser(refused.text)
    assert page.css_first("main form") is None
    box = page.css_first("main textarea")
    assert box is not None
    assert box.text().removeprefix("\n") == WORDS
