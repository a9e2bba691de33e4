"""Prompts as the desk lists them: of the library and own, when each comes, and which are the first on the next days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from service.core.library.prompt_timing import PromptTiming
from service.core.library.prompts import Library, Prompt
from service.core.library.rotation import next_turn_on, ranking
from service.flows.desk.own_prompts import log_number

DAYS_AHEAD = 7


@dataclass(frozen=True, slots=True)
class ListedPrompt:
    """One prompt, what holds for it now and from a later day on, in words, and the next day on which its turn comes.

    `next_on` is None if it never comes again, or is asked about a step. `number` is what the log names it by.
    """

    prompt_id: str
    number: int
    locale: str
    theme: str
    kind: str
    subject: str
    is_own: bool
    now: str
    then: str
    next_on: date | None


def listed_prompt(library: Library, prompt: Prompt, now: datetime) -> ListedPrompt:
    """Return a prompt as the desk lists it."""
    today = now.astimezone(UTC).date()
    held, timings = library.timing(prompt.id, today), library.timings(prompt.id)
    coming = timings[-1] if timings and timings[-1].valid_from > today else None
    is_asked_daily = prompt.kind != "follow-up" and prompt.in_use
    return ListedPrompt(
        prompt_id=prompt.id,
        number=log_number(prompt.id),
        locale=prompt.locale,
        theme=prompt.theme,
        kind=prompt.kind,
        subject=prompt.subject,
        is_own=prompt.is_own,
        now=_words(prompt, held),
        then=f"from {coming.valid_from} on: {_words(prompt, coming)}" if coming else "",
        next_on=next_turn_on(library, prompt, today) if is_asked_daily else None,
    )


def list_prompts(library: Library, now: datetime, *, locale: str, theme: str, own_only: bool) -> Sequence[ListedPrompt]:
    """Return the prompts in use of a locale and a theme, or of all, retired ones included, by locale and subject."""
    every = (*library.files, *library.own)
    found = (
        prompt
        for prompt in every
        if prompt.in_use
        and prompt.locale == (locale or prompt.locale)
        and prompt.theme == (theme or prompt.theme)
        and (prompt.is_own or not own_only)
    )
    ordered = sorted(found, key=lambda prompt: (prompt.locale, prompt.subject.casefold(), prompt.id))
    return [listed_prompt(library, prompt, now) for prompt in ordered]


def first_of_next_days(library: Library, locale: str, now: datetime) -> Sequence[tuple[date, Prompt]]:
    """Return the first prompt of each of the next days, which most people get who are asked on that day."""
    today = now.astimezone(UTC).date()
    days = [today + timedelta(days=number) for number in range(DAYS_AHEAD)]
    return [(day, ranking(library, day, locale)[0]) for day in days]


def _words(prompt: Prompt, timing: PromptTiming | None) -> str:
    if timing is None:
        return "not yet" if prompt.is_own else "all year"
    if timing.is_retired:
        return "retired"
    ends = [f"{word} {day}" for word, day in (("from", timing.first_on), ("to", timing.last_on)) if day is not None]
    return " ".join(ends) or "all year"
