"""Drafts of letters at the desk: what cannot be kept is refused with what was typed, and an edit forgets nothing."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from service.flows.outgoing.letters.letter_drafts import LetterDraft, make_draft
from service.models import Delivery, DeliveryKind, Letter, LetterFormat, NewDelivery
from tests.harness.desk import DeskHarness
from tests.harness.people.members import member
from tests.harness.website import WebHarness

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def desk(site: WebHarness) -> DeskHarness:
    return DeskHarness(site)


def test_a_title_with_a_control_character_is_refused_and_nothing_typed_is_lost(desk: DeskHarness) -> None:
    desk.sign_in()
    draft = desk.draft()
    for path, sign in (
        ("/desk/letters/new", "\0"),
        (f"/desk/letters/{draft}/edit", "\0"),
        ("/desk/letters/new", "\x1b"),
    ):
        typed: dict[str, object] = {"title": f"Ice{sign} on the pond", "content": "The herons stood."}
        refused = desk.site.post(path, typed)
        assert (refused.status_code, "a character that can’t be shown" in refused.text) == (422, True)
        assert "The herons stood." in refused.text
    assert desk.letter(draft).title == "Ice"


@ON_SQLITE
def test_a_post_of_the_blog_that_is_edited_at_the_desk_still_names_the_blog(desk: DeskHarness) -> None:
    desk.sign_in()
    with desk.site.runtime.database.write() as session:
        url = "https://blog.example.org/ice"
        draft = LetterDraft(title="Ice", content="<p>It froze.</p>", format=LetterFormat.HTML, canonical_url=url)
        letter_id = make_draft(session, draft, desk.site.clock()).id
    typed: dict[str, object] = {"title": "Ice", "content": "<p>It thawed.</p>", "visible": "public"}
    assert desk.site.post(f"/desk/letters/{letter_id}/edit", typed).status_code == 303
    assert desk.letter(letter_id).canonical_url == "https://blog.example.org/ice"


@ON_SQLITE
def test_a_draft_is_thrown_away_by_a_ticked_box_alone_and_a_scheduled_letter_is_not(desk: DeskHarness) -> None:
    desk.sign_in()
    kept, thrown = desk.draft(), desk.draft()
    page = f"/desk/letters/{thrown}"
    refused = desk.site.post(f"{page}/throw-away", {}, page=page)
    assert (refused.status_code, "there’s no way back" in refused.text) == (422, True)
    sure: dict[str, object] = {"sure": "yes"}
    assert desk.site.post(f"{page}/throw-away", sure, page=page).location == "/desk/letters"
    assert desk.site.get(page).status_code == 404
    with desk.site.runtime.database.write() as session:
        session.execute(update(Letter).values(state="scheduled"))
    assert "thrown away" in desk.site.post(f"/desk/letters/{kept}/throw-away", sure, page="/desk/letters").text
    assert desk.letter(kept).title == "Ice"
    assert desk.actions() == ["letter.thrown_away"]


@ON_SQLITE
def test_a_draft_says_how_many_get_none_and_why_and_who_would_get_two_emails_today(desk: DeskHarness) -> None:
    desk.sign_in()
    letters: dict[str, Any] = {"wants_letters": True, "letters_confirmed_at": desk.site.clock()}
    with desk.site.runtime.database.write() as session:
        for number, status in enumerate(["stopped", "resting", "resting"]):
            member(session, desk.site.runtime.keyring, f"p{number}@example.com", status=status, **letters)
    page = f"/desk/letters/{desk.draft()}"
    assert "second email" not in desk.site.get(page).text
    asked = desk.site.clock()
    with desk.site.runtime.database.write() as session:
        person = member(session, desk.site.runtime.keyring, "asked@example.com", **letters)
        new = NewDelivery(
            subscriber_id=person.id,
            kind=DeliveryKind.PROMPT,
            slot=f"{asked:%Y-%m-%d}",
            ready_at=asked,
            planned_at=asked,
        )
        Delivery.plan(session, [new])
    shown = desk.site.get(page).text
    assert "1 of them has had today’s question or digest already: a letter that goes today is a second email" in shown
    assert "<li>1: they stopped all emails</li>" in shown
    assert "<li>2: they are resting</li>" in shown


def test_failed_emails_of_a_letter_are_a_group_of_its_own(desk: DeskHarness) -> None:
    desk.site.join()
    desk.sign_in()
    letter_id = desk.draft()
    failed: dict[str, object] = {"state": "failed", "reason": "policy"}
    with desk.site.runtime.database.write() as session:
        session.execute(update(Delivery).values(kind="letter", reference=letter_id, **failed))
    shown = desk.site.get("/desk/deliveries").text
    assert f'<a href="/desk/letters/{letter_id}">Ice</a>' in shown
    fields: dict[str, object] = {"kind": "letter", "reason": "policy"}
    for number, state in (("x", "failed"), (2**63, "failed"), (letter_id + 1, "failed"), (letter_id, "planned")):
        desk.site.post("/desk/deliveries/retry", {**fields, "letter_id": number}, page="/desk/deliveries")
        with desk.site.runtime.database.read() as session:
            assert {*session.scalars(select(Delivery.state).where(Delivery.kind == "letter"))} == {state}
