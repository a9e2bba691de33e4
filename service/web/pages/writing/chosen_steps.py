"""Choosing the small step in words that are written on a page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.orm import Session

from service.core.access.tokens import Action, ActToken
from service.core.journal.steps import StepState, step_phrases_for
from service.flows.people.journal import journal, steps
from service.models import Entry, Step, Subscriber
from service.web.context import get_runtime, now

UNDO_LIFETIME = timedelta(days=1)


def step_in(person: Subscriber, entry: Entry) -> str | None:
    """Return the step that an entry's words choose if its question asks for one, else None."""
    runtime = get_runtime()
    prompt = runtime.library.get(entry.prompt_id or "")
    if prompt is None:
        return None
    [opened] = journal.open_entries(runtime.keyring, person, [entry])
    return step_phrases_for(runtime.step_phrases, person.locale).step_in(opened.words, prompt)


@dataclass(frozen=True, slots=True)
class ChosenStep:
    """The open step of an entry as a page shows it: its words, and the path of the button "not a step"."""

    words: str = field(repr=False)
    undo_path: str = field(repr=False)


def chosen_step(session: Session, person: Subscriber, entry_id: int) -> ChosenStep | None:
    """Return the open step that an entry chose, or None."""
    step = Step.find_by_entry(session, entry_id)
    if step is None or step.subscriber_id != person.id or step.state != StepState.OPEN:
        return None
    keyring = get_runtime().keyring
    [opened] = steps.open_steps(keyring, person, [step])
    token = ActToken(Action.NOT_A_STEP, person.id, entry_id, now() + UNDO_LIFETIME).encode(keyring.index)
    return ChosenStep(opened.words, f"/act/{token}")


def keep_step(session: Session, person: Subscriber, entry: Entry, *, before: str | None = None) -> None:
    """Choose the step in an entry's words.

    If the words had the same step `before` they were edited, nothing changes, so that editing does not bring back a
    step that was removed from the page of steps.
    """
    runtime, chosen = get_runtime(), step_in(person, entry)
    if chosen != before:
        steps.choose_from_entry(session, runtime.keyring, person, entry, chosen=chosen)
