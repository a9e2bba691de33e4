"""Stopping the letters, the questions, or everything; when nothing is left, the subscriber has stopped."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from service.core.settings.consent import Stream
from service.flows.people.settings.consent import withdraw_letters, withdraw_questions
from service.flows.people.subscription import account
from service.models import Subscriber, SubscriberStatus

_WRITTEN_TO = frozenset({SubscriberStatus.ACTIVE, SubscriberStatus.RESTING})


def stop(
    session: Session,
    person: Subscriber,
    stream: Stream | None,
    now: datetime,
    *,
    source: str,
    network: bytes | None = None,
) -> bool:
    """Stop one stream, or everything if None; return whether there was anything to stop.

    A subscriber who gets nothing else stops as a whole, so that "resume" brings it back. `source` and `network` are as
    in `account.stop`.
    """
    if stream is Stream.LETTERS and person.wants_letters and not _is_last(person, person.wants_questions):
        return withdraw_letters(session, person, now, source=source, network=network)
    if stream is Stream.LETTERS and not person.wants_letters:
        return False
    if stream is Stream.QUESTIONS and not _is_last(person, person.wants_letters):
        is_written_to = person.status in _WRITTEN_TO
        return is_written_to and withdraw_questions(session, person, now, source=source, network=network)
    return account.stop(session, person, now, source=source, network=network)


def _is_last(person: Subscriber, wants_other: bool) -> bool:
    """Return whether somebody who is written to gets nothing but one stream, since they do not want the other."""
    return person.status in _WRITTEN_TO and not wants_other
