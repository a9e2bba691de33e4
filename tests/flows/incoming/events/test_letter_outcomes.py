"""What becomes of a letter's emails is counted once each, and a letter that goes wrong pauses itself and says so."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from service.db import random_id
from service.flows.incoming.events.events import record_event
from service.flows.outgoing.letters import letter_progress
from service.mail.provider_events import ProviderEvent
from service.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Letter,
    LetterPause,
    LetterState,
    LetterTally,
    NewDelivery,
    Subscriber,
    Suppression,
    WriterMail,
)
from service.models.outgoing.deliveries import delivery_search
from tests.harness.people.letters import LettersHarness
from tests.harness.people.people import NOW
from tests.harness.sending import open_sending_harness

TOKENS = count()


@pytest.fixture
def letters(migrated_sqlite: Path, tmp_path: Path) -> Iterator[LettersHarness]:
    file = tmp_path / "smallsteps.db"
    shutil.copy(migrated_sqlite, file)
    with open_sending_harness(f"sqlite:///{file}", tmp_path) as sending:
        yield LettersHarness(sending)


def sent_to(letters: LettersHarness, number: int) -> tuple[int, list[tuple[str, int]]]:
    """Return a letter, and (address, delivery id) of as many people who were sent it."""
    letter_id = letters.scheduled()
    sent = []
    with letters.runtime.database.write() as session:
        letter = session.get_one(Letter, letter_id)
        letter.state, letter.cursor, letter.planned_at = LetterState.SENDING, 0, NOW
        slot = letter.slot
    for place in range(number):
        person = letters.reader(f"p{place}@d{place}.example.com")
        new = NewDelivery(
            subscriber_id=person.id,
            kind=DeliveryKind.LETTER,
            slot=slot,
            reference=letter_id,
            ready_at=NOW,
            planned_at=NOW,
            id=random_id(),
        )
        with letters.runtime.database.write() as session:
            Delivery.plan(session, [new])
            row = session.scalars(select(Delivery).where(Delivery.id == new.id)).one()
            row.state, row.attempt, row.called_at, row.sent_at = DeliveryState.SENT, 1, NOW, NOW
        sent.append((f"p{place}@d{place}.example.com", new.id))
    return letter_id, sent


def tell(letters: LettersHarness, name: str, address: str, delivery_id: int, **details: Any) -> None:
    found = ProviderEvent(name, "e", letters.clock(), address, None, delivery_id, **details)
    with letters.runtime.database.write() as session:
        record_event(session, letters.runtime.keyring, found, token=f"t{next(TOKENS)}", now=letters.clock())


def refuse(letters: LettersHarness, address: str, delivery_id: int, code: str) -> None:
    details = {"code": 550, "reason": "bounce", "is_final": True, "enhanced_code": code}
    tell(letters, "failed", address, delivery_id, **details)


def test_refusals_that_are_about_us_pause_the_letter_bar_nobody_and_are_told_once(letters: LettersHarness) -> None:
    letter_id, sent = sent_to(letters, 60)
    for address, delivery_id in sent:
        refuse(letters, address, delivery_id, "5.7.26")
    with letters.runtime.database.read() as session:
        letter = session.get_one(Letter, letter_id)
        assert (letter.state, letter.paused_because) == (LetterState.PAUSED, LetterPause.POLICY)
        assert session.scalars(select(Suppression)).all() == []
        [mail] = session.scalars(select(WriterMail).where(WriterMail.kind == "letter_paused"))
        assert "50 of 50 emails were refused" in mail.open_values(letters.runtime.keyring)["cause"]
    letters.resume(letter_id)
    with letters.runtime.database.read() as session:
        assert session.get(LetterTally, letter_id) is None


@pytest.mark.parametrize(
    ("bad", "because"),
    [
        pytest.param(("5.1.1", 4), None, id="four addresses say nothing yet"),
        pytest.param(("5.1.1", 5), LetterPause.ADDRESSES, id="5 % of the addresses do not exist"),
        pytest.param(("5.2.2", 50), None, id="full mailboxes say nothing about the letter"),
        pytest.param(("complained", 2), None, id="two complaints may be chance"),
        pytest.param(("complained", 3), LetterPause.COMPLAINTS, id="three complaints among few"),
    ],
)
def test_a_letter_pauses_by_itself_at_its_bounds(
    letters: LettersHarness, bad: tuple[str, int], because: LetterPause | None
) -> None:
    letter_id, sent = sent_to(letters, 60)
    what, number = bad
    for place, (address, delivery_id) in enumerate(sent):
        if place < len(sent) - number or what == "complained":
            tell(letters, "delivered", address, delivery_id)
        if place >= len(sent) - number:
            if what == "complained":
                tell(letters, what, address, delivery_id)
            else:
                refuse(letters, address, delivery_id, what)
    with letters.runtime.database.read() as session:
        assert session.get_one(Letter, letter_id).paused_because == because


def test_an_email_that_is_sent_again_by_command_counts_anew(letters: LettersHarness) -> None:
    letter_id, sent = sent_to(letters, 2)
    for address, delivery_id in sent:
        refuse(letters, address, delivery_id, "5.7.26")
    with letters.runtime.database.write() as session:
        assert set(session.scalars(select(Delivery.state))) == {DeliveryState.FAILED}
        delivery_search.plan_by_command(session, [delivery_id for _, delivery_id in sent], letters.clock())
        session.execute(update(Delivery).values(state=DeliveryState.SENT))
    (first, one), (second, two) = sent
    tell(letters, "delivered", first, one)
    refuse(letters, second, two, "5.7.26")
    with letters.runtime.database.read() as session:
        assert dict(letter_progress.progress(session, letter_id).numbers()) == {"delivered": 1, "bounced": 1}
        tally = session.get_one(LetterTally, letter_id)
        assert (tally.results, tally.refusals) == (4, 3)


def test_an_email_counts_once_in_whatever_order_its_events_come(letters: LettersHarness) -> None:
    letter_id, sent = sent_to(letters, 3)
    (first, one), (second, two), (third, three) = sent
    for _ in range(2):
        tell(letters, "failed", first, one, is_final=False)
        tell(letters, "delivered", first, one)
        tell(letters, "failed", first, one, is_final=False)
        refuse(letters, second, two, "5.1.1")
        tell(letters, "failed", third, three, is_final=False)
        tell(letters, "delivered", first, three)  # of somebody else
    with letters.runtime.database.read() as session:
        tally = session.get_one(LetterTally, letter_id)
        assert (tally.results, tally.addresses, tally.refusals, tally.complaints) == (2, 1, 0, 0)
        gone = letter_progress.progress(session, letter_id)
        assert dict(gone.numbers()) == {"delivered": 1, "deferred": 1, "bounced": 1}
        assert set(gone.bar()) == {"█", "▒", "x"}
        assert session.scalars(select(Subscriber)).all()
