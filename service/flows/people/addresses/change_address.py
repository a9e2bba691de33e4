"""Changing one's address: by a link sent to the new one; for three days the former one can take the change back.

The link needs a signed-in browser as well, so the change takes both mailboxes. The way back needs only the former one:
it is for somebody who finds that another person has made the change.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum, auto
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.core.addresses import Address
from service.core.settings.schedule import local_date
from service.db import random_id
from service.flows.people.addresses import aliases
from service.flows.people.settings.consent import record_moved_consent
from service.models import (
    AddressChange,
    Alias,
    BrowserSession,
    Delivery,
    DeliveryKind,
    Erasure,
    FullMailbox,
    Keyring,
    MailRequest,
    NewDelivery,
    Passkey,
    Subscriber,
    Suppression,
    SuppressionReason,
    open_content,
    seal_content,
)
from service.models.people.journal import deleted_rows

MAX_CONFIRMATIONS_PER_WEEK = 3
LINK_LIFETIME = timedelta(days=1)
TIME_TO_TAKE_BACK = timedelta(days=3)
WEEK = timedelta(weeks=1)
# The emails about a change, by their names in templates/email/answers.toml: to the new address before and after it,
# to the former one after it and when the journal is to be erased, and to both after it was taken back.
CONFIRM, WELCOME_HERE, MOVED_AWAY = "address.confirm", "address.here", "address.moved"
ERASING = "address.erasing"
TAKEN_BACK, LOST = "address.back", "address.lost"


class ChangeStanding(Enum):
    """How a change of address stands, or why it cannot be made."""

    ASKED = auto()  # a confirmation is planned, for known and unknown addresses
    SAME = auto()
    REFUSED = auto()  # no more emails are sent about it now
    REPORTED = auto()  # emails to the address were reported as spam, which moving must not undo
    GONE = auto()
    TAKEN = auto()
    READY = auto()  # the link can be used
    DONE = auto()


@dataclass(frozen=True, slots=True)
class AddressChangeResult:
    """How a change of address stands, and the ids of the emails that were planned for it."""

    standing: ChangeStanding
    delivery_ids: tuple[int, ...] = ()


def ask(session: Session, keyring: Keyring, person: Subscriber, address: Address, now: datetime) -> AddressChangeResult:
    """Plan the email that confirms a new address; whoever has it already is told instead.

    The result does not say whether the address has a journal of its own.
    """
    address_hash = keyring.address_hash(address)
    if address_hash == person.address_hash:
        return AddressChangeResult(ChangeStanding.SAME)
    if _is_reported(session, person):
        return AddressChangeResult(ChangeStanding.REPORTED)
    asked = Delivery.count_since(session, person.id, DeliveryKind.ADDRESS, now - WEEK, CONFIRM)
    if asked >= MAX_CONFIRMATIONS_PER_WEEK:
        return AddressChangeResult(ChangeStanding.REFUSED)
    planned = _plan_to(session, keyring, person, CONFIRM, now, to=address, expires_at=now + LINK_LIFETIME)
    holder = aliases.holder_of(session, address_hash, besides=person)
    told = aliases.plan_notice(session, holder, aliases.ASKED_FOR, now) if holder else []
    return AddressChangeResult(ChangeStanding.ASKED, (*planned, *told))


def look(session: Session, keyring: Keyring, person: Subscriber, delivery_id: int) -> ChangeStanding:
    """Return how the change stands that a confirmation is about, without making it."""
    address = _address_to_confirm(session, keyring, person, delivery_id)
    if address is None:
        return ChangeStanding.GONE
    if _is_reported(session, person):
        return ChangeStanding.REPORTED
    may_move = aliases.may_be_mailed(session, keyring, address, besides=person)
    return ChangeStanding.READY if may_move else ChangeStanding.TAKEN


def confirm(
    session: Session, keyring: Keyring, person: Subscriber, delivery_id: int, *, this_browser: bytes, now: datetime
) -> AddressChangeResult:
    """Move a subscriber, whose row must be locked, to the address whose link they have opened; both addresses are told.

    Every other browser is signed out, and what was sent to either address to sign in with becomes invalid.
    """
    standing = look(session, keyring, person, delivery_id)
    address = _address_to_confirm(session, keyring, person, delivery_id)
    if standing is not ChangeStanding.READY or address is None:
        return AddressChangeResult(standing)
    former_hash, former = person.address_hash, keyring.address_of(person)
    if not _move(session, keyring, person, address, now, source="address_change"):
        return AddressChangeResult(ChangeStanding.TAKEN)
    change = AddressChange(
        id=random_id(),
        subscriber_id=person.id,
        former_hash=former_hash,
        changed_at=now,
        back_until=now + TIME_TO_TAKE_BACK,
    )
    change.sealed_former = keyring.key_of(person).seal_text(
        former.text, place=former_place(change.id), random=os.urandom
    )
    session.add(change)
    session.flush()
    _void_links(session, person, (former_hash, person.address_hash), now)
    BrowserSession.end_others(session, person.id, this_browser)
    away, here = (_plan_about(session, change, person, detail, now) for detail in (MOVED_AWAY, WELCOME_HERE))
    return AddressChangeResult(ChangeStanding.DONE, (*away, *here))


def back_until(person: Subscriber, now: datetime) -> date:
    """Return the last local day on which a change that is made now can be taken back."""
    return local_date(now + TIME_TO_TAKE_BACK, person.zone)


def can_take_back(session: Session, subscriber_id: int, change_id: int, now: datetime) -> bool:
    """Return whether a change can be taken back."""
    return AddressChange.to_take_back(session, subscriber_id, change_id, now) is not None


def is_under_way(session: Session, subscriber_id: int, now: datetime) -> bool:
    """Return whether a subscriber has asked for a change within a day, or has made one that can be taken back."""
    asked = Delivery.count_since(session, subscriber_id, DeliveryKind.ADDRESS, now - LINK_LIFETIME, CONFIRM)
    return asked > 0 or bool(AddressChange.all_to_take_back(session, subscriber_id, now))


def take_back(
    session: Session, keyring: Keyring, subscriber_id: int, change_id: int, now: datetime
) -> AddressChangeResult:
    """Move a subscriber back to the address that they had before a change, whatever was changed after it.

    Every browser is signed out, aliases and passkeys that were added since are removed, a wish to be erased is taken
    back, and entries and photos that were deleted since the day before, in which it was asked for, are put back: all of
    it may be somebody else's doing.
    """
    person = Subscriber.locked(session, subscriber_id)
    change = AddressChange.to_take_back(session, subscriber_id, change_id, now)
    if person is None or change is None:
        return AddressChangeResult(ChangeStanding.GONE)
    former, lost, since = former_address(keyring, person, change), keyring.address_of(person), change.changed_at
    has_moved = person.address_hash != change.former_hash
    if has_moved and not _move(session, keyring, person, former, now, source="taken_back"):
        return AddressChangeResult(ChangeStanding.TAKEN)
    _void_links(session, person, (keyring.address_hash(former), keyring.address_hash(lost)), now)
    AddressChange.forget_since(session, person.id, since)
    Alias.remove_since(session, person.id, since)
    Passkey.remove_since(session, person.id, since)
    BrowserSession.end_all(session, person.id)
    Erasure.take_back(session, person.id)
    deleted_rows.put_back_since(session, person.id, since - LINK_LIFETIME)
    back = _plan(session, person, TAKEN_BACK, now, expires_at=now + WEEK)
    told = _plan_to(session, keyring, person, LOST, now, to=lost, expires_at=now + WEEK) if has_moved else []
    return AddressChangeResult(ChangeStanding.DONE, (*back, *told))


def warn_of_erasing(session: Session, person: Subscriber, now: datetime) -> list[int]:
    """Plan an email to each former address that can still take a change back, since that keeps the journal as well."""
    changes = {
        change.former_hash: change for change in reversed(AddressChange.all_to_take_back(session, person.id, now))
    }
    changes.pop(person.address_hash, None)
    return [id_ for change in changes.values() for id_ in _plan_about(session, change, person, ERASING, now)]


def former_address(keyring: Keyring, person: Subscriber, change: AddressChange) -> Address:
    """Return the address before a change, while it is reserved; raises SealError."""
    return Address(keyring.key_of(person).open_text(change.sealed_former or b"", place=former_place(change.id)))


def _move(
    session: Session, keyring: Keyring, person: Subscriber, address: Address, now: datetime, *, source: str
) -> bool:
    """Give a subscriber another address, with lines in the consent log; return False if somebody else has it now."""
    former_hash, address_hash = person.address_hash, keyring.address_hash(address)
    AddressChange.clear_unconfirmed(session, address_hash)
    try:
        with session.begin_nested():
            person.address_hash = address_hash
            person.sealed_address = keyring.seal_address(keyring.key_of(person), person.id, address)
            session.flush()
    except IntegrityError:  # somebody has signed up with it, or moved to it, at this very moment
        return False
    record_moved_consent(session, person, former_hash, source=source, now=now)
    Alias.remove(session, address_hash, person.id)
    FullMailbox.forget(session, person.id, now)
    return True


def _void_links(session: Session, person: Subscriber, address_hashes: Iterable[bytes], now: datetime) -> None:
    """Make what was sent before invalid: links to sign in with, and confirmations of another address."""
    MailRequest.void_sign_ins(session, address_hashes, now)
    Delivery.drop_content(session, person.id, DeliveryKind.ADDRESS, CONFIRM)


def _is_reported(session: Session, person: Subscriber) -> bool:
    suppression = session.get(Suppression, person.address_hash)
    return suppression is not None and suppression.reason == SuppressionReason.COMPLAINED


def _address_to_confirm(session: Session, keyring: Keyring, person: Subscriber, delivery_id: int) -> Address | None:
    """Return the address that one of this subscriber's open confirmations was sent to, or None."""
    delivery = Delivery.find_by_id(session, person.id, delivery_id)
    if delivery is None or (delivery.kind, delivery.detail) != (DeliveryKind.ADDRESS, CONFIRM):
        return None
    text = open_content(keyring, person, delivery)
    return None if text is None else Address(text)


def _plan_about(session: Session, change: AddressChange, person: Subscriber, detail: str, now: datetime) -> list[int]:
    """Plan an email that says how long a change can be taken back."""
    return _plan(session, person, detail, now, reference=change.id, expires_at=change.back_until)


def _plan_to(
    session: Session,
    keyring: Keyring,
    person: Subscriber,
    detail: str,
    now: datetime,
    *,
    to: Address,
    expires_at: datetime,
) -> list[int]:
    """Plan an email to an address that is not the subscriber's own, which is sealed with it."""
    delivery_id = random_id()
    sealed = seal_content(keyring, person, delivery_id, to.text)
    return _plan(session, person, detail, now, id=delivery_id, sealed_content=sealed, expires_at=expires_at)


def _plan(session: Session, person: Subscriber, detail: str, now: datetime, **columns: Any) -> list[int]:
    """Plan one of the emails about a change."""
    values = {"id": random_id(), **columns}
    delivery = NewDelivery(
        subscriber_id=person.id,
        kind=DeliveryKind.ADDRESS,
        slot=f"{local_date(now, person.zone)}/{values['id']}",
        detail=detail,
        ready_at=now,
        planned_at=now,
        enqueued_at=now,
        **values,
    )
    return Delivery.plan(session, [delivery])


def former_place(change_id: int) -> str:
    """Return the place that the sealed former address of a change is bound to."""
    return f"address_changes.former:{change_id}"
