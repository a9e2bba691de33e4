"""Signing up for letters, questions or both: nobody gets what they did not confirm."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from service.app import create_app
from service.core.settings.consent import Asked, ConsentEvent, Stream
from service.flows.people.settings.consent import withdraw_letters
from service.flows.people.subscription import confirm_signup
from service.models import Consent, Delivery, MailRequest, MailRequestKind, Subscriber, SubscriberStatus
from service.web.forms.form_time import FIELD, sign_form_time
from tests.harness.people.people import DAY, MINUTE
from tests.harness.website import WebHarness

LETTERS, QUESTIONS = Stream.LETTERS, Stream.QUESTIONS
WRITER = "Mara Quinn"
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(("path", "address"), [("/", "join@"), ("/letters/subscribe", "join-letters@")])
def test_a_mail_takes_the_place_of_the_form_while_many_more_sign_up_than_usual(
    site: WebHarness, path: str, address: str
) -> None:
    def ask(ago: timedelta, number: int) -> None:
        nobody = dict.fromkeys(("address_hash", "network_hash", "browser_hash", "code_hash"), b"n" * 32)
        asked_at = site.clock() - ago
        with site.runtime.database.write() as session:
            for _ in range(number):
                session.add(MailRequest(kind=MailRequestKind.SIGNUP, created_at=asked_at, done_at=asked_at, **nobody))

    ask(HOUR * 24, 47)  # one an hour is usual
    ask(MINUTE, 31)
    assert "<form" in site.get(path).text
    ask(MINUTE, 1)
    page = site.get(path).text
    assert f"mailto:{address}" in page
    assert 'action="/subscribe"' not in page
    shown_before = sign_form_time(site.runtime.keyring.index, site.clock() - MINUTE)
    typed: dict[str, object] = {"email": "ana@example.com", "rhythm": "three", "time_zone": "Europe/London"}
    refused = site.post("/subscribe", {**typed, FIELD: shown_before}, page="/sign-in")
    assert (refused.status_code, site.queue.mail_requests) == (503, [])
    site.clock.move(HOUR)
    assert "mailto:join" not in site.get(path).text


@pytest.fixture
def database_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """One database will do: what differs between the two is tested beside the signup."""
    file = tmp_path / "letters.db"
    file.write_bytes(migrated_sqlite.read_bytes())
    return f"sqlite:///{file}"


@pytest.fixture
def letters(site: WebHarness) -> WebHarness:
    """A site whose writer has a name and lives in Lisbon."""
    settings = site.runtime.settings.model_copy(update={"letters_from": WRITER, "writer_time_zone": "Europe/Lisbon"})
    runtime = replace(site.runtime, settings=settings)
    app = create_app(runtime)
    return WebHarness(app, runtime, site.clock, site.queue, app.test_client())


def ask_for_letters(site: WebHarness, email: str = "ana@example.com") -> list[str]:
    """Ask on the page of the letters, and process it; return the emails that this plans, with what they ask for."""
    assert site.post("/letters/subscribe", {"email": email}).location == "/sent"
    return planned(site)


def planned(site: WebHarness) -> list[str]:
    ids = site.do_what_was_asked()
    with site.runtime.database.read() as session:
        rows = session.scalars(select(Delivery).where(Delivery.id.in_(ids)))
        return [f"{row.kind} {row.detail or ''}".strip() for row in rows]


def confirmed(site: WebHarness) -> list[str]:
    """Return the streams that somebody confirmed, in that order."""
    with site.runtime.database.read() as session:
        lines = Consent.for_address(session, site.person().address_hash)
        return [line.stream for line in lines if line.event == ConsentEvent.CONFIRMED]


def kinds(site: WebHarness) -> list[str]:
    with site.runtime.database.read() as session:
        query = select(Delivery.kind).where(Delivery.subscriber_id == site.person().id)
        return sorted(session.scalars(query))


def test_the_box_for_letters_is_empty_and_names_the_writer(letters: WebHarness, site: WebHarness) -> None:
    box = re.search(r'<input type="checkbox" name="letters"[^>]*>([^<]*)', letters.get("/").text)
    assert box is not None
    assert "checked" not in box.group(0)
    assert box.group(1) == f"Also send me letters: new posts by {WRITER}, now and then."
    assert "Also send me letters: new posts, now and then." in site.get("/").text


def test_a_signup_without_the_tick_brings_no_letters(site: WebHarness) -> None:
    site.join()
    person = site.person()
    assert (person.wants_letters, person.letters_confirmed_at, confirmed(site)) == (False, None, [QUESTIONS])


def test_a_signup_with_the_tick_confirms_both_and_says_so_beforehand(letters: WebHarness) -> None:
    letters.ask_for_signup(letters="yes")
    assert planned(letters) == ["confirmation both"]
    assert not letters.person().wants_letters
    page = letters.get(letters.confirm_path()).text
    assert "Would you like the questions and the letters?" in page
    assert "Yes, start both" in page
    assert letters.post(letters.confirm_path()).location == "/welcome"
    person = letters.person()
    assert (person.wants_questions, person.wants_letters, person.letters_confirmed_at) == (True, True, letters.clock())
    assert sorted(confirmed(letters)) == [LETTERS, QUESTIONS]


def test_an_address_is_all_it_takes_for_letters_alone(letters: WebHarness) -> None:
    assert f"new posts by {WRITER}" in letters.get("/letters/subscribe").text
    assert ask_for_letters(letters) == ["confirmation letters"]
    page = letters.get(letters.confirm_path()).text
    assert "Would you like the letters?" in page
    assert "question" not in page.partition("<main")[2].partition("</main>")[0]
    letters.post(letters.confirm_path())
    person = letters.person()
    assert (person.status, person.wants_questions, person.wants_letters) == (SubscriberStatus.ACTIVE, False, True)
    assert str(person.schedule).endswith("at 8 in the morning, Lisbon time")
    assert person.next_prompt_at is None
    assert kinds(letters) == ["confirmation"]  # and no welcome, which brings a question
    assert confirmed(letters) == [LETTERS]


def test_the_confirmed_page_of_letters_alone_takes_another_time_zone(letters: WebHarness) -> None:
    ask_for_letters(letters)
    letters.post(letters.confirm_path())
    assert "Lisbon time" in letters.get("/welcome").text
    letters.post("/welcome", {"time_zone": "Asia/Tokyo"})
    assert "Tokyo time" in letters.get("/welcome").text
    letters.post("/welcome", {"time_zone": "Mars/Base"})
    assert letters.person().time_zone == "Asia/Tokyo"


def test_a_known_address_is_asked_whether_to_add_letters_and_the_page_is_the_same(letters: WebHarness) -> None:
    letters.join()
    other = letters.another_browser()
    pages = []
    for email in ("ana@example.com", "nobody@example.com"):
        other.post("/letters/subscribe", {"email": email})
        pages.append(re.sub(r"\d{3} \d{3}", "", other.get("/sent").text))
    assert pages[0] == pages[1]
    assert sorted(planned(letters)) == ["confirmation letters"] * 2
    assert not letters.person().wants_letters


def test_adding_letters_changes_nothing_else_and_opens_no_journal(letters: WebHarness) -> None:
    letters.join()
    before = letters.person()
    ask_for_letters(letters)
    reader = letters.another_browser()
    assert "Yes, start the letters" in reader.get(letters.confirm_path()).text
    assert reader.post(letters.confirm_path()).location == letters.confirm_path()
    assert "You’re all set" in reader.get(letters.confirm_path()).text
    person = letters.person()
    assert person.wants_letters
    assert (person.schedule, person.next_prompt_at, person.confirmed_at) == (
        before.schedule,
        before.next_prompt_at,
        before.confirmed_at,
    )
    assert kinds(letters).count("welcome") == 1
    assert reader.get("/journal").location == "/sign-in"


def test_a_reader_of_the_letters_who_signs_up_again_is_sent_a_sign_in(letters: WebHarness) -> None:
    ask_for_letters(letters)
    letters.post(letters.confirm_path())
    assert ask_for_letters(letters) == ["sign_in"]


def test_a_person_with_letters_alone_can_add_questions_with_their_own_days(letters: WebHarness) -> None:
    ask_for_letters(letters)
    letters.post(letters.confirm_path())
    letters.another_browser().ask_for_signup(rhythm="daily", time_zone="Asia/Tokyo")
    assert "confirmation questions" in planned(letters)
    assert letters.person().time_zone == "Europe/Lisbon"
    letters.post(letters.confirm_path())
    person = letters.person()
    assert (person.wants_questions, person.wants_letters, person.time_zone) == (True, True, "Asia/Tokyo")
    assert person.next_prompt_at is not None
    assert kinds(letters).count("welcome") == 1
    assert sorted(confirmed(letters)) == [LETTERS, QUESTIONS]


def test_an_old_link_does_not_bring_letters_back_after_a_stop(letters: WebHarness) -> None:
    letters.join()
    ask_for_letters(letters)
    link = letters.confirm_path()
    letters.post(link)
    with letters.runtime.database.write() as session:
        withdraw_letters(
            session, session.get_one(Subscriber, letters.person().id), letters.clock() + MINUTE, source="page"
        )
    assert letters.another_browser().get(link).text.count("You’re all set")
    assert not letters.person().wants_letters


def test_somebody_who_stopped_everything_gets_what_they_ask_for_next_and_no_more(letters: WebHarness) -> None:
    letters.ask_for_signup(letters="yes")
    planned(letters)
    letters.post(letters.confirm_path())
    letters.clock.move(MINUTE)
    letters.post(f"/unsubscribe/{letters.frequency_link()}", {"what": "everything"})
    letters.clock.move(DAY)
    letters.another_browser().ask_for_signup()
    planned(letters)
    letters.post(letters.confirm_path())
    person = letters.person()
    assert (person.status, person.wants_questions, person.wants_letters) == (SubscriberStatus.ACTIVE, True, False)


@pytest.mark.parametrize("asked_last", ["letters", "questions"])
def test_a_yes_confirms_what_its_email_asked_for(letters: WebHarness, asked_last: str) -> None:
    """Somebody else may enter the address in between, for something that its owner never asked for."""
    if asked_last == "letters":
        letters.ask_for_signup()
        planned(letters)
        letters.clock.move(MINUTE)
        ask_for_letters(letters)
    else:
        ask_for_letters(letters)
        letters.clock.move(MINUTE)
        letters.ask_for_signup()
        planned(letters)
    meant = "questions" if asked_last == "letters" else "letters"
    with letters.runtime.database.write() as session:
        confirm_signup.confirm(
            session,
            letters.runtime.keyring,
            letters.runtime.library,
            letters.person().id,
            letters.clock(),
            source="reply",
            asked=Asked(meant),
        )
    assert [str(stream) for stream in letters.person().streams] == [meant]


@pytest.mark.parametrize(
    ("typed", "said"),
    [({"email": ""}, "Enter your email address"), ({"email": "ana@gmial.com"}, "Did you mean")],
    ids=["no address", "a likely slip"],
)
def test_a_mistake_on_the_page_of_the_letters_keeps_what_was_typed(
    letters: WebHarness, typed: dict[str, object], said: str
) -> None:
    text = letters.post("/letters/subscribe", typed).text
    assert said in text
    assert f'value="{typed["email"]}"' in text
    assert letters.queue.mail_requests == []


def test_software_that_fills_in_every_field_is_told_the_same_and_nothing_is_written(letters: WebHarness) -> None:
    answer = letters.post("/letters/subscribe", {"email": "ana@example.com", "website": "x"})
    assert answer.location == "/sent"
    assert letters.queue.mail_requests == []
