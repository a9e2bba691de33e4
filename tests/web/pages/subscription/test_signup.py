import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from service.core.access.tokens import Action
from service.flows.people.subscription import account
from service.models import (
    BrowserSession,
    Consent,
    Delivery,
    DeliveryKind,
    DeliveryState,
    MailRequest,
    SubscriberStatus,
)
from service.web.forms.form_time import FIELD, sign_form_time
from service.web.pages.subscription.signup import SAMPLE
from tests.harness.website import WebHarness


def test_the_page_shows_a_real_question_and_what_is_agreed_to(site: WebHarness) -> None:
    text = site.get("/").text
    sample = site.runtime.library.get(SAMPLE)
    assert sample in site.runtime.library.for_locale("en-GB")  # not retired
    assert sample is not None
    assert sample.question in text
    assert "You can rest or stop from any email" in text
    assert 'href="/help-now"' in text


@pytest.mark.parametrize("zone", ["Europe/London", "Asia/Calcutta", "Europe/Kiev", "US/Eastern", "Etc/UTC"])
def test_a_zone_is_accepted_by_its_new_name_and_by_its_old_one(site: WebHarness, zone: str) -> None:
    assert site.ask_for_signup(time_zone=zone).location == "/sent"
    site.do_what_was_asked()
    assert site.person().time_zone == zone


def test_asking_writes_a_request_and_rings_after_the_commit(site: WebHarness) -> None:
    answer = site.ask_for_signup()
    assert (answer.status_code, answer.location) == (303, "/sent")
    with site.runtime.database.read() as session:
        assert list(session.scalars(select(MailRequest.id))) == site.queue.mail_requests


def test_the_answer_is_the_same_for_known_unknown_and_stopped_addresses(site: WebHarness) -> None:
    site.join()
    answers = [_answer(site.another_browser(), email) for email in ("ana@example.com", "nobody@example.com")]
    with site.runtime.database.write() as session:
        account.stop(session, session.merge(site.person()), site.clock(), source="page")
    answers.append(_answer(site.another_browser(), "ana@example.com"))
    assert len(set(answers)) == 1


@pytest.mark.parametrize(
    ("changed", "said", "field"),
    [
        pytest.param({"email": ""}, "Enter your email address", "email", id="no address"),
        pytest.param({"email": "ana"}, "Enter an email address like name@example.com", "email", id="no domain"),
        pytest.param({"time_zone": ""}, "Choose your time zone", "time_zone", id="no zone"),
        pytest.param({"time_zone": "Mars/Base"}, "Choose your time zone", "time_zone", id="no such zone"),
        pytest.param({"rhythm": "hourly"}, "Choose how often", "rhythm", id="no such rhythm"),
    ],
)
def test_a_mistake_is_explained_at_the_top_and_at_its_field(
    site: WebHarness, changed: dict[str, str], said: str, field: str
) -> None:
    answer = site.ask_for_signup(**changed)
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert f'<a href="#{field}">{said}</a>' in answer.text
    assert f'id="{field}-error">Error: {said}' in answer.text
    assert site.queue.mail_requests == []


def test_what_was_typed_stays_after_a_mistake(site: WebHarness) -> None:
    text = site.ask_for_signup(email='a"b@example', rhythm="daily", time_zone="Asia/Tokyo").text
    assert 'value="a&#34;b@example"' in text
    assert "<option selected>Tokyo" in text
    assert re.search(r'value="daily" checked', text)


def test_a_zone_that_is_markup_is_not_repeated(site: WebHarness) -> None:
    assert "onclick" not in site.ask_for_signup(time_zone="x onclick=alert(1)").text


def test_a_likely_slip_is_asked_about_and_never_forced(site: WebHarness) -> None:
    asked = site.ask_for_signup("ana@gmial.com")
    assert "Did you mean <strong>ana@gmail.com</strong>?" in asked.text
    assert site.queue.mail_requests == []
    assert site.ask_for_signup("ana@gmial.com", sure="ana@gmial.com").location == "/sent"
    assert site.ask_for_signup("ana@gmial.com", use="ana@gmail.com").location == "/sent"


def test_a_filled_in_trap_is_thanked_and_nothing_is_written(site: WebHarness) -> None:
    assert site.ask_for_signup(website="http://spam.example").location == "/sent"
    assert site.queue.mail_requests == []


def test_the_eleventh_in_an_hour_is_asked_to_slow_down(site: WebHarness) -> None:
    answers = [site.ask_for_signup(f"a{n}@example.com") for n in range(11)]
    assert [answer.status_code for answer in answers] == [303] * 10 + [429]
    assert answers[-1].headers["Retry-After"] == "3600"
    site.clock.move(timedelta(minutes=61))
    assert site.ask_for_signup().status_code == 303


def test_reloading_the_address_of_the_form_leads_back_to_it(site: WebHarness) -> None:
    assert site.get("/subscribe").location == "/"


def test_looking_at_a_confirm_link_changes_nothing(site: WebHarness) -> None:
    site.ask_for_signup()
    site.do_what_was_asked()
    for _ in range(2):
        page = site.another_browser().get(site.confirm_path())
        assert "on Mondays, Wednesdays and Fridays at 8 in the morning, London time" in page.text
    assert site.person().status == SubscriberStatus.PENDING


def test_pressing_confirms_signs_in_and_leads_to_the_first_question(site: WebHarness) -> None:
    answer = site.join()
    assert (answer.status_code, answer.location) == (303, "/welcome")
    assert site.person().status == SubscriberStatus.ACTIVE
    assert len(site.queue.deliveries) == 1
    welcome = site.get("/welcome").text
    assert "on Mondays, Wednesdays and Fridays at 8 in the morning, London time" in welcome
    assert site.runtime.library.first_six("en-GB")[0].question in welcome


def test_answering_on_the_welcome_page_keeps_the_words_with_their_question(site: WebHarness) -> None:
    site.join()
    prompt = site.runtime.library.first_six("en-GB")[0]
    kept = site.post("/write", {"words": "slow, warm, mine", "prompt": prompt.id, "once": "x"}, page="/welcome")
    day = site.get(kept.location).text
    assert "slow, warm, mine" in day
    assert prompt.question in day
    assert site.person().prompts_answered == 1


def test_a_press_without_the_cookie_of_the_page_does_not_confirm(site: WebHarness) -> None:
    site.ask_for_signup()
    site.do_what_was_asked()
    answer = site.another_browser().browser.post(site.confirm_path())
    assert answer.status_code == 400
    assert "That page was open too long" in answer.text
    assert site.person().status == SubscriberStatus.PENDING


def test_a_confirm_link_does_not_sign_in_a_second_time(site: WebHarness) -> None:
    site.join()
    path = site.confirm_path()
    later = site.another_browser()
    assert "You’re all set" in later.get(path).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', later.get("/").text)
    assert token is not None
    later.browser.post(path, data={"csrf_token": token.group(1)})
    assert later.get("/journal").location == "/sign-in"
    with site.runtime.database.read() as session:
        assert session.scalar(select(func.count()).select_from(BrowserSession)) == 1
        assert session.scalar(select(func.count()).select_from(Delivery).where(Delivery.kind == "welcome")) == 1
        assert session.scalar(select(func.count()).select_from(Consent)) == 2


def test_a_confirm_link_expires_and_says_where_to_get_a_new_one(site: WebHarness) -> None:
    site.ask_for_signup()
    site.do_what_was_asked()
    path = site.confirm_path()
    site.clock.move(timedelta(days=8))
    assert site.get(path).status_code == 410
    assert "Sign up again" in site.get(path).text


@pytest.mark.parametrize("action", [Action.SIGN_IN, Action.WRITE], ids=["sign-in", "write"])
def test_a_token_for_something_else_confirms_nothing(site: WebHarness, action: Action) -> None:
    site.ask_for_signup()
    site.do_what_was_asked()
    token = site.act_link(action, 1, person_id=site.person().id, lasts=timedelta(days=1))
    assert site.get(f"/confirm/{token}").status_code == 404


def _answer(site: WebHarness, email: str) -> tuple[object, ...]:
    answer = site.ask_for_signup(email)
    sent = re.sub(r"\d{3} \d{3}", "a code", site.get("/sent").text)
    names = tuple(sorted(name for name, _ in answer.headers if name != "Set-Cookie"))
    return answer.status_code, answer.location, names, sent


def _stop(site: WebHarness) -> None:
    with site.runtime.database.write() as session:
        account.stop(session, session.merge(site.person()), site.clock(), source="one_click")


def test_a_new_start_on_the_same_day_shows_the_question_it_sends(site: WebHarness) -> None:
    site.join()
    with site.runtime.database.write() as session:
        sent = Delivery.newest_about(session, site.person().id, DeliveryKind.WELCOME)
        assert sent is not None
        sent.state = DeliveryState.SENT
    _stop(site)
    site.clock.move(timedelta(minutes=5))
    site.queue.deliveries.clear()
    site.queue.mail_requests.clear()
    site.post("/sign-out", page="/settings")
    assert site.join().location == "/welcome"
    assert len(site.queue.deliveries) == 1
    assert site.runtime.library.first_six("en-GB")[1].question in site.get("/welcome").text


def test_a_confirm_link_from_before_a_stop_offers_no_button(site: WebHarness) -> None:
    site.join()
    path = site.confirm_path()
    site.clock.move(timedelta(minutes=1))
    _stop(site)
    answer = site.get(path)
    assert answer.status_code == 410
    assert "You’ve stopped the emails" in answer.text
    assert 'href="/settings"' in answer.text
    assert "start the questions" not in answer.text


def test_another_browser_confirms_but_is_signed_in_only_with_the_code(site: WebHarness) -> None:
    site.ask_for_signup()
    site.do_what_was_asked()
    phone = site.another_browser()
    assert 'name="code"' in phone.get(site.confirm_path()).text
    assert 'name="code"' not in site.get(site.confirm_path()).text
    wrong = phone.post(site.confirm_path(), {"code": "000 000"})
    assert (wrong.status_code, site.person().status) == (422, SubscriberStatus.PENDING)
    assert "That code isn’t right" in wrong.text
    assert phone.post(site.confirm_path()).location == site.confirm_path()
    assert site.person().status == SubscriberStatus.ACTIVE
    assert phone.get("/journal").location == "/sign-in"


def test_another_browser_is_signed_in_with_the_code(site: WebHarness) -> None:
    site.ask_for_signup()
    site.do_what_was_asked()
    code = re.search(r"<strong>(\d{3} \d{3})</strong>", site.get("/sent").text)
    assert code is not None
    phone = site.another_browser()
    assert phone.post(site.confirm_path(), {"code": code.group(1)}).location == "/welcome"
    assert phone.get("/journal").status_code == 200


@pytest.mark.parametrize("path", ["/", "/letters/subscribe"])
@pytest.mark.parametrize(
    "age",
    [timedelta(seconds=1, milliseconds=999), timedelta(hours=24, seconds=1), None],
    ids=["at once", "old", "forged"],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_form_sent_at_once_or_from_a_store_comes_back_filled_in(
    site: WebHarness, path: str, age: timedelta | None
) -> None:
    key = site.runtime.keyring.index
    opened = "1.00" if age is None else sign_form_time(key, site.clock() - age)
    to = path if path != "/" else "/subscribe"
    typed: dict[str, object] = {"email": "ana@example.com", "rhythm": "daily", "time_zone": "Asia/Tokyo"}
    answer = site.post(to, {**typed, FIELD: opened}, page=path)
    assert answer.status_code == 422
    assert "press the button once more" in answer.text
    assert 'value="ana@example.com"' in answer.text
    assert site.queue.mail_requests == []
    kept = re.search(r'name="opened" value="([^"]+)"', answer.text)
    assert kept is not None
    site.clock.move(timedelta(seconds=3))
    assert site.post(to, {**typed, FIELD: kept.group(1)}, page=path).location == "/sent"
