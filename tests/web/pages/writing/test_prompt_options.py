"""What may be asked for beneath the question of an email."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from selectolax.lexbor import LexborHTMLParser

from service.core.access.tokens import Action
from service.core.journal.entry_text import write_link_object
from service.models import Delivery, DeliveryKind, Entry, Subscriber
from tests.harness.mail.sample_emails import LINKS
from tests.harness.website import WebHarness


@pytest.fixture
def site(site: WebHarness) -> WebHarness:
    """A site that somebody has joined."""
    site.join()
    return site


def _write_path(site: WebHarness, prompt_key: int = 0) -> str:
    number = write_link_object(prompt_key, date(2026, 5, 11))
    return f"/write/{site.act_link(Action.WRITE, number, person_id=site.person().id, lasts=timedelta(days=30))}"


def _asked_for(site: WebHarness) -> list[Delivery]:
    """Return the questions that were asked for on the day these tests stand still on."""
    with site.runtime.database.read() as session:
        slots = [
            Delivery.find(session, site.person().id, DeliveryKind.ANOTHER, f"2026-05-13/{number}")
            for number in range(1, 5)
        ]
    return [delivery for delivery in slots if delivery is not None]


@pytest.mark.parametrize(("wish", "said"), [("another", "another question"), ("smaller", "a smaller question")])
def test_another_question_can_be_asked_for_beneath_the_one_of_an_email(site: WebHarness, wish: str, said: str) -> None:
    path = _write_path(site)
    answer = site.another_browser().post(path, {"wish": wish})
    assert answer.status_code == 200
    assert f"You’ll get {said} by email in a moment." in answer.text
    [asked] = _asked_for(site)
    assert site.queue.deliveries[-1] == asked.id
    prompt = site.runtime.library.get(asked.prompt_id or "")
    assert prompt is not None
    assert prompt.is_light or wish == "another"


def test_the_fourth_of_a_day_is_refused_in_the_words_that_answer_a_reply(site: WebHarness) -> None:
    path = _write_path(site)
    answers = [site.post(path, {"wish": wish}).text for wish in ("another", "smaller", "another", "another")]
    assert len(_asked_for(site)) == 3
    refused = site.runtime.composer.short_email("command.no_more", LINKS)
    for line in ("Enough questions for one day", "You’ve had three more today, and that’s plenty."):
        assert line in " ".join(refused.text.split())
        assert [line in answer for answer in answers] == [False, False, False, True]


def test_not_today_changes_nothing_and_says_that_it_is_put_away(site: WebHarness) -> None:
    path = _write_path(site)
    before, enqueued = _row(site.person()), list(site.queue.deliveries)
    answer = site.post(path, {"wish": "not_today"})
    assert "Not today, then" in answer.text
    assert "We’ll skip this one." in answer.text
    assert f'href="{path}">Back to the question</a>' in answer.text
    assert _row(site.person()) == before
    assert (_asked_for(site), site.queue.deliveries) == ([], enqueued)


def _row(person: Subscriber) -> dict[str, object]:
    return {column.name: getattr(person, column.key) for column in Subscriber.__table__.columns}


@pytest.mark.parametrize("wish", ["another", "smaller", "not_today"])
def test_words_in_the_form_outlive_a_wish_and_are_kept_once_the_button_is_pressed(site: WebHarness, wish: str) -> None:
    path = _write_path(site)
    answer = site.post(path, {"wish": wish, "words": "half a <line>", "once": "one form"})
    assert "half a &lt;line&gt;</textarea>" in answer.text
    assert 'name="once" value="one form"' in answer.text
    with site.runtime.database.read() as session:
        assert Entry.count_for(session, site.person().id) == 0
    assert "It’s in your journal" in site.post(path, {"words": "half a <line>", "once": "one form"}).text


def test_looking_asks_for_nothing_and_a_wish_needs_the_page(site: WebHarness) -> None:
    path = _write_path(site)
    reader = site.another_browser()
    for address in (path, f"{path}?wish=another"):
        assert reader.get(address).status_code == 200
        assert reader.browser.head(address).status_code == 200
    assert site.another_browser().browser.post(path, data={"wish": "another"}).status_code == 400
    assert _asked_for(site) == []


def test_the_wishes_stand_beneath_the_question_of_an_email_alone(site: WebHarness) -> None:
    assert site.get(_write_path(site)).text.count('name="wish"') == 3
    assert 'name="wish"' not in site.get("/write").text
    assert 'name="wish"' not in site.post("/write", {"words": ""}).text


def test_a_wish_that_there_is_not_is_an_empty_form(site: WebHarness) -> None:
    assert site.post(_write_path(site), {"wish": "stop"}).status_code == 422


def test_nobody_asks_for_somebody_erased(site: WebHarness) -> None:
    path = _write_path(site)
    with site.runtime.database.write() as session:
        session.delete(session.merge(site.person()))
    assert site.another_browser().post(path, {"wish": "another"}).status_code == 410


def test_a_german_question_is_told_to_be_german(site: WebHarness) -> None:
    german = next(prompt for prompt in site.runtime.library.for_locale("de") if prompt.help)
    html = LexborHTMLParser(site.get(_write_path(site, german.key)).text)
    marked = [(node.tag, node.attributes.get("lang"), node.attributes.get("dir")) for node in html.css("main [lang]")]
    assert marked == [("label", "de", "auto"), ("p", "de", "auto")]
    british = site.runtime.library.first_six("en-GB")[1]
    assert not LexborHTMLParser(site.get(_write_path(site, british.key)).text).css("main [lang]")
