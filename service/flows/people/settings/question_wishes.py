"""Wishes about single questions: to be asked one again in a while, or never again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from service.core.library.prompts import Library, Prompt
from service.core.replies.classify.pause_dates import months_after
from service.core.settings.schedule import local_date
from service.flows.people.settings import frequency, own_questions
from service.models import Keyring, QuestionWish, Subscriber


class Wish(StrEnum):
    """What a person may want of a question that they were asked."""

    MONTH = "month"
    HALF_YEAR = "half_year"
    YEAR = "year"
    NEVER = "never"
    USUAL = "usual"


_MONTHS = {Wish.MONTH: 1, Wish.HALF_YEAR: 6, Wish.YEAR: 12}


@dataclass(frozen=True, slots=True)
class WishedQuestion:
    """A question with what its person wants of it: again from a date on, or never if that is None."""

    prompt: Prompt
    again_on: date | None


def record(session: Session, person: Subscriber, prompt: Prompt, wish: Wish, now: datetime) -> None:
    """Record what a person, whose row must be locked, wants of a question, in place of what they wanted before."""
    if wish is Wish.USUAL:
        QuestionWish.remove(session, person.id, prompt.id)
        return
    months = _MONTHS.get(wish)
    again_on = None if months is None else months_after(local_date(now, person.zone), months)
    QuestionWish.put(session, person.id, prompt.id, again_on)
    frequency.record_activity(session, person, now)


def wish_about(session: Session, person: Subscriber, prompt: Prompt) -> WishedQuestion | None:
    """Return what a person wants of a question, or None if it comes as any other."""
    row = QuestionWish.find(session, person.id, prompt.id)
    return None if row is None else WishedQuestion(prompt, row.again_on)


def wished_questions(session: Session, keyring: Keyring, library: Library, person: Subscriber) -> list[WishedQuestion]:
    """Return the questions that a person wants again or never, those that come again first, the next at the head."""
    rows = QuestionWish.of_subscriber(session, person.id)
    prompts = own_questions.prompts_of(session, keyring, library, person, [row.prompt_id for row in rows])
    found = [WishedQuestion(prompts[row.prompt_id], row.again_on) for row in rows if row.prompt_id in prompts]
    return sorted(found, key=lambda each: (each.again_on is None, each.again_on or date.min))


def may_be_asked_again(prompt: Prompt) -> bool:
    """Return whether a question may have a wish: it is in use, and no follow-up, which is about one step."""
    return prompt.in_use and prompt.kind != "follow-up"
