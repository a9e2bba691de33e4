"""However much somebody wrote and however many steps they took, no page and no digest tells how many."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from selectolax.lexbor import LexborHTMLParser

from service.core.access.tokens import Action
from service.flows.outgoing import emails
from service.flows.people.journal import steps
from service.models import Delivery, DeliveryKind, NewDelivery, Subscriber, seal_content
from tests.harness.journals.diary import take_step, write
from tests.harness.journals.journal_content import asked
from tests.harness.mail.sample_emails import LINKS
from tests.harness.website import WebHarness

FIRST = date(2026, 5, 1)
ENTRIES, TAKEN, OPEN = 37, 41, 43  # no day, month or time of day that these tests show is one of them
WORDS = {ENTRIES: "thirty-seven", TAKEN: "forty-one", OPEN: "forty-three", TAKEN + OPEN: "eighty-four"}
PATHS = ("/journal", "/journal/2026-05", "/journal/2026-05-03", "/steps", "/year/2026", "/settings", "/write")
LETTERS = "abcdefghijklmnopqrstuvwxyzäöüßéèêñøåæ" + "αβγδεζ"


@pytest.fixture
def home(site: WebHarness) -> WebHarness:
    """A site whose browser is signed in, with very many entries and steps in the days before."""
    site.join()
    database, keyring, person, prompt = site.runtime.database, site.runtime.keyring, site.person(), asked(site)
    for number in range(ENTRIES):
        words = f"Soup again, and the letter {LETTERS[number]} on the spoon."
        write(database, keyring, person, FIRST + timedelta(days=number % 12), words, prompt)
    for number in range(TAKEN):
        take_step(database, keyring, person, f"Stir the {LETTERS[number]}", FIRST + timedelta(days=number % 12))
    with database.write() as session:
        owner = session.get_one(Subscriber, person.id)
        for number in range(OPEN):
            steps.choose(session, keyring, owner, f"Draw the {LETTERS[number]}", now=site.clock())
    return site


def counted_in(html: str) -> set[int]:
    """Return which of the counts a page says, in figures or in words."""
    page = LexborHTMLParser(html)
    for node in page.css("style, script, option"):
        node.decompose()
    said = page.body.text(separator=" ").lower() if page.body else ""
    return {number for number, word in WORDS.items() if re.search(rf"\b(?:{number}|{word})\b", said)}


def test_no_page_tells_how_many_entries_or_steps_there_are(home: WebHarness) -> None:
    pages = {path: home.get(path) for path in PATHS}
    assert {path: page.status_code for path, page in pages.items()} == dict.fromkeys(PATHS, 200)
    assert {path: counted for path, page in pages.items() if (counted := counted_in(page.text))} == {}


def test_no_digest_and_no_web_copy_tells_it_either(home: WebHarness) -> None:
    runtime, person = home.runtime, home.person()
    with runtime.database.write() as session:
        month = runtime.digests().month(session, session.get_one(Subscriber, person.id), FIRST)
        assert month is not None
        digest = NewDelivery(
            subscriber_id=person.id,
            kind=DeliveryKind.DIGEST,
            slot="2026-05",
            ready_at=home.clock(),
            planned_at=home.clock(),
        )
        [id_] = Delivery.plan(session, [digest])
        delivery = Delivery.find_by_id(session, person.id, id_)
        assert delivery is not None
        delivery.sealed_content = seal_content(runtime.keyring, person, id_, month.to_json())
    token = home.act_link(Action.DIGEST, id_, person_id=person.id, lasts=timedelta(days=30))
    copy = home.get(f"/digest/{token}")
    assert copy.status_code == 200
    assert counted_in(copy.text) == set()
    email = emails.digest.compose(runtime.composer, month, LINKS, "https://steps.example.org/x")
    assert counted_in(email.html) == set()
    assert counted_in(re.sub(r"https?://\S+", "", email.text)) == set()


@pytest.mark.parametrize("said", ["<p>37 entries</p>", "<b>Forty-one</b> steps", "You took 41 of 84 steps."])
def test_a_page_that_told_it_would_be_found(said: str) -> None:
    """The control of the tests above."""
    assert counted_in(said)
