import re
from datetime import timedelta

from sqlalchemy import func, select

from service.models import BrowserSession
from tests.harness.website import WebHarness


def _ask(site: WebHarness, email: str = "ana@example.com") -> None:
    assert site.post("/sign-in", {"email": email}).location == "/sent"
    site.do_what_was_asked()


def _code(site: WebHarness) -> str:
    found = re.search(r"<strong>(\d{3} \d{3})</strong>", site.get("/sent").text)
    assert found is not None
    return found.group(1)


def test_the_link_signs_in_the_browser_that_asked_once_with_a_new_cookie(site: WebHarness) -> None:
    site.join()
    browser = site.another_browser()
    _ask(browser)
    path = browser.sign_in_path()
    with browser.browser.session_transaction() as cookie:
        before = dict(cookie)
    assert browser.post(path).location == "/journal"
    with browser.browser.session_transaction() as cookie:
        assert set(cookie.values()).isdisjoint(before.values())
    assert browser.get("/journal").status_code == 200
    assert browser.get(path).status_code == 410


def test_opening_the_link_spends_nothing(site: WebHarness) -> None:
    site.join()
    browser = site.another_browser()
    _ask(browser)
    for _ in range(3):
        assert browser.get(browser.sign_in_path()).status_code == 200
    assert browser.post(browser.sign_in_path()).location == "/journal"


def test_another_browser_is_asked_for_the_code_that_the_first_one_shows(site: WebHarness) -> None:
    site.join()
    asked, other = site.another_browser(), site.another_browser()
    _ask(asked)
    path = asked.sign_in_path()
    assert 'name="code"' in other.get(path).text
    wrong = other.post(path, {"code": "000 00"})
    assert "That code isn’t right" in wrong.text
    assert other.post(path, {"code": _code(asked)}).location == "/journal"


def test_five_wrong_codes_end_the_link(site: WebHarness) -> None:
    site.join()
    asked, other = site.another_browser(), site.another_browser()
    _ask(asked)
    path = asked.sign_in_path()
    for _ in range(5):
        other.post(path, {"code": "1"})
    assert other.get(path).status_code == 410


def test_the_link_is_over_after_ten_minutes(site: WebHarness) -> None:
    site.join()
    browser = site.another_browser()
    _ask(browser)
    path = browser.sign_in_path()
    site.clock.move(timedelta(minutes=11))
    page = browser.get(path)
    assert page.status_code == 410
    assert "Get a new link" in page.text


def test_the_page_says_the_same_for_a_stranger(site: WebHarness) -> None:
    site.join()
    pages = []
    for email in ("ana@example.com", "nobody@example.com"):
        browser = site.another_browser()
        _ask(browser, email)
        pages.append(browser.get("/sent").text.replace(_code(browser), ""))
    assert pages[0] == pages[1]


def test_signing_up_and_signing_in_end_on_the_same_page(site: WebHarness) -> None:
    one, other = site.another_browser(), site.another_browser()
    one.ask_for_signup()
    other.post("/sign-in", {"email": "ana@example.com"})
    assert one.get("/sent").text.replace(_code(one), "") == other.get("/sent").text.replace(_code(other), "")


def test_a_mistake_in_the_address_is_said(site: WebHarness) -> None:
    answer = site.post("/sign-in", {"email": "ana"})
    assert answer.status_code == 422
    assert "Error: Enter an email address like name@example.com" in answer.text


def test_a_private_page_leads_to_the_sign_in_and_back(site: WebHarness) -> None:
    site.join()
    browser = site.another_browser()
    assert browser.get("/settings").location == "/sign-in"
    _ask(browser)
    assert browser.post(browser.sign_in_path()).location == "/settings"


def test_signing_out_ends_this_browser_only(site: WebHarness) -> None:
    site.join()
    other = site.another_browser()
    _ask(other)
    other.post(other.sign_in_path())
    assert site.post("/sign-out", page="/journal").location == "/sign-in?signed-out=here"
    assert site.get("/journal").location == "/sign-in"
    assert other.get("/journal").status_code == 200


def test_signing_out_is_said(site: WebHarness) -> None:
    site.join()
    text = site.get(str(site.post("/sign-out", page="/journal").location)).text
    assert "<h1>You’re signed out</h1>" in text
    assert "in this browser now without signing in again" in text
    assert 'name="email"' in text
    _ask(site)
    site.post(site.sign_in_path())
    everywhere = site.post("/sign-out", {"everywhere": "yes"}, page="/settings").location
    assert "in any browser now without signing in again" in site.get(str(everywhere)).text
    assert "signed out" not in site.get("/sign-in").text


def test_nobody_who_is_signed_in_reads_that_they_are_not(site: WebHarness) -> None:
    site.join()
    assert "signed out" not in site.get("/sign-in?signed-out=here").text


def test_the_first_page_leads_a_signed_in_person_home(site: WebHarness) -> None:
    site.join()
    assert site.get("/").location == "/journal"
    assert site.another_browser().get("/").status_code == 200
    site.clock.move(timedelta(days=31))
    assert "One gentle question" in site.get("/").text


def test_signing_out_everywhere_ends_every_browser(site: WebHarness) -> None:
    site.join()
    other = site.another_browser()
    _ask(other)
    other.post(other.sign_in_path())
    other.post("/sign-out", {"everywhere": "yes"}, page="/settings")
    assert site.get("/journal").location == "/sign-in"


def test_a_copied_cookie_is_worth_nothing_after_signing_out(site: WebHarness) -> None:
    site.join()
    cookie = site.browser.get_cookie("steps")
    assert cookie is not None
    site.post("/sign-out", page="/journal")
    thief = site.another_browser()
    thief.browser.set_cookie("steps", cookie.value)
    assert thief.get("/journal").location == "/sign-in"


def test_a_sign_in_lasts_thirty_days(site: WebHarness) -> None:
    site.join()
    for days in (13, 13):
        site.clock.move(timedelta(days=days))
        assert site.get("/journal").status_code == 200
    site.clock.move(timedelta(days=5))
    assert site.get("/journal").location == "/sign-in"


def test_the_database_holds_no_secret_that_a_cookie_holds(site: WebHarness) -> None:
    site.join()
    with site.browser.session_transaction() as cookie:
        secret = cookie["secret"]
    with site.runtime.database.read() as session:
        [row] = session.query(BrowserSession).all()
    assert secret.encode() not in row.secret_hash


def _sessions(site: WebHarness) -> int:
    with site.runtime.database.read() as session:
        return session.scalar(select(func.count()).select_from(BrowserSession)) or 0


def test_signing_in_again_ends_the_former_session_of_that_browser(site: WebHarness) -> None:
    site.join()
    assert _sessions(site) == 1
    _ask(site)
    site.post(site.sign_in_path())
    assert _sessions(site) == 1
    other = site.another_browser()
    _ask(other)
    other.post(other.sign_in_path())
    assert _sessions(site) == 2


def test_a_browser_that_is_not_used_for_two_weeks_is_signed_out(site: WebHarness) -> None:
    site.join()
    for _ in range(2):  # used after thirteen days, and again: that is no idleness
        site.clock.move(timedelta(days=13))
        assert site.get("/journal").status_code == 200
    idle = site.another_browser()
    _ask(idle)
    idle.post(idle.sign_in_path())
    site.clock.move(timedelta(days=15))
    assert idle.get("/journal").location == "/sign-in"


def test_signing_out_clears_what_the_browser_kept(site: WebHarness) -> None:
    site.join()
    answer = site.post("/sign-out", page="/settings")
    assert answer.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert site.get("/journal").location == "/sign-in"
