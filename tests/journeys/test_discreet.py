"""Discreet mode from the settings page to the journal: a reply is still the answer to its question."""

from __future__ import annotations

from itertools import product

import pytest

from service.models import Subscriber
from service.postoffice.replies.clients import CLIENTS
from tests.harness.journey import JourneyHarness
from tests.harness.mail.telling import shown_unopened, telling_words

ANA = "ana@example.com"
PROMPT, QUESTION = "a-small-no", "To what could you say a small, polite no this week?"
PLACES = ("top", "bottom", "between")
SETTINGS = {
    "wants_questions": "yes",
    "days": ["0", "2", "4"],
    "at": "08:00",
    "time_zone": "Europe/London",
    "locale": "en-GB",
    "wants_digest": "yes",
    "help_country": "",
}


def squeezed(words: str) -> str:
    return " ".join(words.split())


def test_the_settings_page_makes_the_next_emails_discreet(journey: JourneyHarness) -> None:
    browser = journey.join(ANA)
    assert browser.press("/settings", **SETTINGS, is_discreet="yes").ok
    mail = journey.ask(ANA, PROMPT)
    assert telling_words(shown_unopened(mail["sender"], mail["subject"], mail["text"], mail["html"])) == []
    assert QUESTION in squeezed(mail["text"])
    journey.reply(mail, "To the second meeting.")
    journey.work()
    (entry,) = journey.entries(ANA)
    assert (entry.words, entry.prompt_id) == ("To the second meeting.", PROMPT)
    receipt = journey.mails(ANA)[0]
    assert receipt["subject"] == f"Re: {mail['subject']}"
    assert telling_words(shown_unopened(receipt["sender"], receipt["subject"], receipt["text"], receipt["html"])) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_reply_to_a_discreet_email_is_kept_exactly_even_once_the_mode_is_off(
    journey: JourneyHarness, client: str
) -> None:
    journey.join(ANA)
    _set(journey, is_discreet=True)
    prompt = journey.ask(ANA, PROMPT)
    journey.reply(prompt, "First words.", client=client)
    journey.work()
    receipt = journey.mails(ANA)[0]
    assert receipt["sender"].startswith("Notes by email")
    written = {"First words."}
    for number, (mail, where) in enumerate(product((prompt, receipt), PLACES)):
        _set(journey, is_discreet=number % 2 == 0)
        words = f"The lamp hums, and I listened.\n\nThen I slept. {number}"
        written.add(squeezed(words))
        journey.reply(mail, words, client=client, where=where)
        journey.work()
    assert {squeezed(entry.words) for entry in journey.entries(ANA)} == written


def _set(journey: JourneyHarness, *, is_discreet: bool) -> None:
    with journey.runtime.database.write() as session:
        session.get_one(Subscriber, journey.person(ANA).id).is_discreet = is_discreet
