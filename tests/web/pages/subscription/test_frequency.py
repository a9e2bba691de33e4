from datetime import date

import pytest

from service.models import Consent, SubscriberStatus
from tests.harness.website import WebHarness

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def link(site: WebHarness) -> str:
    """The token in every email to somebody active."""
    site.join()
    return site.frequency_link()


def test_looking_at_a_rest_or_stop_link_changes_nothing(site: WebHarness, link: str) -> None:
    reader = site.another_browser()
    for path in (f"/rest/{link}", f"/unsubscribe/{link}"):
        assert reader.get(path).status_code == 200
        assert reader.browser.head(path).status_code == 200
    assert site.person().status == SubscriberStatus.ACTIVE


@pytest.mark.parametrize(
    ("typed", "until_on"),
    [
        ({"length": "skip"}, date(2026, 5, 16)),
        ({"length": "week"}, date(2026, 5, 20)),
        ({"length": "two_weeks"}, date(2026, 5, 27)),
        ({"length": "month"}, date(2026, 6, 13)),
        ({"length": "open"}, None),
        ({"length": "until", "until": "2026-06-03"}, date(2026, 6, 3)),
    ],
    ids=["skip one", "a week", "two weeks", "a month", "open-ended", "until a date"],
)
def test_a_rest_begins_without_a_sign_in(
    site: WebHarness, link: str, typed: dict[str, object], until_on: date | None
) -> None:
    reader = site.another_browser()
    assert reader.post(f"/rest/{link}", typed).location == f"/rest/{link}"
    assert (site.person().status, site.person().resting_until_on) == (SubscriberStatus.RESTING, until_on)
    assert "We’ll be quiet until" in reader.get(f"/rest/{link}").text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"length": "until", "until": ""}, "Choose a date to rest until"),
        ({"length": "until", "until": "2026-05-13"}, "Choose a date from Thursday 14 May 2026"),
        ({"length": "until", "until": "9999-12-31"}, "Choose a date from Thursday 14 May 2026"),
        ({"length": "for ever"}, "Choose how long"),
    ],
    ids=["no date", "today", "too far off", "no such length"],
)
def test_a_rest_that_cannot_be_is_explained(site: WebHarness, link: str, typed: dict[str, object], said: str) -> None:
    answer = site.post(f"/rest/{link}", typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert site.person().status == SubscriberStatus.ACTIVE


def test_one_click_stops_without_cookie_token_or_redirect_and_again(site: WebHarness, link: str) -> None:
    """RFC 8058, section 3.1: the post stands alone."""
    for _ in range(2):
        answer = site.another_browser().browser.post(f"/unsubscribe/{link}", data=ONE_CLICK)
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
    assert site.person().status == SubscriberStatus.STOPPED
    with site.runtime.database.read() as session:
        lines = Consent.for_address(session, site.person().address_hash)
    assert [line.source for line in lines if line.event == "stopped"] == ["one_click"]


def test_one_click_comes_as_multipart_too(site: WebHarness, link: str) -> None:
    answer = site.another_browser().browser.post(
        f"/unsubscribe/{link}", data=ONE_CLICK, content_type="multipart/form-data"
    )
    assert answer.status_code == 200
    assert site.person().status == SubscriberStatus.STOPPED


def test_the_page_s_own_button_needs_the_page(site: WebHarness, link: str) -> None:
    assert site.another_browser().browser.post(f"/unsubscribe/{link}").status_code == 400
    assert site.person().status == SubscriberStatus.ACTIVE


def test_the_page_s_button_stops_and_the_page_says_so(site: WebHarness, link: str) -> None:
    reader = site.another_browser()
    assert "Only rest a while" in reader.get(f"/unsubscribe/{link}").text
    assert reader.post(f"/unsubscribe/{link}").location == f"/unsubscribe/{link}"
    assert "The emails have stopped" in reader.get(f"/unsubscribe/{link}").text
    assert "You’ve already stopped the emails" in reader.get(f"/rest/{link}").text


def test_a_stop_does_not_close_the_journal(site: WebHarness, link: str) -> None:
    site.post(f"/unsubscribe/{link}")
    assert site.get("/journal").status_code == 200


@pytest.mark.parametrize("path", ["/rest/x", "/unsubscribe/x", "/rest/" + "a" * 40])
def test_a_link_this_place_never_made_is_no_page(site: WebHarness, path: str) -> None:
    assert site.get(path).status_code == 404
    assert site.browser.post("/unsubscribe/x", data=ONE_CLICK).status_code == 404


@pytest.mark.parametrize("kind", ["rest", "unsubscribe"])
def test_a_link_that_was_cut_short_leads_to_the_other_ways_out(site: WebHarness, link: str, kind: str) -> None:
    reader = site.another_browser()
    answer = reader.get(f"/{kind}/{link[:-6]}")
    assert answer.status_code == 404
    assert "reply “stop”" in answer.text
    assert 'href="/sign-in"' in answer.text
    assert 'href="/">Go to' not in answer.text
    reader.post("/sign-in", {"email": "ana@example.com"})
    reader.do_what_was_asked()
    assert reader.post(reader.sign_in_path()).location == "/settings"
    assert f'href="/unsubscribe/{link}"' in reader.get("/settings").text


def test_the_date_of_a_rest_stands_beneath_its_own_choice(site: WebHarness, link: str) -> None:
    text = site.get(f"/rest/{link}").text
    assert text.index('value="until"') < text.index('type="date"') < text.index('value="open"')


def test_the_link_of_somebody_erased_still_answers(site: WebHarness, link: str) -> None:
    with site.runtime.database.write() as session:
        session.delete(session.merge(site.person()))
    reader = site.another_browser()
    assert reader.browser.post(f"/unsubscribe/{link}", data=ONE_CLICK).status_code == 200
    assert reader.get(f"/unsubscribe/{link}").status_code == 200
    assert reader.get(f"/rest/{link}").status_code == 200
