"""Small steps: chosen in a reply or on a page, asked about once, and answered."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy.orm import Session

from service.core.access.tokens import ReplyKind, ReplyToken
from service.core.journal.steps import FOLLOW_UP_DAYS, StepState, follow_up_on
from service.core.journal_export.exported import ExportedStep
from service.core.library.prompts import Library, Prompt
from service.core.month.resurfacing import TakenStep
from service.core.settings.schedule import instant, writing_date
from service.db import random_id
from service.flows.people.settings import frequency
from service.models import Delivery, DeliveryKind, Entry, Keyring, NewDelivery, Step, Subscriber

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OpenStep:
    """A step with its words opened, to show to its owner only."""

    id: int
    words: str = field(repr=False)
    chosen_on: date
    state: StepState
    answered_on: date | None
    entry_id: int | None


def choose(
    session: Session,
    keyring: Keyring,
    person: Subscriber,
    words: str,
    *,
    now: datetime,
    entry: Entry | None = None,
    step_id: int | None = None,
) -> Step:
    """Add a step with sealed words, plan its follow-up and return it, or return the existing step with this `step_id`.

    `entry` is the entry in which it was chosen.
    """
    existing = Step.find(session, person.id, step_id) if step_id else None
    if existing is not None:
        return existing
    frequency.record_activity(session, person, now)
    chosen_on = writing_date(now, person.zone)
    possible = [chosen_on + number * _DAY for number in FOLLOW_UP_DAYS]
    taken = [on for on in possible if Delivery.find(session, person.id, DeliveryKind.STEP_FOLLOW_UP, on.isoformat())]
    step = Step(
        id=step_id or random_id(),
        subscriber_id=person.id,
        entry_id=entry.id if entry else None,
        prompt_id=entry.prompt_id if entry else None,
        chosen_on=chosen_on,
        follow_up_on=follow_up_on(chosen_on, person.schedule.days, taken),
        state=StepState.OPEN,
        created_at=now,
    )
    _seal(keyring, person, step, words)
    session.add(step)
    session.flush()
    Delivery.plan(session, [_follow_up(person, step, now, is_second=step.follow_up_on in taken)])
    return step


def bring(
    session: Session, keyring: Keyring, person: Subscriber, brought: ExportedStep, *, entry: Entry | None, at: datetime
) -> Step:
    """Add a step that an import brings, as it was; no email asks about it."""
    step = Step(
        id=random_id(),
        subscriber_id=person.id,
        entry_id=entry.id if entry else None,
        prompt_id=entry.prompt_id if entry else None,
        chosen_on=brought.chosen_on,
        follow_up_on=follow_up_on(brought.chosen_on, person.schedule.days, ()),
        state=brought.state,
        answered_on=brought.answered_on,
        created_at=at,
    )
    _seal(keyring, person, step, brought.words)
    session.add(step)
    return step


def choose_from_entry(
    session: Session, keyring: Keyring, person: Subscriber, entry: Entry, *, chosen: str | None
) -> Step | None:
    """Update and return the step of an entry, or None; `chosen` is what `StepPhrases.step_in` now finds in its words.

    An existing step of the entry keeps its date and gets the new words. If `chosen` is None, it is deleted while open.
    """
    step = Step.find_by_entry(session, entry.id)
    if step is None:
        if chosen is None:
            return None
        chosen_at = entry.changed_at or entry.created_at
        return choose(session, keyring, person, chosen, now=chosen_at, entry=entry)
    if chosen is not None:
        _seal(keyring, person, step, chosen)
    elif step.state == StepState.OPEN:
        Step.remove(session, person.id, step.id)
        return None
    return step


def answer(session: Session, person: Subscriber, step: Step, state: StepState, now: datetime) -> None:
    """Record how a step went, or that it is open again; the row of its subscriber must be locked."""
    frequency.record_activity(session, person, now)
    step.state = state
    step.answered_on = None if state is StepState.OPEN else writing_date(now, person.zone)


def step_asked_about(session: Session, token: ReplyToken | None) -> Step | None:
    """Return the step that the follow-up with this token asks about, or None if it is gone."""
    if token is None or token.kind != ReplyKind.STEP:
        return None
    return Step.find_by_follow_up(session, token.subscriber_id, token.on, token.prompt_key)


def step_meant(session: Session, token: ReplyToken | None) -> Step | None:
    """Return the step of the email with this token, which either confirmed the step or asked about it, or None."""
    if token is None or not is_about_step(token):
        return None
    if token.kind == ReplyKind.STEP:
        return step_asked_about(session, token)
    return Step.find_by_key(session, token.subscriber_id, token.prompt_key)


def is_about_step(token: ReplyToken | None) -> bool:
    """Return whether the email with this token is about a step."""
    if token is None:
        return False
    return token.kind == ReplyKind.STEP or (token.kind == ReplyKind.ANSWER and token.prompt_key != 0)


def not_a_step(session: Session, person: Subscriber, step: Step | None) -> None:
    """Remove a step that its owner did not mean as one, unless they have already said how it went."""
    if step is not None and step.state == StepState.OPEN:
        Step.remove(session, person.id, step.id)


def follow_up_prompt(library: Library, person: Subscriber, step: Step) -> Prompt:
    """Return the prompt that asks about a step: always the same for the same step."""
    follow_ups = library.follow_ups(person.locale)
    return follow_ups[step.id % len(follow_ups)]


def follow_up_of(session: Session, step: Step) -> Delivery | None:
    """Return the delivery of a step's follow-up, or None."""
    for slot in (step.follow_up_on.isoformat(), _second_slot(step)):
        delivery = Delivery.find(session, step.subscriber_id, DeliveryKind.STEP_FOLLOW_UP, slot)
        if delivery is not None and delivery.reference == step.id:
            return delivery
    return None


def open_steps(keyring: Keyring, person: Subscriber, steps: Sequence[Step]) -> list[OpenStep]:
    """Return a subscriber's steps with their words opened."""
    key = keyring.key_of(person)
    return [
        OpenStep(
            id=step.id,
            words=key.open_text(step.sealed_words, place=_place(step)),
            chosen_on=step.chosen_on,
            state=StepState(step.state),
            answered_on=step.answered_on,
            entry_id=step.entry_id,
        )
        for step in steps
    ]


def taken_between(
    session: Session, keyring: Keyring, person: Subscriber, first: date, last: date
) -> tuple[TakenStep, ...]:
    """Return the steps taken between these local dates, both included, for a digest."""
    opened = open_steps(keyring, person, Step.taken_between(session, person.id, first, last))
    return tuple(TakenStep(step.words, step.answered_on, step.entry_id) for step in opened if step.answered_on)


def _seal(keyring: Keyring, person: Subscriber, step: Step, words: str) -> None:
    step.sealed_words = keyring.key_of(person).seal_text(words, place=_place(step), random=os.urandom)


def _place(step: Step) -> str:
    return f"steps.words:{step.id}"


def _follow_up(person: Subscriber, step: Step, now: datetime, *, is_second: bool) -> NewDelivery:
    """Return the delivery of a step's follow-up: at the subscriber's time of day, and not after the fourth day."""
    last_day = step.chosen_on + max(FOLLOW_UP_DAYS) * _DAY
    return NewDelivery(
        subscriber_id=person.id,
        kind=DeliveryKind.STEP_FOLLOW_UP,
        slot=_second_slot(step) if is_second else step.follow_up_on.isoformat(),
        reference=step.id,
        ready_at=instant(step.follow_up_on, person.send_time, person.zone),
        expires_at=instant(last_day + _DAY, time.min, person.zone),
        planned_at=now,
    )


def _second_slot(step: Step) -> str:
    """Return the slot of a follow-up on a date that already has another one."""
    return f"{step.follow_up_on}/{step.id}"
