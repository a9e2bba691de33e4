"""Somebody who wants letters alone: no question ever reaches them, and they are never told of being quiet."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from service.core.library.prompts import Library
from service.db import Database
from service.flows.outgoing.planning.plan_prompts import make_prompt_due, plan_due_prompts
from service.flows.outgoing.tick import tick
from service.flows.people.journal import journal
from service.flows.people.settings import frequency
from service.flows.people.subscription import account
from service.job_queue import InMemoryQueue
from service.models import Delivery, DeliveryKind, Keyring, NewDelivery, Subscriber, SubscriberStatus
from service.models.outgoing.deliveries import delivery_claims
from tests.harness.people.members import FIRST, due_at, member, owed
from tests.harness.people.people import DAY, MINUTE, NOW

QUESTIONS = (DeliveryKind.PROMPT, DeliveryKind.WELCOME, DeliveryKind.STEP_FOLLOW_UP, DeliveryKind.QUIET_MONTH)


def tick_for_days(database: Database, library: Library, days: int, start: datetime = FIRST) -> None:
    for day in range(days):
        tick(database, library, InMemoryQueue(), now=start + day * DAY, chunk=100)


def test_ninety_days_bring_them_no_question_and_no_word_about_silence(
    database: Database, keyring: Keyring, library: Library
) -> None:
    with database.write() as session:
        person = member(session, keyring, wants_questions=False, unanswered=30)
    tick_for_days(database, library, 90)
    with database.read() as session:
        assert owed(session, person) == []
        assert session.get_one(Subscriber, person.id).status == SubscriberStatus.ACTIVE


def test_they_get_the_month_only_if_they_wrote(database: Database, keyring: Keyring, library: Library) -> None:
    with database.write() as session:
        person = member(session, keyring, wants_questions=False)
        words = journal.NewEntry(words="A walk.", written_on=date(2026, 6, 3), source="mail")
        journal.add_entry(session, keyring, person, words, NOW)
    tick_for_days(database, library, 70)
    with database.read() as session:
        assert owed(session, person) == [("digest", "2026-06", "planned")]


def test_their_rest_ends_on_its_date_without_a_question(database: Database, keyring: Keyring, library: Library) -> None:
    with database.write() as session:
        person = member(session, keyring, wants_questions=False, looking_from=NOW)
        account.rest(session, person, date(2026, 5, 20), NOW)
    midnight = datetime(2026, 5, 19, 23, 0, tzinfo=UTC)  # in London
    for now, wanted in ((midnight - MINUTE, SubscriberStatus.RESTING), (midnight, SubscriberStatus.ACTIVE)):
        with database.write() as session:
            plan_due_prompts(session, library, now=now, limit=10)
        with database.read() as session:
            kept = session.get_one(Subscriber, person.id)
            assert kept.status == wanted
            assert owed(session, person) == []
    assert (kept.next_prompt_at, kept.resting_until_on) == (None, None)


@pytest.mark.parametrize("kind", QUESTIONS)
def test_a_question_that_is_planned_already_is_not_sent_to_them(
    database: Database, keyring: Keyring, kind: DeliveryKind
) -> None:
    claimed = []
    with database.write() as session:
        for address, wants in (("ana@example.com", False), ("bo@example.com", True)):
            person = member(session, keyring, address, wants_questions=wants)
            slot = "2026-05" if kind is DeliveryKind.QUIET_MONTH else "2026-05-13"
            new = NewDelivery(subscriber_id=person.id, kind=kind, slot=slot, ready_at=NOW, planned_at=NOW)
            claimed.append(
                len(delivery_claims.claim(session, Delivery.plan(session, [new]), lease=timedelta(minutes=5), now=NOW))
            )
    assert claimed == [0, 1]


def test_nothing_makes_a_question_due_for_them(database: Database, keyring: Keyring) -> None:
    with database.write() as session:
        person = due_at(session, keyring, NOW, wants_questions=False)
        make_prompt_due(session, person, NOW)
        frequency.schedule_next_emails(session, person, NOW)
        assert person.next_prompt_at is None
