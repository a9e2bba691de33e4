"""People at the desk: counts, and one person by their exact address. There is no list of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from service.core.addresses import Address
from service.flows.people.access.mail_requests import Requester, TooManyRequests, record_request
from service.models import (
    Consent,
    Keyring,
    MailRequestKind,
    Subscriber,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
)


@dataclass(frozen=True, slots=True)
class PeopleCount:
    """How many people have one status, and how many of them want questions and letters."""

    status: str
    people: int
    questions: int
    letters: int


@dataclass(frozen=True, slots=True)
class DeskPerson:
    """What a writer sees of one person: never a word of theirs."""

    subscriber_id: int
    status: str
    since: datetime
    wants_questions: bool
    wants_letters: bool
    suppressed_for: str | None
    suppressed_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeskConsentLine:
    """One line of a person's consent log."""

    at: datetime
    stream: str
    event: str
    wording: str
    source: str


def count_people(session: Session) -> Sequence[PeopleCount]:
    """Return the counts by status, in the order of a person's way through them."""
    counts = Subscriber.count_by_status(session)
    return [PeopleCount(status.value, *counts.get(status.value, (0, 0, 0))) for status in SubscriberStatus]


def find_person(session: Session, keyring: Keyring, address: Address) -> DeskPerson | None:
    """Return who has exactly this address, or None."""
    address_hash = keyring.address_hash(address)
    person = Subscriber.with_address(session, address_hash)
    if person is None:
        return None
    suppression = session.get(Suppression, address_hash)
    return DeskPerson(
        subscriber_id=person.id,
        status=person.status,
        since=person.created_at,
        wants_questions=person.wants_questions,
        wants_letters=person.wants_letters,
        suppressed_for=suppression.reason if suppression else None,
        suppressed_at=suppression.at if suppression else None,
    )


def bounced_person(session: Session, subscriber_id: int) -> Subscriber | None:
    """Return a person whose address is barred after a bounce, or None; a complaint is never lifted."""
    person = session.get(Subscriber, subscriber_id)
    suppression = session.get(Suppression, person.address_hash) if person is not None else None
    return person if suppression is not None and suppression.reason == SuppressionReason.BOUNCED else None


def lift_bounce(session: Session, person: Subscriber) -> bool:
    """Let an address that bounced get emails again; return whether it was barred for that."""
    suppression = session.get(Suppression, person.address_hash)
    if suppression is None or suppression.reason != SuppressionReason.BOUNCED:
        return False
    Suppression.take_back(session, person.address_hash, SuppressionReason.BOUNCED, suppression.at)
    return True


def consent_lines(session: Session, person: Subscriber) -> Sequence[DeskConsentLine]:
    """Return what a person agreed to and withdrew, oldest first."""
    return [
        DeskConsentLine(line.at, line.stream, line.event, line.wording, line.source)
        for line in Consent.for_address(session, person.address_hash)
    ]


def send_sign_in(session: Session, person: Subscriber, asker: Requester, now: datetime) -> int | TooManyRequests:
    """Record a request for a sign-in email to a person; return its id, or that this network has made too many.

    The link asks for the code of `asker`, which the writer tells the person: whoever asks never gets in by it.
    """
    return record_request(session, kind=MailRequestKind.SIGN_IN, address_hash=person.address_hash, asker=asker, now=now)
