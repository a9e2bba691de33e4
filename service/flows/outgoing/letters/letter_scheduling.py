"""Scheduling a letter: it is composed once, fixed, and goes at its time to everybody who confirmed letters before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeAlias

import structlog
from sqlalchemy.orm import Session

from service.core.letters.letter_day import begins_at
from service.flows.outgoing.email_context import EmailContext
from service.flows.outgoing.letters.letter_drafts import LetterError, find_letter
from service.flows.outgoing.letters.letter_freezing import compose_letter
from service.models import Letter, LetterState, LetterTiming, SeenPost

TIME_TO_TAKE_BACK = timedelta(minutes=5)
FURTHEST = timedelta(days=366)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class OwnHour:
    """At each person's own hour of a day, or of one of the two days after it: a day brings one email."""

    on: date


@dataclass(frozen=True, slots=True)
class AtInstant:
    """To everybody at one instant (UTC)."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Straightaway:
    """To everybody in five minutes, until when it can be taken back."""


LetterTime: TypeAlias = OwnHour | AtInstant | Straightaway


def schedule(
    session: Session,
    context: EmailContext,
    letter_id: int,
    when: LetterTime,
    now: datetime,
    *,
    anyway: bool = False,
) -> Letter:
    """Fix a draft and schedule it; return the letter, whose `starts_at` says when its planning begins.

    With `anyway` it then begins even if a check of the doctor fails.

    Raises:
        LetterError: there is no such letter, it is no draft, the time has passed, or it cannot be composed.
    """
    letter = find_letter(session, letter_id)
    if letter.state != LetterState.DRAFT:
        raise LetterError("This letter has been scheduled before. A letter goes once.")
    timing, starts_at = _time(when, now)
    frozen = compose_letter(session, context, letter).frozen
    SeenPost.keep_back(session, letter_id)  # it goes as is said here, and not by itself
    letter.state = LetterState.SCHEDULED
    letter.timing = timing
    letter.goes_anyway = anyway
    letter.starts_on = when.on if isinstance(when, OwnHour) else None
    letter.starts_at = starts_at
    letter.frozen_at = now
    letter.frozen, letter.frozen_digest = frozen.as_json(), frozen.digest
    log.info("letter.scheduled", letter=letter.id, timing=timing.value, starts_at=starts_at.isoformat())
    return letter


def _time(when: LetterTime, now: datetime) -> tuple[LetterTiming, datetime]:
    """Return the timing and the instant at which a letter begins.

    Raises:
        LetterError: that instant has passed, or lies more than a year ahead.
    """
    match when:
        case OwnHour(on):
            # The date first: the first of all has no instant at which it begins in UTC.
            if on < now.date() or begins_at(on) <= now:
                raise LetterError(
                    "That day has begun somewhere already. Choose a later day, or send the letter at an instant."
                )
            timing, starts_at = LetterTiming.OWN_HOUR, begins_at(on)
        case AtInstant(at):
            timing, starts_at = LetterTiming.INSTANT, at
            if starts_at <= now:
                raise LetterError("That time has passed.")
        case Straightaway():
            timing, starts_at = LetterTiming.NOW, now + TIME_TO_TAKE_BACK
    if starts_at > now + FURTHEST:
        raise LetterError("That is more than a year ahead.")
    return timing, starts_at
