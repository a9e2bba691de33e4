"""Joining by mail: a mail to the address that the signup page names while many sign up, from a proved sender."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from service.core.addresses import Address, AddressError
from service.core.library.prompts import DEFAULT_LOCALE, Library
from service.core.settings.consent import Stream
from service.core.settings.schedule import FIRST_LIGHT, Rhythm, Schedule
from service.db import random_id
from service.flows.incoming.replies.classify import Classification
from service.flows.people.subscription.confirm_signup import begin
from service.flows.people.subscription.signup import HOUR, find_or_create
from service.flows.people.subscription.signup_form import SignupForm, streams_to_confirm, waiting_of
from service.mail.inbound.alignment import is_aligned
from service.mail.inbound.inbound_mail import InboundMail
from service.models import Alias, Erasure, Keyring, MailRequest, MailRequestKind, Outcome

SOURCE: Final = "mail"
MAX_JOINS_PER_HOUR: Final = 500  # for everybody together, as for confirmations
MAX_JOINS_PER_DAY: Final = 3  # for one address
DAY: Final = timedelta(days=1)
NOBODY: Final = bytes(32)  # no browser and no network has asked
_NOTHING: Final = Classification(Outcome.STRANGER, "a mail to join that changes nothing")


@dataclass(frozen=True, slots=True)
class JoinByMail:
    """Makes whoever sends a mail to join active, as a confirmed signup does; their time zone is the writer's at first.

    The mail proves the address if the provider vouches for its sender. Nothing in the mail is read.
    """

    keyring: Keyring = field(repr=False)
    library: Library = field(repr=False)
    zone: ZoneInfo

    def apply(
        self, session: Session, mail: InboundMail, stream: Stream, now: datetime, *, by_person: bool
    ) -> tuple[Classification, list[int]]:
        """Return the outcome of a mail to join, and the ids of the emails that it plans.

        A mail whose sender is not proved, that a program wrote, or that brings nothing new gets no answer and changes
        nothing.
        """
        address = _sender(mail) if by_person and is_aligned(mail) else None
        if address is None:
            return _NOTHING, []
        request = self._record(session, address, now)
        if request is None:
            return _NOTHING, []
        form = SignupForm(
            address,
            Schedule(Rhythm.THREE.days, FIRST_LIGHT, self.zone),
            DEFAULT_LOCALE,
            wants_questions=stream is Stream.QUESTIONS,
            wants_letters=stream is Stream.LETTERS,
        )
        person = find_or_create(session, self.keyring, request, form)
        if person is None or Erasure.of_subscriber(session, person.id) or not streams_to_confirm(person, form):
            return _NOTHING, []
        planned = begin(session, self.library, person, waiting_of(person, form), now, source=SOURCE)
        return Classification(Outcome.CONFIRMED, "joined by mail"), planned

    def _record(self, session: Session, address: Address, now: datetime) -> MailRequest | None:
        """Return the row by which joins are counted, or None past a limit or for an address of somebody's journal."""
        address_hash = self.keyring.address_hash(address)
        if Alias.owner_id(session, address_hash) is not None:
            return None
        by_address = MailRequest.count_recent(session, address_hash, now - DAY)
        if by_address >= MAX_JOINS_PER_DAY:
            return None
        if MailRequest.count_of_kind(session, MailRequestKind.JOIN, now - HOUR) >= MAX_JOINS_PER_HOUR:
            return None
        request = MailRequest(
            id=random_id(),
            kind=MailRequestKind.JOIN,
            address_hash=address_hash,
            network_hash=address_hash,  # the limit of one address is counted as that of a network is
            browser_hash=NOBODY,
            code_hash=NOBODY,
            created_at=now,
            done_at=now,
        )
        session.add(request)
        session.flush()
        return request


def _sender(mail: InboundMail) -> Address | None:
    try:
        return Address.parse(mail.from_address or "")
    except AddressError:
        return None
