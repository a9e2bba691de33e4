"""The consent log: one row for each agreement and each withdrawal, by stream."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from service.core.settings.consent import ConsentEvent, Stream, current_version
from service.flows.people.settings import frequency
from service.models import Consent, Subscriber, SubscriberStatus


def record_consent(
    session: Session,
    person: Subscriber,
    event: ConsentEvent,
    stream: Stream = Stream.QUESTIONS,
    *,
    source: str,
    now: datetime,
    network: bytes | None = None,
) -> None:
    """Add a row to the consent log, with the current wording of the stream; `network` is a keyed hash."""
    session.add(
        Consent(
            address_hash=person.address_hash,
            stream=stream,
            event=event,
            wording=current_version(stream),
            source=source,
            network_hash=network,
            at=now,
        )
    )


def record_moved_consent(
    session: Session, person: Subscriber, former_hash: bytes, *, source: str, now: datetime
) -> None:
    """Add the rows of a change of address: what a subscriber gets ends at the former address and goes on at the new.

    What they have stopped stands as stopped at the new address too, so that no old confirmation brings it back.
    """
    is_written_to = person.status in {SubscriberStatus.ACTIVE, SubscriberStatus.RESTING}
    for stream in Stream:
        line = Consent.newest(session, former_hash, stream)
        if is_written_to and stream in person.streams:
            session.add(_moved(former_hash, ConsentEvent.STOPPED, stream, source, now))
            session.add(_moved(person.address_hash, ConsentEvent.CONFIRMED, stream, source, now))
        elif line is not None and line.event == ConsentEvent.STOPPED:
            session.add(_moved(person.address_hash, ConsentEvent.STOPPED, stream, source, now))


def _moved(address_hash: bytes, event: ConsentEvent, stream: Stream, source: str, now: datetime) -> Consent:
    wording = current_version(stream)
    return Consent(address_hash=address_hash, stream=stream, event=event, wording=wording, source=source, at=now)


def confirm_letters(
    session: Session, person: Subscriber, now: datetime, *, source: str, network: bytes | None = None
) -> bool:
    """Turn letters on with a line in the consent log, the only way there is; return whether they were off.

    `source` says how the person agreed: "link", "reply" or "page".
    """
    if person.wants_letters:
        return False
    person.wants_letters = True
    person.letters_confirmed_at = now
    record_consent(session, person, ConsentEvent.CONFIRMED, Stream.LETTERS, source=source, now=now, network=network)
    return True


def withdraw_letters(
    session: Session, person: Subscriber, now: datetime, *, source: str, network: bytes | None = None
) -> bool:
    """Turn letters off with a line in the consent log; return whether they were on."""
    if not person.wants_letters:
        return False
    person.wants_letters = False
    person.letters_confirmed_at = None
    record_consent(session, person, ConsentEvent.STOPPED, Stream.LETTERS, source=source, now=now, network=network)
    return True


def confirm_questions(session: Session, person: Subscriber, now: datetime, *, source: str) -> bool:
    """Turn questions on with a line in the consent log, and schedule the next one; return whether they were off."""
    if person.wants_questions:
        return False
    person.wants_questions = True
    frequency.schedule_next_emails(session, person, now)
    record_consent(session, person, ConsentEvent.CONFIRMED, source=source, now=now)
    return True


def withdraw_questions(
    session: Session, person: Subscriber, now: datetime, *, source: str, network: bytes | None = None
) -> bool:
    """Turn questions off with a line in the consent log; return whether they were on."""
    if not person.wants_questions:
        return False
    frequency.record_activity(session, person, now)  # restores the usual days for when they come again
    person.wants_questions = False
    frequency.schedule_next_emails(session, person, now)
    record_consent(session, person, ConsentEvent.STOPPED, source=source, now=now, network=network)
    return True
