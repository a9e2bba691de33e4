"""Bringing a list of subscribers from another service: nothing is overwritten, and nobody is brought or asked twice."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from service.core.library.prompts import DEFAULT_LOCALE
from service.core.list_import import ListedPerson, ListService, ListStanding, SubscriberList
from service.core.settings.consent import ConsentEvent, Stream
from service.core.settings.schedule import FIRST_LIGHT, Rhythm, Schedule, next_month_slot
from service.db import random_id
from service.flows.people.subscription.signup_form import SignupForm, encode_form, form_place
from service.models import (
    AddressChange,
    BroughtAs,
    BroughtPerson,
    Consent,
    Keyring,
    ListImport,
    MailRequest,
    MailRequestKind,
    Subscriber,
    SubscriberStatus,
    Suppression,
    SuppressionReason,
)

MAX_ASKED_PER_DAY = 200
TIME_TO_UNDO = timedelta(hours=1)
DAY = timedelta(days=1)
WORDING_CHARACTERS = 16
NOBODY = bytes(32)  # no network, browser or code has this keyed hash
_LOOKED_UP_AT_ONCE = 500


class NotBrought(StrEnum):
    """Why somebody on a list is not brought."""

    LEFT_OUT = "did not get emails there"
    HERE = "are here already"
    BROUGHT = "were brought before"
    STOPPED = "stopped here"
    SUPPRESSED = "may not be written to"


@dataclass(frozen=True, slots=True)
class ListPlan:
    """What bringing a list would do: who is brought as what, by keyed hash, and why others are not."""

    brought: Mapping[bytes, tuple[ListedPerson, BroughtAs]] = field(repr=False)
    not_brought: Mapping[NotBrought, int]

    def count(self, brought_as: BroughtAs) -> int:
        """Return how many are brought so."""
        return Counter(found for _, found in self.brought.values())[brought_as]


@dataclass(frozen=True, slots=True)
class ListOrigin:
    """Where a list comes from, the words that its people agreed to there, if any, and the zone that they get here."""

    service: ListService
    proof: bytes | None = field(repr=False)
    zone: ZoneInfo

    @property
    def proof_hash(self) -> bytes | None:
        """Return the hash of those words (SHA-256)."""
        return hashlib.sha256(self.proof).digest() if self.proof is not None else None


def plan_import(session: Session, keyring: Keyring, listed: SubscriberList, origin: ListOrigin) -> ListPlan:
    """Return what bringing a list would do now; it changes nothing.

    Only somebody whose confirmation there is on the list, with the words that they confirmed as a proof, gets letters
    without being asked here.
    """
    by_hash = {keyring.address_hash(person.address): person for person in listed.people}
    hashes = [*by_hash]
    brought: dict[bytes, tuple[ListedPerson, BroughtAs]] = {}
    not_brought: Counter[NotBrought] = Counter()
    for first in range(0, len(hashes), _LOOKED_UP_AT_ONCE):
        chunk = hashes[first : first + _LOOKED_UP_AT_ONCE]
        reasons = _reasons_not_to_bring(session, chunk)
        for address_hash in chunk:
            person = by_hash[address_hash]
            reason = reasons.get(address_hash)
            if person.standing is ListStanding.LEFT_OUT or reason is not None:
                not_brought[reason or NotBrought.LEFT_OUT] += 1
            else:
                brought[address_hash] = (person, _brought_as(person, origin))
    return ListPlan(brought, not_brought)


def apply_import(
    session: Session, keyring: Keyring, plan: ListPlan, origin: ListOrigin, now: datetime
) -> ListImport | None:
    """Bring a list as planned in this same transaction and return its record, or None if there is nobody to bring.

    The first of those who are asked are asked after an hour, so that there is time to undo it.
    """
    if not plan.brought:
        return None
    made = ListImport(id=random_id(), source=origin.service, proof_hash=origin.proof_hash, at=now)
    session.add(made)
    session.flush()
    schedule = Schedule(Rhythm.THREE.days, FIRST_LIGHT, origin.zone)
    importer = _Importer(session, keyring, made, schedule)
    for address_hash, (person, brought_as) in plan.brought.items():
        importer.bring(address_hash, person, brought_as)
    session.flush()
    return made


def undo_import(session: Session, made: ListImport, now: datetime) -> bool:
    """Take an import back and return whether that was possible: not once it has led to any email.

    Its lines stay in the consent log, each with another that takes it back.
    """
    if made.undone_at is not None or BroughtPerson.was_mailed(session, made.id):
        return False
    for person in BroughtPerson.of_import(session, made.id):
        if person.brought_as == BroughtAs.BOUNCED:
            Suppression.take_back(session, person.address_hash, SuppressionReason.BOUNCED, made.at)
        elif person.brought_as != BroughtAs.WAITING:
            session.add(_line(made, person.address_hash, ConsentEvent.UNDONE, now))
    BroughtPerson.forget_import(session, made.id)
    made.undone_at = now
    return True


def ask_waiting(session: Session, now: datetime, limit: int) -> list[int]:
    """Request the confirmations of people who were brought and wait to be asked; return the ids of the requests.

    At most 200 go within a day, whatever was brought.
    """
    if not BroughtPerson.hold_waiting(session, now):
        return []
    left = MAX_ASKED_PER_DAY - BroughtPerson.count_asked_since(session, now - DAY)
    waiting = BroughtPerson.lock_waiting(session, now, min(left, limit)) if left > 0 else []
    for person in waiting:
        request = MailRequest(
            id=person.request_id,
            kind=MailRequestKind.IMPORT,
            address_hash=person.address_hash,
            sealed_form=person.sealed_form,
            network_hash=NOBODY,
            browser_hash=NOBODY,
            code_hash=NOBODY,
            created_at=now,
            enqueued_at=now,
        )
        session.add(request)
        person.sealed_form, person.asked_at, person.brought_as = None, now, BroughtAs.ASKED
    return [person.request_id for person in waiting if person.request_id is not None]


def _reasons_not_to_bring(session: Session, hashes: list[bytes]) -> dict[bytes, NotBrought]:
    """Return why each of these addresses stays as it is, for those that do."""
    reasons = dict.fromkeys(Consent.stopped_among(session, hashes), NotBrought.STOPPED)
    reasons |= dict.fromkeys(BroughtPerson.known_among(session, hashes), NotBrought.BROUGHT)
    reasons |= dict.fromkeys(AddressChange.reserved_among(session, hashes) - reasons.keys(), NotBrought.HERE)
    here = Subscriber.with_addresses(session, hashes)
    reasons |= {
        found: NotBrought.STOPPED if person.status == SubscriberStatus.STOPPED else NotBrought.HERE
        for found, person in here.items()
        if found not in reasons
    }
    return reasons | {
        found: NotBrought.SUPPRESSED for found in Suppression.among(session, hashes) if found not in reasons
    }


def _brought_as(person: ListedPerson, origin: ListOrigin) -> BroughtAs:
    if person.standing is ListStanding.STOPPED:
        return BroughtAs.STOPPED
    if person.standing is ListStanding.BOUNCED:
        return BroughtAs.BOUNCED
    return BroughtAs.ACTIVE if person.at is not None and origin.proof is not None else BroughtAs.WAITING


def _line(made: ListImport, address_hash: bytes, event: ConsentEvent, at: datetime) -> Consent:
    """Return a line of the consent log; its wording is named by the beginning of the proof's hash."""
    return Consent(
        address_hash=address_hash,
        stream=Stream.LETTERS,
        event=event,
        wording=(made.proof_hash or b"").hex()[:WORDING_CHARACTERS],
        source=made.source,
        at=at,
    )


@dataclass(frozen=True, slots=True)
class _Importer:
    """Brings the people of one list, one after another."""

    session: Session
    keyring: Keyring = field(repr=False)
    made: ListImport
    schedule: Schedule

    def bring(self, address_hash: bytes, person: ListedPerson, brought_as: BroughtAs) -> None:
        row = BroughtPerson(address_hash=address_hash, import_id=self.made.id, brought_as=brought_as)
        if brought_as is BroughtAs.ACTIVE:
            self._add_subscriber(address_hash, person)
        elif brought_as is BroughtAs.STOPPED:
            self.session.add(_line(self.made, address_hash, ConsentEvent.STOPPED, person.at or self.made.at))
        elif brought_as is BroughtAs.BOUNCED:
            Suppression.add(self.session, address_hash, SuppressionReason.BOUNCED, self.made.at)
        else:
            row.request_id, row.ask_from = random_id(), self.made.at + TIME_TO_UNDO
            row.sealed_form = self._sealed_form(row.request_id, person)
        self.session.add(row)

    def _add_subscriber(self, address_hash: bytes, person: ListedPerson) -> None:
        subscriber_id, now = random_id(), self.made.at
        key, wrapped = self.keyring.new_subscriber_key(subscriber_id)
        added = Subscriber(
            id=subscriber_id,
            address_hash=address_hash,
            sealed_address=self.keyring.seal_address(key, subscriber_id, person.address),
            status=SubscriberStatus.ACTIVE,
            locale=DEFAULT_LOCALE,
            wants_questions=False,
            wants_letters=True,
            letters_confirmed_at=now,
            created_at=now,
            confirmed_at=now,
            next_digest_at=next_month_slot(self.schedule, now).at,
        )
        added.set_schedule(self.schedule)
        Subscriber.add(self.session, added, wrapped)
        self.session.add(_line(self.made, address_hash, ConsentEvent.IMPORTED, person.at or now))

    def _sealed_form(self, request_id: int, person: ListedPerson) -> bytes:
        form = SignupForm(person.address, self.schedule, DEFAULT_LOCALE, wants_questions=False, wants_letters=True)
        return self.keyring.seal_own(encode_form(form), place=form_place(request_id))
