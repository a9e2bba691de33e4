"""Replies to our automatic replies, which mail programs quote as they quote a question: exactly the words are kept."""

from __future__ import annotations

from itertools import product

import pytest

from service.postoffice.replies.clients import CLIENTS
from tests.harness.journey import JourneyHarness

ANA = "ana@example.com"
PLACES = ("top", "bottom", "between")
WORDS = "The lamp hums, and I listened.\n\nThen I slept."


def squeezed(words: str) -> str:
    return " ".join(words.split())


# The mail program changes what is read, and not the statements, so one of them is enough for PostgreSQL.
@pytest.mark.parametrize(
    ("database_url", "client"),
    [("postgresql", "gmail_web"), *(("sqlite", client) for client in CLIENTS)],
    indirect=["database_url"],
)
def test_a_reply_to_a_receipt_and_to_a_command_s_answer_is_kept_exactly(journey: JourneyHarness, client: str) -> None:
    journey.join(ANA)
    journey.reply(journey.mails(ANA)[0], "First words.")
    journey.work()
    receipt = journey.mails(ANA)[0]
    assert receipt["subject"].startswith("Re: ")
    journey.reply(receipt, "weekly")
    journey.work()
    answer = journey.mails(ANA)[0]
    assert answer["mail_id"] != receipt["mail_id"]
    written = {"First words."}
    for number, (mail, where) in enumerate(product((receipt, answer), PLACES)):
        words = f"{WORDS} {number}"
        written.add(squeezed(words))
        journey.reply(mail, words, client=client, where=where)
        journey.work()
    assert {squeezed(entry.words) for entry in journey.entries(ANA)} == written
