"""The page of the browsers that somebody is signed in with."""

import re

from service.flows.people.access.browser_sessions import sign_out_one
from tests.harness.website import WebHarness

PAGE = "/settings/browsers"
KEY = re.compile(r'name="key" value="([0-9a-f]+)"')
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def joined(site: WebHarness) -> WebHarness:
    """Return a second browser of the person who has just joined; it is Firefox on Linux."""
    site.join()
    other = site.another_browser()
    other.browser.environ_base["HTTP_USER_AGENT"] = FIREFOX
    assert other.post("/sign-in", {"email": "ana@example.com"}).location == "/sent"
    other.do_what_was_asked()
    assert other.post(other.sign_in_path()).location == "/journal"
    return other


def test_each_browser_is_listed_by_its_kind_and_day_and_nothing_else(site: WebHarness) -> None:
    joined(site)

    text = site.get(PAGE).text

    assert "Firefox on Linux" in text
    assert text.count("<section") == 2
    assert text.count("the one you’re using now") == 1
    assert "Signed in on " in text
    assert "Gecko" not in text
    assert "127.0.0.1" not in text


def test_one_browser_is_signed_out_and_the_others_stay(site: WebHarness) -> None:
    other = joined(site)
    key = KEY.search(site.get(PAGE).text)
    assert key is not None

    assert site.post(f"{PAGE}/one", {"key": key.group(1)}, page=PAGE).location == f"{PAGE}?done=one"

    assert other.get("/journal").status_code == 303
    assert site.get("/journal").status_code == 200
    assert "Firefox" not in site.get(PAGE).text


def test_all_other_browsers_are_signed_out_at_once(site: WebHarness) -> None:
    other = joined(site)

    assert site.post(f"{PAGE}/others", page=PAGE).location == f"{PAGE}?done=others"

    assert other.get("/journal").status_code == 303
    assert site.get("/journal").status_code == 200


def test_key_of_somebody_else_ends_nothing(site: WebHarness) -> None:
    other = joined(site)
    key = KEY.search(other.get(PAGE).text)
    assert key is not None
    stranger = site.person().id + 1

    with site.runtime.database.write() as session:
        assert not sign_out_one(session, site.runtime.keyring, stranger, key.group(1), site.clock())

    assert site.get("/journal").status_code == 200
    assert other.get("/journal").status_code == 200
