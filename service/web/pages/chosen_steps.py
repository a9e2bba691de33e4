"""Choosing the small step that words written on a page contain."""

from __future__ import annotations

from sqlalchemy.orm import Session

from service.core.steps import step_phrases_for
from service.flows.people import journal, steps
from service.models import Entry, Subscriber
from service.web.context import get_runtime


def step_in(person: Subscriber, entry: Entry) -> str | None:
    """Return the step that an entry's words choose, where its question asks for one, or None."""
    runtime = get_runtime()
    prompt = runtime.library.get(entry.prompt_id or "")
    if prompt is None:
        return None
    [opened] = journal.open_entries(runtime.keyring, person, [entry])
    return step_phrases_for(runtime.step_phrases, person.locale).step_in(opened.words, prompt)


def keep_step(session: Session, person: Subscriber, entry: Entry, *, before: str | None = None) -> None:
    """Choose the step that an entry's words hold.

    Where they held the same `before` they were changed, all stays: one that was taken off the page of steps does not
    come back because a comma did.
    """
    runtime, chosen = get_runtime(), step_in(person, entry)
    if chosen != before:
        steps.choose_from_entry(session, runtime.keyring, person, entry, chosen=chosen)
