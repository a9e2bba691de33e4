"""Erasing on pages: only after a fresh sign-in, asked twice, and taken back by signing in."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from service.models import AddressChange, BrowserSession, Delivery, DeliveryKind, Erasure
from tests.harness.people.people import DAY
from tests.harness.website import WebHarness

MINUTE = timedelta(minutes=1)


def erasures(site: WebHarness) -> int:
    with site.runtime.database.read() as session:
        return len(session.scalars(select(Erasure.id)).all())


def test_the_page_says_what_goes_what_cannot_and_asks_for_a_fresh_sign_in(site: WebHarness) -> None:
    site.join()
    site.clock.move(11 * MINUTE)

    text = site.get("/erase").text

    assert "What we can’t erase" in text
    assert "/erase/sure" not in text
    assert site.get("/erase/sure").location == "/erase"
    assert site.post("/erase/sign-in", page="/erase").location == "/sent"
    site.do_what_was_asked()
    assert site.post(site.sign_in_path()).location == "/erase"
    assert "/erase/sure" in site.get("/erase").text


def test_a_form_that_was_open_for_too_long_erases_nothing(site: WebHarness) -> None:
    site.join()
    page = site.get("/erase/sure")
    assert page.status_code == 200
    token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    site.clock.move(11 * MINUTE)
    assert site.browser.post("/erase/sure", data={"csrf_token": token}).location == "/erase"
    assert erasures(site) == 0


def test_asking_signs_out_everywhere_and_sends_the_goodbye(site: WebHarness) -> None:
    site.join()

    assert site.post("/erase/sure").location == "/erase/asked"

    assert "will be erased" in site.get("/erase/asked").text
    assert site.get("/journal").location.startswith("/sign-in")
    with site.runtime.database.read() as session:
        assert session.scalars(select(BrowserSession.kind)).all() == []
        goodbye = session.scalars(select(Delivery).where(Delivery.kind == DeliveryKind.GOODBYE)).one()
    assert goodbye.id in site.queue.deliveries


def test_after_a_change_of_address_the_pages_say_until_when_erasing_waits(site: WebHarness) -> None:
    site.join()
    change = {"former_hash": b"f" * 32, "sealed_former": b"f", "back_until": site.clock() + 3 * DAY}
    with site.runtime.database.write() as session:
        session.add(AddressChange(subscriber_id=site.person().id, changed_at=site.clock(), **change))
    for path in ("/erase", "/erase/sure"):
        assert "ntil Saturday 16 May 2026" in site.get(path).text
    asked = site.post("/erase/sure").location
    assert "can’t be taken back any more" in site.get(asked).text


def test_signing_in_keeps_the_journal_and_says_so(site: WebHarness) -> None:
    site.join()
    site.post("/erase/sure")
    assert erasures(site) == 1
    site.post("/sign-in", {"email": "ana@example.com"})
    site.do_what_was_asked()

    assert site.post(site.sign_in_path()).location == "/erase?kept"

    assert "nothing is erased" in site.get("/erase?kept").text
    assert erasures(site) == 0


def test_settings_and_privacy_lead_to_it(site: WebHarness) -> None:
    site.join()
    assert 'href="/erase"' in site.get("/settings").text
    assert 'href="/erase"' in site.get("/privacy").text
