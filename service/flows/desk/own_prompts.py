"""The writers' own prompts: drafts, added for good; and when any prompt comes: in a season, or never again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from service.core.dates import full_date
from service.core.library.library_check import FEWEST_PROMPTS
from service.core.library.own_prompt import free_prompt_id, is_own_id, own_faults
from service.core.library.prompt_timing import PromptTiming, next_valid_from
from service.core.library.prompts import OWN_PREFIX, Library, Prompt, PromptError, key_of
from service.core.text.lexicon import Lexicon
from service.flows.outgoing.planning.library_reading import read_own
from service.models import OwnPrompt, PromptChange

NO_SUCH = "There is no question with this id."


def make_draft(session: Session, library: Library, typed: Prompt, now: datetime) -> OwnPrompt:
    """Keep a draft of a prompt, which nobody gets, and return it; without an id it gets one after its subject.

    Raises:
        PromptError: its id cannot be that of an own prompt or is taken, or there are no prompts in its language.
    """
    row = OwnPrompt(created_at=now)
    taken = {prompt.id for prompt in library.files} | OwnPrompt.ids(session)
    prompt_id = typed.id or free_prompt_id(typed.subject, taken)
    if prompt_id in taken or not is_own_id(prompt_id):
        raise PromptError(
            f'The id must begin with "{OWN_PREFIX}", have small letters, figures and hyphens, and be new.'
        )
    row.take(_known_locale(library, typed), prompt_id)
    session.add(row)
    session.flush()
    return row


def edit_draft(session: Session, library: Library, prompt_id: str, typed: Prompt) -> OwnPrompt:
    """Change a draft and return it; its id stays.

    Raises:
        PromptError: it is no draft.
    """
    row = find_draft(session, prompt_id)
    row.take(_known_locale(library, typed), prompt_id)
    return row


def throw_away(session: Session, prompt_id: str) -> None:
    """Delete a draft.

    Raises:
        PromptError: it is no draft.
    """
    session.delete(find_draft(session, prompt_id))


def faults_of(session: Session, library: Library, prompt: Prompt, wording: Lexicon) -> list[str]:
    """Return what has to be mended before a prompt may come, as sentences."""
    return own_faults(prompt, [*library.files, *(row.prompt for row in OwnPrompt.added(session))], wording)


def add(
    session: Session, library: Library, wording: Lexicon, prompt_id: str, season: tuple[date | None, date | None],
    *, now: datetime,
) -> date:  # fmt: skip
    """Let a draft come from the day after tomorrow (UTC), and return that day; from now on it is never edited.

    Raises:
        PromptError: it is no draft, has something to mend, or its season is over before it can come.
    """
    row = find_draft(session, prompt_id)
    faults = faults_of(session, library, row.prompt, wording)
    if faults:
        raise PromptError(" ".join(faults))
    row.added_at = now
    session.flush()
    return _put(session, prompt_id, _season(season, now), now)


def set_season(
    session: Session, library: Library, prompt_id: str, season: tuple[date | None, date | None], now: datetime
) -> date:
    """Let a prompt, retired or not, come in a season, or always if it has no ends; return the first day.

    Raises:
        PromptError: there is no such prompt, it must stay as it is, or the season is over before it can begin.
    """
    prompt = _changeable(session, library, prompt_id, now, leaves=any(season))
    return _put(session, prompt.id, _season(season, now), now)


def retire(session: Session, library: Library, prompt_id: str, now: datetime) -> date:
    """Stop asking a prompt, and return the first day without it. It stays known for replies and journals.

    Raises:
        PromptError: there is no such prompt, or it must stay.
    """
    prompt = _changeable(session, library, prompt_id, now, leaves=True)
    return _put(session, prompt.id, PromptTiming(next_valid_from(now), is_retired=True), now)


def find_draft(session: Session, prompt_id: str) -> OwnPrompt:
    """Return a draft, locked.

    Raises:
        PromptError: there is none with this id.
    """
    row = OwnPrompt.locked(session, prompt_id)
    if row is None:
        raise PromptError(NO_SUCH)
    if row.added_at is not None:
        raise PromptError("It was added, and what may have gone out is never edited. Write a new one from it.")
    return row


def log_number(prompt_id: str) -> int:
    """Return the number by which the log names a prompt."""
    return key_of(prompt_id)


def _known_locale(library: Library, typed: Prompt) -> Prompt:
    if typed.locale not in library.locales:
        raise PromptError(f"There are questions in these languages: {', '.join(library.locales)}.")
    return typed


def _put(session: Session, prompt_id: str, timing: PromptTiming, now: datetime) -> date:
    PromptChange.put(session, prompt_id, timing, now)
    return timing.valid_from


def _season(ends: tuple[date | None, date | None], now: datetime) -> PromptTiming:
    first, last = ends
    valid_from = next_valid_from(now)
    if first is not None and last is not None and last < first:
        raise PromptError("The last day of the season is before its first.")
    if last is not None and last < valid_from:
        raise PromptError(f"That season is over before {full_date(valid_from)}, the first day that can be changed.")
    return PromptTiming(valid_from, first, last)


def _changeable(session: Session, library: Library, prompt_id: str, now: datetime, *, leaves: bool) -> Prompt:
    """Return a prompt whose timing may change; `leaves` says that it will be missing on some days."""
    current = Library(library.files)  # another process may have changed something within the last minute
    read_own(session, current)
    prompt = current.get(prompt_id)
    if prompt is None or not prompt.in_use:
        raise PromptError(NO_SUCH)
    if prompt.kind == "follow-up":
        raise PromptError("This one asks how a step went. It belongs to no day, so it has no season and stays.")
    if leaves:
        _must_not_stay(current, prompt, next_valid_from(now))
    return prompt


def _must_not_stay(library: Library, prompt: Prompt, on: date) -> None:
    if prompt.opening is not None:
        raise PromptError("It’s one of the six that everybody gets first, so it stays.")
    others = [other for other in library.rotating(prompt.locale, on) if other.id != prompt.id]
    if len(others) < FEWEST_PROMPTS:
        raise PromptError(f"Fewer than {FEWEST_PROMPTS} questions would be left in {prompt.locale}. Add some first.")
    deeper: Sequence[str] = [other.id for other in others if other.lighter == prompt.id]
    if deeper:
        raise PromptError(f"It’s the lighter question beside {' and '.join(deeper)}. Retire that one first.")
