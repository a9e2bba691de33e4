"""Small steps: chosen once, asked about once, and answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.core.journal.steps import StepState
from service.db import Database
from service.flows.outgoing.planning.plan_prompts import plan_due_prompts
from service.flows.people.journal import journal, steps
from service.flows.people.journal.photos import entry_photos
from service.flows.people.subscription import account
from service.models import Delivery, DeliveryKind, DeliveryState, Entry, Keyring, Step, Subscriber
from service.template_files import load_library
from tests.harness.people.members import member
from tests.harness.sending import SendingHarness, open_sending_harness

LIBRARY = load_library()
TUESDAY = datetime(2026, 5, 5, 19, 0, tzinfo=UTC)  # 20:00 in London
WORDS = "After I lock the door, I will stand still for a breath."


@pytest.fixture
def harness(database_url: str, tmp_path: Path) -> Iterator[SendingHarness]:
    with open_sending_harness(database_url, tmp_path, now=TUESDAY) as opened:
        yield opened


def _choose(session: Session, keyring: Keyring, person: Subscriber) -> Step:
    entry = journal.add_entry(
        session,
        keyring,
        person,
        journal.NewEntry(words=WORDS, written_on=date(2026, 5, 4), source="mail", prompt_id="nearly-silly"),
        TUESDAY,
    )
    step = steps.choose_from_entry(session, keyring, person, entry, chosen=WORDS)
    assert step is not None
    return step


def test_a_step_is_sealed_and_has_one_follow_up_at_the_usual_time(database: Database, keyring: Keyring) -> None:
    with database.write() as session:
        person = member(session, keyring, looking_from=TUESDAY)
        step = _choose(session, keyring, person)
        assert step.chosen_on == date(2026, 5, 5)
        assert WORDS.encode() not in step.sealed_words
        (follow_ups,) = session.scalars(select(Delivery).where(Delivery.kind == DeliveryKind.STEP_FOLLOW_UP))
        assert follow_ups.ready_at == datetime(2026, 5, 8, 7, 0, tzinfo=UTC)
        assert follow_ups.expires_at == datetime(2026, 5, 9, 23, 0, tzinfo=UTC)  # the end of the fourth day, in London
        (opened,) = steps.open_steps(keyring, person, [step])
        assert opened.words == WORDS
        assert WORDS not in repr(opened)


def test_processing_an_entry_or_a_form_twice_makes_one_step(database: Database, keyring: Keyring) -> None:
    with database.write() as session:
        person = member(session, keyring, looking_from=TUESDAY)
        step = _choose(session, keyring, person)
        entry = session.get_one(Entry, step.entry_id)
        again = steps.choose_from_entry(session, keyring, person, entry, chosen="Stand still")
        assert again is step
        assert [opened.words for opened in steps.open_steps(keyring, person, [step])] == ["Stand still"]
        one = steps.choose(session, keyring, person, "Find the pen", now=TUESDAY, step_id=7)
        assert steps.choose(session, keyring, person, "Find the pen", now=TUESDAY, step_id=7) is one
        assert len(session.scalars(select(Delivery).where(Delivery.kind == DeliveryKind.STEP_FOLLOW_UP)).all()) == 2


def test_an_entry_that_no_longer_chooses_a_step_deletes_only_an_open_one(database: Database, keyring: Keyring) -> None:
    with database.write() as session:
        person = member(session, keyring, looking_from=TUESDAY)
        step = _choose(session, keyring, person)
        entry = session.get_one(Entry, step.entry_id)
        steps.answer(session, person, step, StepState.TAKEN, TUESDAY)
        assert steps.choose_from_entry(session, keyring, person, entry, chosen=None) is step
        steps.answer(session, person, step, StepState.OPEN, TUESDAY)
        assert step.answered_on is None
        assert steps.choose_from_entry(session, keyring, person, entry, chosen=None) is None
        assert Step.list_for(session, person.id) == []


def test_follow_ups_of_several_steps_are_on_different_days_if_possible(database: Database, keyring: Keyring) -> None:
    with database.write() as session:
        person = member(session, keyring, looking_from=TUESDAY)
        for number in range(5):
            steps.choose(session, keyring, person, f"Step {number}", now=TUESDAY)
        chosen = Step.list_for(session, person.id)
        assert len({step.follow_up_on for step in chosen}) == 3
        follow_ups = [steps.follow_up_of(session, step) for step in chosen]
        assert len({delivery.id for delivery in follow_ups if delivery}) == 5


def test_a_follow_up_replaces_the_days_prompt_unless_it_is_skipped(
    harness: SendingHarness,
) -> None:
    database, keyring = harness.runtime.database, harness.runtime.keyring
    harness.clock.now = datetime(2026, 5, 8, 7, 0, tzinfo=UTC)
    with database.write() as session:
        for address in ("ana@example.com", "bo@example.com"):
            person = member(session, keyring, address, looking_from=harness.clock.now - timedelta(hours=1))
            step = _choose(session, keyring, person)
            if address.startswith("bo"):
                removed_names = entry_photos.remove_entry(session, person, step.entry_id or 0)
                assert removed_names == set()
                assert session.scalars(select(Step.id).where(Step.subscriber_id == person.id)).all() == []
    with database.write() as session:
        assert plan_due_prompts(session, LIBRARY, now=harness.clock.now, limit=10).delivery_ids == []
        follow_ups = session.scalars(select(Delivery.id).where(Delivery.kind == DeliveryKind.STEP_FOLLOW_UP)).all()
    report = harness.send(follow_ups)
    assert report.counts == {DeliveryState.SENT: 1, DeliveryState.SKIPPED: 1}
    with database.write() as session:
        (prompt_id,) = plan_due_prompts(session, LIBRARY, now=harness.clock.now, limit=10).delivery_ids
        prompt = session.scalars(select(Delivery).where(Delivery.id == prompt_id)).one()
        assert keyring.address_of(session.get_one(Subscriber, prompt.subscriber_id)).text == "bo@example.com"


def test_a_step_that_is_already_answered_has_no_follow_up(harness: SendingHarness) -> None:
    database, keyring = harness.runtime.database, harness.runtime.keyring
    harness.clock.now = datetime(2026, 5, 8, 7, 0, tzinfo=UTC)
    with database.write() as session:
        person = member(session, keyring, looking_from=harness.clock.now)
        step = _choose(session, keyring, person)
        steps.answer(session, person, step, StepState.LET_GO, TUESDAY)
        follow_ups = session.scalars(select(Delivery.id).where(Delivery.kind == DeliveryKind.STEP_FOLLOW_UP)).all()
    assert harness.send(follow_ups).counts == {DeliveryState.SKIPPED: 1}


def test_a_resting_subscriber_gets_no_follow_up_and_a_late_one_expires(harness: SendingHarness) -> None:
    database, keyring = harness.runtime.database, harness.runtime.keyring
    with database.write() as session:
        resting = member(session, keyring, looking_from=TUESDAY)
        _choose(session, keyring, resting)
        account.rest(session, resting, account.Rest.OPEN_ENDED, TUESDAY)
        late = member(session, keyring, "bo@example.com", looking_from=TUESDAY)
        _choose(session, keyring, late)
        follow_ups = session.scalars(select(Delivery.id).where(Delivery.kind == DeliveryKind.STEP_FOLLOW_UP)).all()
    harness.clock.now = datetime(2026, 5, 9, 22, 59, tzinfo=UTC)
    assert harness.send(follow_ups[:1]).counts == {}
    harness.clock.now += timedelta(minutes=1)
    assert harness.send(follow_ups[1:]).counts == {}
    assert harness.mails() == []


def test_the_follow_up_quotes_the_step_except_in_discreet_mode(harness: SendingHarness) -> None:
    database, keyring = harness.runtime.database, harness.runtime.keyring
    with database.write() as session:
        for address, is_discreet in (("ana@example.com", False), ("bo@example.com", True)):
            person = member(session, keyring, address, looking_from=TUESDAY, is_discreet=is_discreet)
            _choose(session, keyring, person)
        follow_ups = session.scalars(select(Delivery.id).where(Delivery.kind == DeliveryKind.STEP_FOLLOW_UP)).all()
    harness.clock.now = datetime(2026, 5, 8, 7, 0, tzinfo=UTC)
    harness.send(follow_ups)
    texts = {mail.recipient: mail.text for mail in harness.mails()}
    assert WORDS in texts["ana@example.com"]
    assert "stand still" not in texts["bo@example.com"]
    subjects = {mail.recipient: mail.subject for mail in harness.mails()}
    assert subjects["ana@example.com"] == "Nearly silly"
    assert subjects["bo@example.com"] != "Nearly silly"


def test_taken_steps_belong_to_the_month_they_were_taken_in(database: Database, keyring: Keyring) -> None:
    with database.write() as session:
        person = member(session, keyring, looking_from=TUESDAY)
        step = _choose(session, keyring, person)
        steps.answer(session, person, step, StepState.TAKEN, datetime(2026, 6, 2, 12, 0, tzinfo=UTC))
        of_may = steps.taken_between(session, keyring, person, date(2026, 5, 1), date(2026, 5, 31))
        of_june = steps.taken_between(session, keyring, person, date(2026, 6, 1), date(2026, 6, 30))
        assert of_may == ()
        assert [(taken.words, taken.taken_on) for taken in of_june] == [(WORDS, date(2026, 6, 2))]
        entry = session.get_one(Entry, step.entry_id)
        entry.is_kept_out = True
        assert steps.taken_between(session, keyring, person, date.min, date.max) == ()
        entry.is_kept_out = False
        assert steps.taken_between(session, keyring, person, date.min, date.max) == of_june
        steps.answer(session, person, step, StepState.LET_GO, TUESDAY)
        assert steps.taken_between(session, keyring, person, date.min, date.max) == ()


def test_choosing_or_answering_a_step_counts_as_activity(database: Database, keyring: Keyring) -> None:
    with database.write() as session:
        person = member(
            session, keyring, looking_from=TUESDAY, unanswered=9, slow_down_stage="weekly", usual_days_mask=0b1111111
        )
        person.days_mask = 1
        step = steps.choose(session, keyring, person, "Find the pen", now=TUESDAY)
        assert (person.unanswered, person.slow_down_stage, person.days_mask) == (0, None, 0b1111111)
        person.unanswered = 3
        steps.answer(session, person, step, StepState.NOT_YET, TUESDAY)
        assert person.unanswered == 0
