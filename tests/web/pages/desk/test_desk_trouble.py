"""The desk where something went wrong, or somebody wrote to the writer: counts by reason, and help for one person."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from service.job_queue import BackgroundJob
from service.models import AddressChange, Erasure, Outcome, Reply, Suppression, SuppressionReason
from service.web.pages.desk.desk_people import NEW_ADDRESS
from tests.harness.desk import DeskHarness
from tests.harness.people.people import DAY
from tests.harness.website import WebHarness

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PEOPLE = "/desk/people"
CODE = re.compile(r"<strong>(\d{3} \d{3})</strong>")


@pytest.fixture
def desk(site: WebHarness) -> DeskHarness:
    site.join()
    harness = DeskHarness(site)
    harness.sign_in()
    return harness


def test_held_mail_and_bounces_are_counts_by_reason(desk: DeskHarness) -> None:
    assert "Everything could be read" in desk.site.get("/desk/held").text
    assert "Nobody is barred" in desk.site.get("/desk/bounces").text
    with desk.site.runtime.database.write() as session:
        Suppression.add(session, b"h" * 32, SuppressionReason.COMPLAINED, desk.site.clock())
        for number in range(2):
            session.add(
                Reply(
                    received_at=desk.site.clock(),
                    recipient_hash=bytes([number]) * 32,
                    message_id_hash=b"i" * 32,
                    content_hash=bytes([number]) * 32,
                    sealed_raw=b"sealed",
                    outcome=Outcome.UNREADABLE,
                    reason="took too long",
                )
            )
    assert 'href="/desk/held"' in desk.site.get("/desk").text
    shown = desk.site.get("/desk/held").text
    assert "2 × Couldn’t be read" in shown
    assert "took too long" in shown
    assert "1 × an address called an email spam" in desk.site.get("/desk/bounces").text
    assert desk.site.post("/desk/held/replay", page="/desk/held").status_code == 303
    assert desk.actions() == ["replies.replayed"]


def test_the_doctor_runs_when_it_is_asked_to(desk: DeskHarness) -> None:
    assert "up to ten seconds" in desk.site.get("/desk/provider").text
    examined = desk.site.post("/desk/provider").text  # nobody answers for the provider here
    assert "Mailgun could not be asked." in examined
    assert desk.actions() == ["checks.run"]


def test_a_sign_in_email_asks_for_the_code_that_the_writer_tells(desk: DeskHarness) -> None:
    person = str(desk.site.person().id)
    sent = desk.site.post(f"{PEOPLE}/sign-in", {"person": person}, page=PEOPLE)
    shown = desk.site.get(str(sent.location)).text
    [code] = CODE.findall(shown)
    link = desk.site.sign_in_path()
    theirs = desk.site.another_browser()
    assert "code" in theirs.get(link).text
    assert theirs.post(link, {"code": "000 000"}).status_code == 200  # the form again
    assert theirs.post(link, {"code": code}).status_code == 303
    assert desk.actions() == ["person.sign_in_sent"]


def set_address_change(desk: DeskHarness, back_until: datetime) -> None:
    """Set until when the person's only change of address can be taken back."""
    change = {"former_hash": b"f" * 32, "sealed_former": b"f", "back_until": back_until}
    with desk.site.runtime.database.write() as session:
        person_id, now = desk.site.person().id, desk.site.clock()
        session.merge(AddressChange(id=7, subscriber_id=person_id, changed_at=now, **change))


def test_consent_and_erasing_need_a_code_and_erasing_a_tick(desk: DeskHarness) -> None:
    person: dict[str, object] = {"person": str(desk.site.person().id)}
    for action in ("consent", "erase"):
        refused = desk.site.post(f"{PEOPLE}/{action}", {**person, "sure": "yes"}, page=PEOPLE)
        assert refused.status_code == 403
    desk.confirm(desk.enrol())
    assert "questions, confirmed" in desk.site.post(f"{PEOPLE}/consent", person, page=PEOPLE).text
    assert desk.site.post(f"{PEOPLE}/erase", person, page=PEOPLE).status_code == 422
    set_address_change(desk, desk.site.clock() + DAY)
    waiting = desk.site.post(f"{PEOPLE}/erase", {**person, "sure": "yes"}, page=PEOPLE)
    assert (waiting.status_code, NEW_ADDRESS in waiting.text) == (422, True)
    assert BackgroundJob.ERASURES not in desk.site.queue.background
    set_address_change(desk, desk.site.clock())
    assert desk.site.post(f"{PEOPLE}/erase", {**person, "sure": "yes"}, page=PEOPLE).status_code == 303
    [erasure_id] = desk.site.queue.background[BackgroundJob.ERASURES]
    with desk.site.runtime.database.read() as session:
        assert session.get_one(Erasure, erasure_id).due_at <= desk.site.clock()
    assert desk.actions() == ["person.consent_read", "person.erased"]
