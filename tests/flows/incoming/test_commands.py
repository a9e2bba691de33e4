"""What each command does, told by what stands on the person's row and by the answer that it names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from service.core.library.prompts import Library
from service.core.replies.classify.commands import Command, Verb
from service.core.schedule import Rhythm
from service.db import Database
from service.flows.incoming import commands
from service.flows.incoming.commands import CommandResult
from service.flows.people import account
from service.models import (
    Delivery,
    DeliveryKind,
    Keyring,
    Subscriber,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
)
from tests.harness.people import DAY, MINUTE, NOW, PLAIN, join

TODAY = NOW.date()


class Ana:
    """Somebody who joined yesterday on Mondays, Wednesdays and Fridays, and says commands."""

    def __init__(self, session: Session, keyring: Keyring, library: Library) -> None:
        self.session, self.library = session, library
        self.person: Subscriber = join(session, keyring, library, now=NOW - DAY)

    def says(self, verb: Verb, until_on: date | None = None, *, now: datetime = NOW) -> CommandResult:
        return commands.carry_out(self.session, self.library, self.person, Command(verb, until_on), now)

    def had(self, kind: DeliveryKind) -> int:
        return Delivery.count_since(self.session, self.person.id, kind, NOW - 30 * DAY)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.write() as opened:
        yield opened


@pytest.fixture
def ana(session: Session, keyring: Keyring, library: Library) -> Ana:
    return Ana(session, keyring, library)


def test_a_pause_without_an_end_lasts_until_they_come_back(ana: Ana) -> None:
    assert ana.says(Verb.PAUSE) == CommandResult("rest_open")
    assert (ana.person.status, ana.person.resting_until_on, ana.person.next_prompt_at) == (
        SubscriberStatus.RESTING,
        None,
        None,
    )


def test_a_pause_says_its_end_with_the_year_only_where_it_is_another(ana: Ana) -> None:
    assert ana.says(Verb.PAUSE, date(2026, 6, 3)) == CommandResult("rest", "until 3 June")
    assert ana.says(Verb.PAUSE, date(2027, 1, 3)) == CommandResult("rest", "until 3 January 2027")
    assert ana.person.resting_until_on == date(2027, 1, 3)


def test_a_pause_beyond_the_longest_rest_has_no_end(ana: Ana) -> None:
    assert ana.says(Verb.PAUSE, TODAY + account.MAX_REST + DAY) == CommandResult("rest_open")


def test_a_pause_of_somebody_who_stopped_changes_nothing(ana: Ana) -> None:
    ana.says(Verb.STOP)
    assert ana.says(Verb.PAUSE) == CommandResult("stop")
    assert ana.person.status == SubscriberStatus.STOPPED


def test_resume_takes_back_a_rest_then_the_days(ana: Ana) -> None:
    usual = ana.person.days_mask
    ana.says(Verb.WEEKLY)
    weekly = ana.person.days_mask
    ana.says(Verb.PAUSE)
    ana.says(Verb.RESUME)
    assert (ana.person.status, ana.person.days_mask) == (SubscriberStatus.ACTIVE, weekly)
    assert ana.says(Verb.RESUME).inserted_text.startswith("on Mondays, Wednesdays and Fridays at 8 in the morning")
    assert (ana.person.days_mask, ana.person.usual_days_mask) == (usual, None)


@pytest.mark.parametrize(("rhythm", "day"), [(Rhythm.THREE, "Mondays"), (Rhythm.DAILY, "Sundays")])
def test_weekly_keeps_a_sunday_or_else_the_first_of_their_days(ana: Ana, rhythm: Rhythm, day: str) -> None:
    ana.person.days_mask = rhythm.days.mask
    assert ana.says(Verb.WEEKLY).inserted_text.startswith(f"on {day} at")
    assert ana.says(Verb.WEEKLY).inserted_text.startswith(f"on {day} at")
    assert ana.person.usual_days_mask == rhythm.days.mask


def test_new_settings_forget_the_days_before_weekly(ana: Ana, session: Session) -> None:
    ana.says(Verb.WEEKLY)
    chosen = replace(PLAIN, schedule=ana.person.schedule)
    account.change_preferences(session, ana.person, chosen, NOW)
    assert not account.restore_usual_days(session, ana.person, NOW)


def test_resume_begins_again_after_a_stop_without_a_second_question_that_day(ana: Ana) -> None:
    ana.says(Verb.STOP)
    assert ana.person.next_prompt_at is None
    assert ana.says(Verb.RESUME).answer == "resume"
    assert ana.person.status == SubscriberStatus.ACTIVE
    assert ana.person.next_prompt_at is not None


def test_resume_does_not_bring_mail_to_an_address_that_must_not_have_it(ana: Ana, session: Session) -> None:
    ana.says(Verb.STOP)
    Suppression.add(session, ana.person.address_hash, SuppressionReason.COMPLAINED, NOW)
    ana.says(Verb.RESUME)
    assert ana.person.status == SubscriberStatus.STOPPED


@pytest.mark.parametrize("verb", [Verb.NOT_TODAY, Verb.HELP])
def test_not_today_and_help_change_nothing(ana: Ana, verb: Verb) -> None:
    before = (ana.person.status, ana.person.next_prompt_at, ana.person.history, ana.person.prompts_answered)
    assert ana.says(verb) == CommandResult(verb.value)
    assert (
        ana.person.status,
        ana.person.next_prompt_at,
        ana.person.history,
        ana.person.prompts_answered,
    ) == before


def test_three_more_questions_a_day_each_another_one(ana: Ana) -> None:
    prompts = set()
    for _ in range(3):
        (delivery_id,) = ana.says(Verb.ANOTHER).planned
        delivery = Delivery.find_by_id(ana.session, ana.person.id, delivery_id)
        assert delivery is not None
        assert delivery.on == TODAY
        prompts.add(delivery.prompt_id)
    assert len(prompts) == 3
    assert ana.says(Verb.ANOTHER) == CommandResult("no_more")
    assert ana.says(Verb.SMALLER) == CommandResult("no_more")
    assert ana.says(Verb.ANOTHER, now=NOW + DAY).planned


def test_a_smaller_question_is_a_light_one(ana: Ana) -> None:
    ana.person.prompts_sent = 40
    (delivery_id,) = ana.says(Verb.SMALLER).planned
    delivery = Delivery.find_by_id(ana.session, ana.person.id, delivery_id)
    assert delivery is not None
    prompt = ana.library.get(delivery.prompt_id or "")
    assert prompt is not None
    assert prompt.is_light


@pytest.mark.parametrize("verb", [Verb.PAUSE, Verb.STOP])
def test_whoever_rests_or_stopped_gets_the_question_they_ask_for(ana: Ana, verb: Verb) -> None:
    ana.says(verb)
    planned = ana.says(Verb.ANOTHER).planned
    claims = Delivery.claim(ana.session, planned, lease=timedelta(minutes=1), now=NOW + MINUTE)
    assert [claim.id for claim in claims] == [*planned]


def test_nothing_is_deleted_where_nothing_came_by_mail(ana: Ana) -> None:
    assert ana.says(Verb.DELETE) == CommandResult("nothing_to_delete")
