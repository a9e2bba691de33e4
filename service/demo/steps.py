"""The small steps of the demo's month.

The service that reads the replies uses the real clock, so it stores the dates of steps from today on. These functions
move the dates to the evening on which the made-up person wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from service.core.journal.steps import StepState
from service.flows.people.journal import steps
from service.models import Delivery, DeliveryState, Entry, Step, Subscriber
from service.runtime import Runtime


def date_chosen(session: Session, runtime: Runtime, person: Subscriber, *, since: datetime, at: datetime) -> bool:
    """Move a step that a reply chose `since` a real instant to the instant `at`; return whether there was one."""
    fresh = [step for step in Step.list_for(session, person.id) if step.created_at >= since]
    for step in fresh:
        [known] = steps.open_steps(runtime.keyring, person, [step])
        entry = session.get(Entry, step.entry_id) if step.entry_id else None
        follow_up = steps.follow_up_of(session, step)
        if follow_up is not None:
            session.delete(follow_up)
        session.delete(step)
        session.flush()
        steps.choose(session, runtime.keyring, person, known.words, now=at, entry=entry)
    return bool(fresh)


def date_answer(session: Session, person: Subscriber, step_id: int, *, at: datetime) -> StepState:
    """Move the answer about a step to the instant `at`; return the answer."""
    step = session.get_one(Step, step_id)
    state = StepState(step.state)
    steps.answer(session, person, step, state, at)
    return state


def follow_ups(session: Session, subscriber_id: int) -> Sequence[Delivery]:
    """Return a person's follow-ups that are still to be sent, the next one first."""
    found = (steps.follow_up_of(session, step) for step in Step.list_for(session, subscriber_id))
    planned = [delivery for delivery in found if delivery is not None and delivery.state == DeliveryState.PLANNED]
    return sorted(planned, key=lambda delivery: delivery.ready_at)


def asked_at(session: Session, subscriber_id: int, at: datetime) -> Delivery | None:
    """Return the follow-up that was sent to a person at this instant, or None."""
    found = (steps.follow_up_of(session, step) for step in Step.list_for(session, subscriber_id))
    return next((delivery for delivery in found if delivery is not None and delivery.sent_at == at), None)
