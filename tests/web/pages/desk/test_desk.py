"""The desk: only a writer gets in, what cannot be undone needs a code, and nobody's words or address are on a page."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from service.app import create_app
from service.flows.desk import second_factor
from service.job_queue import BackgroundJob
from service.models import (
    Delivery,
    DeskSession,
    Subscriber,
    Suppression,
    SuppressionReason,
    WriterMail,
    WriterMailKind,
)
from tests.harness.desk import WREN, DeskHarness
from tests.harness.website import WebHarness

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def desk(site: WebHarness) -> DeskHarness:
    return DeskHarness(site)


@ON_SQLITE
def test_without_writers_there_is_no_desk(site: WebHarness) -> None:
    settings = site.runtime.settings.model_copy(update={"writer_emails": []})
    browser = create_app(replace(site.runtime, settings=settings)).test_client()
    for path in ("/desk", "/desk/sign-in", "/desk/letters", "/desk/people"):
        assert browser.get(path).status_code == 404


@ON_SQLITE
def test_a_stranger_is_asked_to_sign_in_and_gets_no_mail(desk: DeskHarness) -> None:
    for path in ("/desk", "/desk/letters", "/desk/letters/1", "/desk/people", "/desk/log", "/desk/second-factor"):
        assert desk.site.get(path).location == "/desk/sign-in"
    known = desk.ask().text
    assert BackgroundJob.WRITER_MAILS in desk.site.queue.background
    desk.site.queue.background.clear()
    assert desk.ask("ana@example.com").text == known
    assert not desk.site.queue.background


def test_a_link_works_once_and_only_in_the_browser_that_asked_for_it(desk: DeskHarness) -> None:
    desk.ask()
    link, other = desk.link(), DeskHarness(desk.site.another_browser())
    assert "another browser" in other.site.get(link).text
    assert desk.site.get(link).status_code == 200
    other.ask("ana@example.com")  # a cookie, but not the one that asked
    assert other.site.post(link, page="/desk/sign-in").status_code == 410
    before = desk.site.browser.get_cookie("desk")
    assert desk.site.post(link).location == "/desk"
    after = desk.site.browser.get_cookie("desk")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert "Nothing needs you" in desk.site.get("/desk").text
    assert desk.site.post(link, page="/desk/second-factor").status_code == 410


@ON_SQLITE
def test_a_link_lasts_ten_minutes_and_a_session_twelve_hours(desk: DeskHarness) -> None:
    desk.ask()
    link = desk.link()
    desk.site.clock.move(timedelta(minutes=10))
    assert desk.site.get(link).status_code == 410
    desk.sign_in()
    desk.site.clock.move(timedelta(hours=12))
    assert desk.site.get("/desk").location == "/desk/sign-in"


@ON_SQLITE
def test_a_writer_who_is_removed_from_the_settings_is_out_at_once(desk: DeskHarness) -> None:
    desk.sign_in()
    settings = desk.site.runtime.settings.model_copy(update={"writer_emails": ["kit@example.org"]})
    browser = create_app(replace(desk.site.runtime, settings=settings)).test_client()
    cookie = desk.site.browser.get_cookie("desk")
    assert cookie is not None
    browser.set_cookie("desk", cookie.value)
    assert browser.get("/desk").location == "/desk/sign-in"


@ON_SQLITE
def test_a_person_who_is_signed_in_to_a_journal_is_not_at_the_desk(desk: DeskHarness) -> None:
    desk.site.join()
    assert desk.site.get("/desk").location == "/desk/sign-in"


@ON_SQLITE
def test_the_mail_keeps_no_link_once_it_is_sent(desk: DeskHarness) -> None:
    desk.ask()
    with desk.site.runtime.database.read() as session:
        [mail] = session.scalars(select(WriterMail))
        assert mail.kind == WriterMailKind.DESK_SIGN_IN
        assert mail.kept_values == b""
        assert b"/desk/sign-in" not in mail.sealed_values


def test_sending_a_letter_needs_a_code_and_each_code_works_once(desk: DeskHarness) -> None:
    desk.sign_in()
    letter_id = desk.draft()
    page = f"/desk/letters/{letter_id}"
    refused = desk.site.post(f"{page}/send", {"when": "now"}, page=page)
    assert refused.status_code == 403
    assert desk.letter(letter_id).state == "draft"
    app = desk.enrol()
    assert desk.confirm(app).location == "/desk"
    assert desk.confirm(app).status_code == 422
    desk.pass_checks()
    assert desk.site.post(f"{page}/send", {"when": "now"}, page=page).status_code == 303
    assert desk.letter(letter_id).state == "scheduled"
    assert desk.actions() == ["letter.sent"]
    with desk.site.runtime.database.read() as session:
        kinds = [*session.scalars(select(WriterMail.kind))]
    assert WriterMailKind.DESK_ACTION in kinds


@ON_SQLITE
def test_a_letter_starts_over_a_fault_only_if_a_box_is_ticked(desk: DeskHarness) -> None:
    desk.sign_in()
    page = f"/desk/letters/{desk.draft()}"
    refused = desk.site.post(f"{page}/send", {"when": "now", "anyway": "yes"}, page=page)
    assert refused.status_code == 403
    desk.confirm(desk.enrol())
    refused = desk.site.post(f"{page}/send", {"when": "now"}, page=page)  # no clock ticks here
    assert (refused.status_code, "Start `smallsteps clock`" in refused.text) == (422, True)
    assert "The doctor found a fault" in desk.site.get("/desk").text
    assert desk.actions() == []
    assert desk.site.post(f"{page}/send", {"when": "now", "anyway": "yes"}, page=page).status_code == 303
    assert desk.actions() == ["letter.sent_anyway"]
    assert re.search(r"letter sent anyway \(\d+\): failed: [a-z, ]*clock", desk.site.get("/desk/log").text)


@ON_SQLITE
def test_a_code_is_asked_for_again_after_ten_minutes(desk: DeskHarness) -> None:
    desk.sign_in()
    desk.confirm(desk.enrol())
    desk.site.clock.move(timedelta(minutes=10))
    letter_id = desk.draft()
    page = f"/desk/letters/{letter_id}"
    assert desk.site.post(f"{page}/send", {"when": "now"}, page=page).status_code == 403


def test_codes_cannot_be_guessed(desk: DeskHarness) -> None:
    desk.sign_in()
    app = desk.enrol()
    for _ in range(second_factor.WRONG_CODES):
        wrong = desk.site.post("/desk/second-factor", {"code": "abc ١٢٣"}, page="/desk/people")
        assert "isn’t right" in wrong.text
    refused = desk.site.post("/desk/second-factor", {"code": app.at(desk.site.clock())}, page="/desk/people")
    assert "too often" in refused.text
    with desk.site.runtime.database.read() as session:
        [row] = session.scalars(select(DeskSession))
        assert row.confirmed_at is None
    desk.site.clock.move(second_factor.WRONG_CODES_WITHIN)
    code = app.at(desk.site.clock())
    assert desk.site.post("/desk/second-factor", {"code": code}, page="/desk/people").status_code == 303


@ON_SQLITE
def test_a_letter_is_written_changed_looked_at_and_stopped(desk: DeskHarness) -> None:
    desk.sign_in()
    assert desk.site.post("/desk/letters/new", {"title": "", "content": "x"}).status_code == 422
    kept = desk.site.post("/desk/letters/new", {"title": "Ice", "content": "The *pond*", "visible": "people"})
    page = str(kept.location)
    changed = desk.site.post(f"{page}/edit", {"title": "Ice", "content": "The **pond** froze.", "visible": "public"})
    assert changed.status_code == 303
    shown = desk.site.get(page)
    assert "frame-src 'self'" in shown.headers["Content-Security-Policy"]
    preview = desk.site.get(f"{page}/preview.html")
    assert "<strong" in preview.text
    assert preview.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "sandbox" in preview.headers["Content-Security-Policy"]
    assert "The pond froze." in desk.site.get(f"{page}/preview.txt").text
    desk.confirm(desk.enrol())
    desk.pass_checks()
    wrong = desk.site.post(f"{page}/send", {"when": "day", "on": "soon"}, page=page)
    assert wrong.status_code == 422
    assert "isn’t a day" in wrong.text
    assert 'value="soon"' in wrong.text
    wrong = desk.site.post(f"{page}/send", {"when": "instant", "date": "2026-05-14", "time": "8ish"}, page=page)
    assert 'value="instant" checked' in wrong.text
    assert ('value="2026-05-14"' in wrong.text, 'value="8ish"' in wrong.text) == (True, True)
    for typed in ({"when": "day", "on": "0001-01-01"}, {"when": "instant", "date": "0001-01-01", "time": "00:00"}):
        assert desk.site.post(f"{page}/send", {**typed}, page=page).status_code == 422
    at: dict[str, object] = {"when": "instant", "date": "2026-05-14", "time": "08:00"}
    assert desk.site.post(f"{page}/send", at, page=page).status_code == 303
    when = "in 22 h, at 2026-05-14 08:00 London time (07:00 UTC)"
    assert f"it goes {when}" in desk.site.get(page).text
    assert [f"it begins {when}" in desk.site.get(path).text for path in ("/desk", "/desk/letters")] == [True, True]
    assert desk.site.post(f"{page}/take-back", page=page).status_code == 303
    assert desk.site.post(f"{page}/send", {"when": "now"}, page=page).status_code == 303
    assert (
        desk.site.post(f"{page}/edit", {"title": "Late", "content": "Change", "visible": "public"}).status_code == 422
    )
    for action in ("pause", "resume", "pause", "stop"):
        assert desk.site.post(f"{page}/{action}", page=page).status_code == 303
    assert desk.letter(int(page.rpartition("/")[2])).state == "stopped"
    for action in ("resume", "pause"):
        refused = desk.site.post(f"{page}/{action}", page="/desk/people")
        assert refused.status_code == 422
        assert f"nothing to {action}" in refused.text
    assert desk.actions().count("letter.paused") == 2
    log = desk.site.get("/desk/log").text
    assert "letter stopped" in log
    assert WREN in log


def test_a_person_is_found_by_the_exact_address_alone_and_without_it_on_the_page(desk: DeskHarness) -> None:
    desk.site.join()
    desk.site.write("the heron stood in the reeds")
    desk.sign_in()
    shown = desk.site.post("/desk/people/find", {"email": "ana@example.com"}, page="/desk/people")
    assert "Here since" in shown.text
    assert "ana@" not in shown.text
    assert "heron" not in shown.text
    assert "Nobody has" in desk.site.post("/desk/people/find", {"email": "an@example.com"}, page="/desk/people").text
    person = str(desk.site.person().id)
    assert desk.site.post("/desk/people/rest", {"person": person}, page="/desk/people").status_code == 303
    assert desk.site.person().status == "resting"
    assert desk.site.post("/desk/people/stop", {"person": person}, page="/desk/people").status_code == 303
    assert desk.site.person().status == "stopped"
    assert desk.actions() == ["person.rested", "person.stopped"]


@ON_SQLITE
@pytest.mark.parametrize("reason", SuppressionReason)
def test_lifting_needs_a_code_and_the_provider_and_is_never_for_a_complaint(
    desk: DeskHarness, reason: SuppressionReason
) -> None:
    desk.site.join()
    desk.sign_in()
    with desk.site.runtime.database.write() as session:
        person = session.merge(desk.site.person())
        Suppression.add(session, person.address_hash, reason, desk.site.clock())
    fields: dict[str, object] = {"person": str(desk.site.person().id)}
    assert desk.site.post("/desk/people/lift", fields, page="/desk/people").status_code == 403
    desk.confirm(desk.enrol())
    answered = desk.site.post("/desk/people/lift", fields, page="/desk/people")  # nobody answers for the provider here
    assert answered.status_code == (503 if reason == SuppressionReason.BOUNCED else 404)
    with desk.site.runtime.database.read() as session:
        assert Suppression.covers(session, session.get_one(Subscriber, desk.site.person().id).address_hash)


@ON_SQLITE
def test_signing_out_ends_the_session(desk: DeskHarness) -> None:
    desk.sign_in()
    cookie = desk.site.browser.get_cookie("desk")
    assert cookie is not None
    desk.site.post("/desk/sign-out", page="/desk/people")
    desk.site.browser.set_cookie("desk", cookie.value)
    assert desk.site.get("/desk").location == "/desk/sign-in"


@pytest.mark.parametrize("state", ["failed", "unknown"])
def test_failed_emails_go_again_and_doubtful_ones_never_blindly(desk: DeskHarness, state: str) -> None:
    desk.site.join()
    with desk.site.runtime.database.write() as session:
        session.execute(update(Delivery).values(state=state, reason="no such mailbox"))
    desk.sign_in()
    assert "/desk/deliveries" in desk.site.get("/desk").text
    shown = desk.site.get("/desk/deliveries").text
    assert "no such mailbox" in shown
    assert ("Send these again" in shown) == (state == "failed")
    fields: dict[str, object] = {"kind": "welcome", "reason": "no such mailbox"}
    done = desk.site.post("/desk/deliveries/retry", fields, page="/desk/deliveries")
    assert "are planned again" in desk.site.get(str(done.location)).text
    with desk.site.runtime.database.read() as session:
        [again] = session.scalars(select(Delivery.state).where(Delivery.kind == "welcome"))
    assert again == ("planned" if state == "failed" else "unknown")
    assert desk.actions() == ["deliveries.retried"]
