"""Pausing, resuming, stopping and taking back letters."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from service.flows.outgoing.letters.letter_drafts import LetterError, find_letter
from service.models import Letter, LetterPause, LetterState, LetterTally, SeenPost
from service.models.letters import letter_deliveries
from service.models.letters.letter import MAY_BE_PAUSED

log = structlog.get_logger()


def pause(session: Session, letter_id: int, because: LetterPause, now: datetime) -> bool:
    """Let nothing more of a letter go but the request under way; return whether it was scheduled or sending.

    Its planned emails stay as they are, and go when it is resumed.

    Raises:
        LetterError: there is no such letter.
    """
    letter = find_letter(session, letter_id)
    if letter.state not in MAY_BE_PAUSED:
        return False
    letter.state = LetterState.PAUSED
    letter.paused_because = because
    letter.paused_at = now
    log.warning("letter.paused", letter=letter.id, because=because.value)
    return True


def pause_all(session: Session, because: LetterPause, now: datetime) -> None:
    """Pause every letter that is scheduled or sending."""
    for letter in Letter.going_on(session):
        pause(session, letter.id, because, now)


def resume(session: Session, letter_id: int, now: datetime) -> bool:
    """Let exactly the rest of a paused letter go; return whether it was paused.

    What was due meanwhile is due now. Its results are counted anew, so that it does not pause for the same ones.

    Raises:
        LetterError: there is no such letter.
    """
    letter = find_letter(session, letter_id)
    if letter.state != LetterState.PAUSED:
        return False
    letter.state = LetterState.SENDING if letter.has_begun else LetterState.SCHEDULED
    letter.paused_because = letter.paused_at = None
    letter.resumed_at = now
    letter_deliveries.make_due_from(session, letter.id, now)
    LetterTally.forget(session, letter.id)
    log.info("letter.resumed", letter=letter.id)
    return True


def stop(session: Session, letter_id: int) -> int:
    """End a letter for good; return how many people do not get it who were planned to.

    Raises:
        LetterError: there is no such letter, or it has gone to everybody or was stopped before.
    """
    letter = find_letter(session, letter_id)
    if letter.state not in {*MAY_BE_PAUSED, LetterState.PAUSED}:
        raise LetterError("There is nothing to stop: this letter is not scheduled, sending or paused.")
    letter.state = LetterState.STOPPED
    letter.paused_because = letter.paused_at = None
    log.warning("letter.stopped", letter=letter.id)
    return letter_deliveries.skip_planned(session, letter.id)


def take_back(session: Session, letter_id: int) -> Letter:
    """Make a scheduled letter that nobody has been planned for a draft again, and return it.

    A draft that was to go by itself stays a draft.

    Raises:
        LetterError: there is no such letter, or it is not scheduled any more.
    """
    letter = find_letter(session, letter_id)
    if letter.state == LetterState.DRAFT and SeenPost.keep_back(session, letter_id):
        return letter
    if letter.state not in {LetterState.SCHEDULED, LetterState.PAUSED} or letter.has_begun:
        raise LetterError("This letter cannot be taken back: it is not scheduled, or has begun to go out.")
    SeenPost.keep_back(session, letter_id)
    letter.state = LetterState.DRAFT
    letter.goes_anyway = False
    letter.timing = letter.starts_on = letter.starts_at = letter.resumed_at = None
    letter.paused_because = letter.paused_at = None
    letter.frozen_at = letter.frozen = letter.frozen_digest = None
    log.info("letter.taken_back", letter=letter.id)
    return letter
