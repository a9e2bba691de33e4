"""Whatever people do, and in whatever order: nobody gets letters whose newest line about them does not agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.core.addresses import Address
from service.core.library.prompts import Library
from service.core.list_import import ListedPerson, ListService, ListStanding, SubscriberList
from service.core.settings.consent import ConsentEvent, Stream
from service.db import Database
from service.flows.people.subscription import account, signup, ways_out
from service.flows.people.subscription.confirm_signup import confirm
from service.flows.people.subscription.list_import import ListOrigin, apply_import, plan_import
from service.models import Consent, Keyring, Subscriber, SubscriberStatus
from tests.harness.people.people import DAY, HERE, MINUTE, NOW, PLAIN, act_on, form

AGREED = {ConsentEvent.CONFIRMED, ConsentEvent.IMPORTED}
ORIGIN = ListOrigin(ListService.GHOST, b"the words", ZoneInfo("UTC"))
PEOPLE = count()


class Life:
    """One address, and what its owner or another person does with it."""

    def __init__(self, session: Session, keyring: Keyring, library: Library) -> None:
        self.session, self.keyring, self.library = session, keyring, library
        self.address = Address.parse(f"p{next(PEOPLE)}@example.com")
        self.now = NOW

    @property
    def person(self) -> Subscriber | None:
        found = Subscriber.with_address(self.session, self.keyring.address_hash(self.address))
        return Subscriber.locked(self.session, found.id) if found else None

    def ask(self, *, questions: bool, letters: bool) -> None:
        asked_for = replace(form(self.address), wants_questions=questions, wants_letters=letters)
        asker = replace(HERE, network=self.keyring.address_hash(self.address) + bytes([self.now.minute]))
        request_id = signup.ask(self.session, self.keyring, form=asked_for, asker=asker, now=self.now)
        act_on(self.session, self.keyring, request_id, self.now)

    def confirm(self) -> None:
        if self.person:
            confirm(self.session, self.keyring, self.library, self.person.id, self.now, source="reply")

    def stop(self, stream: Stream | None) -> None:
        if self.person:
            ways_out.stop(self.session, self.person, stream, self.now, source="link")

    def restart(self) -> None:
        if self.person:
            account.restart(self.session, self.person, self.now, source="page")

    def choose(self, *, questions: bool, letters: bool) -> None:
        person = self.person
        if person and person.status in {SubscriberStatus.ACTIVE, SubscriberStatus.RESTING}:
            chosen = replace(PLAIN, wants_questions=questions, wants_letters=letters)
            account.change_preferences(self.session, person, chosen, self.now)

    def bring(self, *, is_proved: bool) -> None:
        at = self.now - DAY if is_proved else None
        listed = SubscriberList((ListedPerson(self.address, ListStanding.SUBSCRIBED, at),))
        plan = plan_import(self.session, self.keyring, listed, ORIGIN)
        apply_import(self.session, self.keyring, plan, ORIGIN, self.now)


STEPS: dict[str, Callable[[Life], None]] = {
    "ask for questions": lambda life: life.ask(questions=True, letters=False),
    "ask for letters": lambda life: life.ask(questions=False, letters=True),
    "ask for both": lambda life: life.ask(questions=True, letters=True),
    "confirm": Life.confirm,
    "stop letters": lambda life: life.stop(Stream.LETTERS),
    "stop questions": lambda life: life.stop(Stream.QUESTIONS),
    "stop everything": lambda life: life.stop(None),
    "restart": Life.restart,
    "choose letters": lambda life: life.choose(questions=False, letters=True),
    "choose questions": lambda life: life.choose(questions=True, letters=False),
    "be brought, proved": lambda life: life.bring(is_proved=True),
    "be brought": lambda life: life.bring(is_proved=False),
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=st.lists(st.sampled_from([*STEPS]), max_size=8))
def test_nobody_gets_letters_whose_newest_line_about_them_does_not_agree(
    database: Database, keyring: Keyring, library: Library, steps: list[str]
) -> None:
    with database.write() as session:
        life = Life(session, keyring, library)
        for step in steps:
            life.now += MINUTE
            STEPS[step](life)
            session.flush()
            person = life.person
            if person is None:
                continue
            later = life.now + timedelta(seconds=1)
            gets = session.scalar(
                select(Subscriber.id).where(Subscriber.may_get_letters(later), Subscriber.id == person.id)
            )
            newest = Consent.newest(session, person.address_hash, Stream.LETTERS)
            assert gets is None or (newest is not None and newest.event in AGREED), step
            is_written_to = person.status in {SubscriberStatus.ACTIVE, SubscriberStatus.RESTING}
            assert not is_written_to or person.streams, "whoever gets nothing has stopped"
            assert person.wants_questions or person.next_prompt_at is None
