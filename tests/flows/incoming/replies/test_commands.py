"""Each command changes its subscriber's row, and names the answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from service.core.library.prompts import Library
from service.core.replies.classify.commands import Command, Verb
from service.core.settings.schedule import Rhythm
from service.db import Database
from service.flows.incoming.replies import commands
from service.flows.incoming.replies.commands import CommandResult
from service.flows.people.subscription import account
from service.models import (
    Delivery,
    Keyring,
    Subscriber,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
)
from service.models.outgoing.deliveries import delivery_claims
from tests.harness.people.people import DAY, MINUTE, NOW, PLAIN, join

TODAY = NOW.date()


class CommandHarness:
    """A subscriber who joined yesterday for Mondays, Wednesdays and Fridays, and whose commands are carried out."""

    def __init__(self, session: Session, keyring: Keyring, library: Library) -> None:
        self.session, self.library = session, library
        self.person: Subscriber = join(session, keyring, library, now=NOW - DAY)

    def carry_out(self, verb: Verb, until_on: date | None = None, *, now: datetime = NOW) -> CommandResult:
        return commands.carry_out(self.session, self.library, self.person, Command(verb, until_on), now)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.write() as opened:
        yield opened


@pytest.fixture
def harness(session: Session, keyring: Keyring, library: Library) -> CommandHarness:
    return CommandHarness(session, keyring, library)


def test_a_pause_without_an_end_is_open_ended(harness: CommandHarness) -> None:
    assert harness.carry_out(Verb.PAUSE) == CommandResult("rest_open")
    assert (harness.person.status, harness.person.resting_until_on, harness.person.next_prompt_at) == (
        SubscriberStatus.RESTING,
        None,
        None,
    )


def test_the_answer_to_a_pause_names_the_year_only_if_it_is_another_one(harness: CommandHarness) -> None:
    assert harness.carry_out(Verb.PAUSE, date(2026, 6, 3)) == CommandResult("rest", "until 3 June")
    assert harness.carry_out(Verb.PAUSE, date(2027, 1, 3)) == CommandResult("rest", "until 3 January 2027")
    assert harness.person.resting_until_on == date(2027, 1, 3)


def test_a_pause_beyond_the_longest_rest_has_no_end(harness: CommandHarness) -> None:
    assert harness.carry_out(Verb.PAUSE, TODAY + account.MAX_REST + DAY) == CommandResult("rest_open")


def test_a_pause_after_a_stop_changes_nothing(harness: CommandHarness) -> None:
    harness.carry_out(Verb.STOP)
    assert harness.carry_out(Verb.PAUSE) == CommandResult("stop")
    assert harness.person.status == SubscriberStatus.STOPPED


def test_resume_ends_a_rest_and_then_restores_the_usual_days(harness: CommandHarness) -> None:
    usual = harness.person.days_mask
    harness.carry_out(Verb.WEEKLY)
    weekly = harness.person.days_mask
    harness.carry_out(Verb.PAUSE)
    harness.carry_out(Verb.RESUME)
    assert (harness.person.status, harness.person.days_mask) == (SubscriberStatus.ACTIVE, weekly)
    assert harness.carry_out(Verb.RESUME).inserted_text.startswith(
        "on Mondays, Wednesdays and Fridays at 8 in the morning"
    )
    assert (harness.person.days_mask, harness.person.usual_days_mask) == (usual, None)


@pytest.mark.parametrize(("rhythm", "day"), [(Rhythm.THREE, "Mondays"), (Rhythm.DAILY, "Sundays")])
def test_weekly_keeps_sunday_or_else_the_first_of_the_days(harness: CommandHarness, rhythm: Rhythm, day: str) -> None:
    harness.person.days_mask = rhythm.days.mask
    assert harness.carry_out(Verb.WEEKLY).inserted_text.startswith(f"on {day} at")
    assert harness.carry_out(Verb.WEEKLY).inserted_text.startswith(f"on {day} at")
    assert harness.person.usual_days_mask == rhythm.days.mask


def test_new_preferences_discard_the_days_before_weekly(harness: CommandHarness, session: Session) -> None:
    harness.carry_out(Verb.WEEKLY)
    chosen = replace(PLAIN, schedule=harness.person.schedule)
    account.change_preferences(session, harness.person, chosen, NOW)
    assert not account.restore_usual_days(session, harness.person, NOW)


def test_resume_restarts_after_a_stop_without_a_second_prompt_that_day(harness: CommandHarness) -> None:
    harness.carry_out(Verb.STOP)
    assert harness.person.next_prompt_at is None
    assert harness.carry_out(Verb.RESUME).answer == "resume"
    assert harness.person.status == SubscriberStatus.ACTIVE
    assert harness.person.next_prompt_at is not None


def test_resume_does_not_restart_emails_to_a_suppressed_address(harness: CommandHarness, session: Session) -> None:
    harness.carry_out(Verb.STOP)
    Suppression.add(session, harness.person.address_hash, SuppressionReason.COMPLAINED, NOW)
    harness.carry_out(Verb.RESUME)
    assert harness.person.status == SubscriberStatus.STOPPED


@pytest.mark.parametrize("verb", [Verb.NOT_TODAY, Verb.HELP])
def test_not_today_and_help_change_nothing(harness: CommandHarness, verb: Verb) -> None:
    before = (
        harness.person.status,
        harness.person.next_prompt_at,
        harness.person.history,
        harness.person.prompts_answered,
    )
    assert harness.carry_out(verb) == CommandResult(verb.value)
    assert (
        harness.person.status,
        harness.person.next_prompt_at,
        harness.person.history,
        harness.person.prompts_answered,
    ) == before


def test_a_day_has_three_different_extra_prompts(harness: CommandHarness) -> None:
    prompts = set()
    for _ in range(3):
        (delivery_id,) = harness.carry_out(Verb.ANOTHER).planned
        delivery = Delivery.find_by_id(harness.session, harness.person.id, delivery_id)
        assert delivery is not None
        assert delivery.on == TODAY
        prompts.add(delivery.prompt_id)
    assert len(prompts) == 3
    assert harness.carry_out(Verb.ANOTHER) == CommandResult("no_more")
    assert harness.carry_out(Verb.SMALLER) == CommandResult("no_more")
    assert harness.carry_out(Verb.ANOTHER, now=NOW + DAY).planned


def test_a_smaller_prompt_is_a_light_one(harness: CommandHarness) -> None:
    harness.person.prompts_sent = 40
    (delivery_id,) = harness.carry_out(Verb.SMALLER).planned
    delivery = Delivery.find_by_id(harness.session, harness.person.id, delivery_id)
    assert delivery is not None
    prompt = harness.library.get(delivery.prompt_id or "")
    assert prompt is not None
    assert prompt.is_light


@pytest.mark.parametrize("verb", [Verb.PAUSE, Verb.STOP])
def test_subscribers_who_rest_or_stopped_get_the_extra_prompt_they_ask_for(harness: CommandHarness, verb: Verb) -> None:
    harness.carry_out(verb)
    planned = harness.carry_out(Verb.ANOTHER).planned
    claims = delivery_claims.claim(harness.session, planned, lease=timedelta(minutes=1), now=NOW + MINUTE)
    assert [claim.id for claim in claims] == [*planned]


def test_nothing_is_deleted_without_an_entry_by_mail(harness: CommandHarness) -> None:
    assert harness.carry_out(Verb.DELETE) == CommandResult("nothing_to_delete")
