"""Own questions: how one is asked as a prompt, and when it is its turn among the prompts of the library."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from service.core.library.prompts import DEFAULT_LOCALE, Prompt

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

OWN: Final = "own/"  # how the prompt id of an own question begins; no id of the library may have a slash
SUBJECT: Final = "A question of yours"
# In discreet mode no email quotes its reader; the page that it leads to has the question.
NOT_QUOTED: Final = (
    "Today’s question is one you wrote, so it isn’t in this email. The link below opens the page it’s on."
)
# More than a week, so that somebody with one question a week gets one of the library in between.
APART: Final = timedelta(days=8)
NOT_AGAIN_FOR: Final = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class OwnTurn:
    """An own question as planning knows it; `asked_on` is the local date for which it was last planned."""

    id: int
    asked_on: date | None


def prompt_id_of(question_id: int) -> str:
    """Return the prompt id under which an own question is asked and answered."""
    return f"{OWN}{question_id}"


def own_id_of(prompt_id: str | None) -> int | None:
    """Return the id of the own question that a prompt id names, or None for a prompt of the library or nothing."""
    if prompt_id is None or not prompt_id.startswith(OWN):
        return None
    digits = prompt_id.removeprefix(OWN)
    return int(digits) if digits.isascii() and digits.isdecimal() else None


def as_prompt(prompt_id: str, words: str) -> Prompt:
    """Return an own question as a prompt; a digest treats an answer to it as words that answer no question.

    Its subject is in English, and nobody knows the language of its words.
    """
    return Prompt(
        id=prompt_id,
        locale=DEFAULT_LOCALE,
        subject=SUBJECT,
        theme="",
        kind="question",
        minutes=1,
        depth=1,
        resurface=False,
        lighter=None,
        evidence="",
        status="active",
        body=words,
    )


def whose_turn(questions: Iterable[OwnTurn], on: date) -> int | None:
    """Return the id of the own question that is asked on a local date, or None for one of the library.

    Own questions come at least 8 days apart, and each again after 28 days at the earliest: one that was never asked
    first, then the one asked longest ago.
    """
    known = list(questions)
    if any(each.asked_on is not None and on - each.asked_on < APART for each in known):
        return None
    free = [each for each in known if each.asked_on is None or on - each.asked_on >= NOT_AGAIN_FOR]
    first = min(free, key=lambda each: (each.asked_on is not None, each.asked_on or on, each.id), default=None)
    return None if first is None else first.id
