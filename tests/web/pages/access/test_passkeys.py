"""Passkeys on pages: adding, naming, listing and removing them after a fresh sign-in, and signing in with one."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from service.app import create_app
from service.core.access.tokens import Action
from service.core.addresses import Address
from service.flows.people.personal_data.about_person import AboutPerson
from service.flows.people.personal_data.erase import erase_at_once
from service.models import AnsweredChallenge, Passkey, WrappedDataKey
from tests.harness.people.authenticator import Authenticator
from tests.harness.website import WebHarness

LIST, NEW, SIGN_IN = "/settings/passkeys", "/settings/passkeys/new", "/sign-in/passkey"
OPTIONS = re.compile(r'data-options="([^"]+)"')
MINUTE = timedelta(minutes=1)
BEN = Address("ben@example.com")
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def options_on(page: str) -> dict[str, Any]:
    """Return what a page asks of an authenticator."""
    found = OPTIONS.search(page)
    assert found is not None
    options: dict[str, Any] = json.loads(html.unescape(found.group(1)))
    return options


def add(site: WebHarness, authenticator: Authenticator, name: str = "My phone") -> TestResponse:
    answer = authenticator.create(options_on(site.get(NEW).text))
    return site.post(NEW, {"name": name, "answer": answer})


def sign_in(site: WebHarness, authenticator: Authenticator) -> TestResponse:
    return site.post(SIGN_IN, {"answer": authenticator.get(options_on(site.get(SIGN_IN).text))})


@pytest.fixture
def phone(site: WebHarness) -> Authenticator:
    """A phone with a passkey of somebody who has joined."""
    phone = Authenticator()
    site.join()
    assert add(site, phone).location == f"{LIST}?done=added"
    return phone


def rows(site: WebHarness) -> list[Passkey]:
    with site.runtime.database.read() as session:
        return list(session.scalars(select(Passkey)))


def test_a_passkey_signs_in_another_browser_which_was_told_no_address(site: WebHarness, phone: Authenticator) -> None:
    other = site.another_browser()
    asked = options_on(other.get(SIGN_IN).text)
    assert asked["allowCredentials"] == []
    assert asked["userVerification"] == "required"

    assert sign_in(other, phone).location == "/journal"

    assert other.get("/journal").status_code == 200
    assert "Last used on " in other.get(LIST).text


@ON_SQLITE
def test_the_browser_is_asked_for_a_passkey_that_it_does_not_have_yet_and_that_needs_no_address(
    site: WebHarness, phone: Authenticator
) -> None:
    asked = options_on(site.get(NEW).text)
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert len(asked["excludeCredentials"]) == 1
    refused = add(site, phone)
    assert refused.status_code == 422
    assert "added that passkey already" in refused.text


def test_an_answer_signs_in_once_even_for_whoever_copies_it_with_the_cookie(
    site: WebHarness, phone: Authenticator
) -> None:
    other = site.another_browser()
    page = other.get(SIGN_IN).text
    cookie = other.browser.get_cookie("steps")
    assert cookie is not None
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    form = {"csrf_token": token, "answer": phone.get(options_on(page))}
    assert other.browser.post(SIGN_IN, data=form).location == "/journal"
    copied = site.another_browser()
    copied.browser.set_cookie("steps", cookie.value)

    assert copied.browser.post(SIGN_IN, data=form).status_code == 422

    assert copied.get("/journal").status_code == 303


@ON_SQLITE
def test_an_answer_counts_only_in_the_browser_that_was_asked_and_for_ten_minutes(
    site: WebHarness, phone: Authenticator
) -> None:
    asked, other = site.another_browser(), site.another_browser()
    answer = phone.get(options_on(asked.get(SIGN_IN).text))
    elsewhere = other.post(SIGN_IN, {"answer": answer})
    assert elsewhere.status_code == 422
    assert "Press the button once more" in elsewhere.text
    site.clock.move(11 * MINUTE)
    assert asked.post(SIGN_IN, {"answer": answer}).status_code == 422
    assert sign_in(asked, phone).location == "/journal"


@ON_SQLITE
def test_an_answer_that_is_not_right_in_every_part_signs_nobody_in(site: WebHarness, phone: Authenticator) -> None:
    other = site.another_browser()
    wrong_parts: tuple[dict[str, Any], ...] = (
        {"origin": "http://1ocalhost"},
        {"host": "localhost.example"},
        {"is_verified": False},
        {"private_key": Authenticator().private_key},
        {"user_handle": b"somebody else"},
        {"credential_id": b"never added"},
    )
    for wrong in wrong_parts:
        refused = sign_in(other, replace(phone, **wrong))
        assert refused.status_code == 422, wrong
        assert "let us send a link" in refused.text
    assert other.get("/journal").status_code == 303


@ON_SQLITE
def test_a_counter_that_does_not_grow_is_that_of_a_copy(site: WebHarness) -> None:
    phone = Authenticator(counts=True)
    site.join()
    add(site, phone)
    assert sign_in(site.another_browser(), phone).location == "/journal"
    assert [row.sign_count for row in rows(site)] == [1]
    copy = replace(phone, sign_count=0)
    assert sign_in(site.another_browser(), copy).status_code == 422
    assert sign_in(site.another_browser(), phone).location == "/journal"


@ON_SQLITE
def test_what_no_browser_answers_gets_a_sentence(site: WebHarness) -> None:
    site.join()
    for answer in ("", "[]", "{}", "[" * 15_000, '{"response": {"clientDataJSON": "e30"}}', "é" * 20_000):
        for path in (SIGN_IN, NEW):
            refused = site.post(path, {"answer": answer, "name": "Typed"})
            assert refused.status_code == 422
            assert "Press the button once more" in refused.text
        assert 'value="Typed"' in refused.text
    assert rows(site) == []


@ON_SQLITE
def test_a_passkey_made_for_another_site_or_without_a_check_of_its_owner_is_not_added(site: WebHarness) -> None:
    site.join()
    for made in (Authenticator(origin="https://localhost"), Authenticator(is_verified=False)):
        refused = add(site, made)
        assert refused.status_code == 422
        assert "Try again" in refused.text
    assert rows(site) == []


@ON_SQLITE
@pytest.mark.usefixtures("phone")
def test_after_ten_minutes_the_list_is_shown_and_nothing_can_be_changed(site: WebHarness) -> None:
    row = rows(site)[0]
    token = site.get(NEW).text.partition('name="csrf_token" value="')[2].partition('"')[0]
    answer = Authenticator().create(options_on(site.get(NEW).text))
    site.clock.move(10 * MINUTE + timedelta(seconds=1))

    assert site.get(NEW).location == LIST
    for path in (NEW, f"{LIST}/name", f"{LIST}/remove"):
        data = {"csrf_token": token, "id": str(row.id), "name": "Another", "answer": answer}
        assert site.browser.post(path, data=data).location == LIST

    text = site.get(LIST).text
    assert "My phone" in text
    assert NEW not in text
    assert len(rows(site)) == 1
    assert site.post(f"{LIST}/sign-in", page=LIST).location == "/sent"
    site.do_what_was_asked()
    assert site.post(site.sign_in_path()).location == LIST
    assert NEW in site.get(LIST).text


@ON_SQLITE
def test_a_passkey_gets_another_name_and_is_removed_and_signs_nobody_in_then(
    site: WebHarness, phone: Authenticator
) -> None:
    passkey: dict[str, object] = {"id": str(rows(site)[0].id)}
    assert site.post(f"{LIST}/name", {**passkey, "name": "  The <old>  phone "}, page=LIST).status_code == 303
    assert "The &lt;old&gt; phone" in site.get(LIST).text
    too_long = site.post(f"{LIST}/name", {**passkey, "name": "x" * 61}, page=LIST)
    assert too_long.status_code == 422
    assert "x" * 61 in too_long.text
    sure = f"{LIST}/{rows(site)[0].id}/remove"
    assert f'action="{LIST}/remove"' not in site.get(LIST).text
    assert "Remove this passkey?" in site.get(sure).text
    assert site.post(f"{LIST}/remove", passkey, page=sure).location == f"{LIST}?done=removed"
    assert site.get(sure).location == LIST
    assert "The &lt;old&gt; phone" not in site.get(LIST).text
    assert sign_in(site.another_browser(), phone).status_code == 422


@ON_SQLITE
@pytest.mark.usefixtures("phone")
def test_the_passkey_of_somebody_else_is_neither_named_nor_removed(site: WebHarness) -> None:
    row = rows(site)[0]
    other = site.another_browser()
    other.ask_for_signup("ben@example.com")
    other.do_what_was_asked()
    request_id, ben = other.queue.mail_requests[-1], site.person(BEN).id
    other.post(f"/confirm/{other.act_link(Action.CONFIRM, request_id, person_id=ben, lasts=5 * MINUTE)}")
    assert other.get(NEW).status_code == 200
    for what in ("name", "remove"):
        other.post(f"{LIST}/{what}", {"id": str(row.id), "name": "Mine"}, page="/settings")
    assert [(each.id, each.sealed_name) for each in rows(site)] == [(row.id, row.sealed_name)]


@ON_SQLITE
def test_the_rows_tell_neither_the_passkey_nor_its_name(site: WebHarness, phone: Authenticator) -> None:
    public = phone.private_key.public_key().public_numbers().x.to_bytes(32, "big")
    [row] = rows(site)
    stored = b"".join(value for value in vars(row).values() if isinstance(value, bytes))
    for secret in (phone.credential_id, phone.user_handle, public, b"My phone"):
        assert secret not in stored


@ON_SQLITE
@pytest.mark.usefixtures("phone")
def test_what_is_known_of_a_person_names_their_passkeys(site: WebHarness) -> None:
    with site.runtime.database.read() as session:
        about = json.loads(b"".join(AboutPerson(session, site.runtime.keyring, site.person()).json()))
    assert about["passkeys"] == [{"name": "My phone", "added_at": site.clock().isoformat(), "last_used_on": None}]


@ON_SQLITE
def test_signing_in_with_a_passkey_takes_erasing_back_until_the_key_is_gone(
    site: WebHarness, phone: Authenticator
) -> None:
    site.post("/erase/sure")
    assert sign_in(site, phone).location == "/erase?kept"
    with site.runtime.database.write() as session:
        erase_at_once(session, site.person().id, site.clock())
        WrappedDataKey.destroy(session, site.person().id)
    assert sign_in(site.another_browser(), phone).status_code == 422


@ON_SQLITE
def test_the_page_has_the_one_script_of_passkeys_and_tells_the_other_way_in_without_it(site: WebHarness) -> None:
    site.join()
    for path in (SIGN_IN, NEW):
        answer = site.get(path)
        assert answer.text.count("<script>") == 1
        assert answer.headers["Content-Security-Policy"].count("script-src 'sha256-") == 1
        assert re.search(r"<form id=\"passkey\"[^>]* hidden ", answer.text)
        assert "link from your email" in answer.text
    for path in (LIST, "/sign-in", "/settings"):
        assert "script-src" not in site.get(path).headers["Content-Security-Policy"]


@ON_SQLITE
def test_where_the_address_is_a_number_passkeys_are_hidden_and_the_page_says_why(site: WebHarness) -> None:
    settings = site.runtime.settings.model_copy(update={"base_url": "http://127.0.0.1:8000"})
    runtime = replace(site.runtime, settings=settings)
    app = create_app(runtime)
    app.config["SERVER_NAME"] = "127.0.0.1:8000"  # the host that the test client speaks to
    numbered = WebHarness(app, runtime, site.clock, site.queue, app.test_client())
    numbered.join()

    assert "address is only a number" in numbered.get("/settings").text
    assert "address is only a number" in numbered.get(LIST).text
    assert numbered.get(NEW).location == LIST
    assert SIGN_IN not in numbered.get("/sign-in").text
    assert numbered.get(SIGN_IN).location == "/sign-in"


@ON_SQLITE
def test_answered_challenges_are_forgotten_after_a_day(site: WebHarness, phone: Authenticator) -> None:
    sign_in(site, phone)
    with site.runtime.database.write() as session:
        AnsweredChallenge.prune(session, site.clock())
        assert len(session.scalars(select(AnsweredChallenge)).all()) == 2
        AnsweredChallenge.prune(session, site.clock() + MINUTE)
        assert session.scalars(select(AnsweredChallenge)).all() == []
