"""Words that the reader left out are never lost in silence: their owner is asked, and one press keeps them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from service.flows.outgoing.tick import prune
from service.models import Outcome, Reply, Subscriber
from service.models.incoming.reply import RAW_KEPT, RAW_KEPT_FOR_CHOICE
from tests.harness.journey import Browser, JourneyHarness

ANA = "ana@example.com"
VERSE = "the kettle sings low\nrain walks along the gutter\nnobody needs me"
NOTHING_ELSE, WITH_A_WORD = f"-- \n{VERSE}", f"Fine.\n\n-- \n{VERSE}"
DAY = timedelta(days=1)


def _ask(journey: JourneyHarness, words: str, *, is_discreet: bool = False) -> tuple[dict[str, Any], Browser]:
    """Join, reply twice, and return the email that asks about what was left out, and a signed-in browser."""
    browser = journey.join(ANA)
    welcome = journey.mails(ANA)[0]
    journey.reply(welcome, "The first words.")
    journey.work()
    if is_discreet:
        with journey.runtime.database.write() as session:
            session.get_one(Subscriber, journey.person(ANA).id).is_discreet = True
    journey.clock.now += timedelta(minutes=1)
    journey.reply(welcome, words, client="phone")
    journey.work()
    return journey.mails(ANA)[0], browser


def _last(journey: JourneyHarness) -> Reply:
    with journey.runtime.database.read() as session:
        reply = session.scalars(select(Reply).order_by(Reply.received_at.desc())).first()
    assert reply is not None
    return reply


def _words(journey: JourneyHarness) -> list[str]:
    return [entry.words for entry in journey.entries(ANA)][1:]


def _prune(journey: JourneyHarness, after: timedelta) -> bool:
    """Delete what has expired by then; return whether the raw mail of the last reply is still there."""
    runtime = journey.runtime
    prune(runtime.database, runtime.storage, now=journey.clock.now + after)
    return _last(journey).has_raw


@pytest.mark.parametrize("words", [NOTHING_ELSE, WITH_A_WORD], ids=["no words", "few words"])
def test_what_was_left_out_is_shown_and_one_press_keeps_it(journey: JourneyHarness, words: str) -> None:
    asked, _ = _ask(journey, words)
    assert "left" in asked["text"].partition("http")[0]
    assert VERSE.splitlines()[1] in asked["text"]
    assert VERSE.splitlines()[1] in asked["html"]
    before = _words(journey)
    link, browser = journey.link(asked, "/act/"), journey.browser()
    assert VERSE.splitlines()[1] in browser.open(link).text
    assert _words(journey) == before  # looking changes nothing
    assert browser.press(link, choice="keep").status_code == 200
    journey.work()
    (kept,) = _words(journey)
    assert [line for line in kept.splitlines() if line.strip()] == [
        line for line in words.splitlines() if line.strip(" -")
    ]
    assert "It’s in your journal" in browser.open(link).text
    browser.press(link, choice="keep")
    journey.work()
    assert _words(journey) == [kept]
    assert len(journey.mails(ANA)) == 4  # confirmation, welcome, receipt, and the one that asked


@pytest.mark.parametrize("words", [NOTHING_ELSE, WITH_A_WORD], ids=["no words", "few words"])
def test_somebody_discreet_is_asked_without_their_words(journey: JourneyHarness, words: str) -> None:
    asked, _ = _ask(journey, words, is_discreet=True)
    for line in VERSE.splitlines():
        assert line not in asked["text"] + asked["html"]
    link, browser = journey.link(asked, "/act/"), journey.browser()
    assert VERSE.splitlines()[1] not in browser.open(link).text
    browser.press(link, choice="keep")
    journey.work()
    assert VERSE.splitlines()[1] in _words(journey)[0]


def test_the_raw_mail_is_kept_until_its_owner_has_chosen(journey: JourneyHarness) -> None:
    asked, _ = _ask(journey, NOTHING_ELSE)
    assert _last(journey).outcome == Outcome.EMPTY
    assert _prune(journey, RAW_KEPT_FOR_CHOICE - DAY)
    link, browser = journey.link(asked, "/act/"), journey.browser()
    assert "We’ll leave it out" in browser.press(link, choice="leave_out").text
    assert _prune(journey, RAW_KEPT - DAY)
    browser.press(link, choice="keep")
    journey.work()
    assert len(_words(journey)) == 1
    assert not _prune(journey, RAW_KEPT + DAY)


def test_nobody_asks_for_longer_than_half_a_year(journey: JourneyHarness) -> None:
    asked, _ = _ask(journey, NOTHING_ELSE)
    assert not _prune(journey, RAW_KEPT_FOR_CHOICE + DAY)
    assert "already gone" in journey.browser().open(journey.link(asked, "/act/")).text


def test_deleting_the_entry_ends_the_longer_keeping_of_its_mail(journey: JourneyHarness) -> None:
    _, browser = _ask(journey, WITH_A_WORD)
    assert _last(journey).kept_until == journey.clock.now + RAW_KEPT_FOR_CHOICE
    browser.press(f"/journal/entry/{journey.entries(ANA)[1].id}/delete")
    assert len(journey.entries(ANA)) == 1
    assert not _prune(journey, RAW_KEPT + DAY)


def test_putting_it_back_on_the_entry_s_page_is_a_choice_too(journey: JourneyHarness) -> None:
    asked, browser = _ask(journey, WITH_A_WORD)
    at = f"/journal/entry/{journey.entries(ANA)[1].id}"
    pieces = re.findall(r'name="piece" value="([0-9a-f]+)"', browser.open(f"{at}/everything").text)
    for piece in pieces:
        browser.press(f"{at}/put-back", page=f"{at}/everything", piece=piece)
    assert VERSE in _words(journey)[0]
    assert _last(journey).kept_until == journey.clock.now + RAW_KEPT
    assert "It’s in your journal" in browser.open(journey.link(asked, "/act/")).text


def test_a_signature_that_comes_each_time_is_asked_about_once(journey: JourneyHarness) -> None:
    _ask(journey, WITH_A_WORD)
    before = len(journey.mails(ANA))
    journey.clock.now += timedelta(minutes=1)
    journey.reply(journey.mails(ANA)[-2], f"Good.\n\n-- \n{VERSE}", client="phone")
    journey.work()
    assert len(journey.mails(ANA)) == before
    assert "Good." in _words(journey)
    assert _last(journey).kept_until == journey.clock.now + RAW_KEPT
