"""Aliases, the other addresses that a subscriber writes from; each is added only with proof that it is theirs.

There are two proofs. Either the provider vouches for the sender of a mail, and the subscriber says that the mail is
theirs. Or the subscriber, signed in, opens the link of an email that was sent to the alias. An address with its own
journal never becomes somebody else's alias, and its subscriber is told about the claim.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from sqlalchemy.orm import Session

from service.core.addresses import Address
from service.core.settings.schedule import local_date
from service.db import random_id
from service.flows.people.access import access_notices
from service.models import (
    AddressChange,
    Alias,
    Delivery,
    DeliveryKind,
    Keyring,
    NewDelivery,
    Subscriber,
    Suppression,
    open_content,
    seal_content,
)

MAX_CONFIRMATIONS_PER_DAY = 3
CONFIRMATION_MAX_DELAY = timedelta(days=1)
LINK_LIFETIME = timedelta(days=7)
NOTICE_MAX_DELAY = timedelta(days=7)
# The two notices about an address, by their names in templates/email/answers.toml.
ASKED_FOR, RELEASED = "alias.asked_for", "alias.released"
_HASH_DIGITS = 16


class AliasStanding(Enum):
    """The state of a claim to an alias."""

    THEIRS = auto()
    ASKED = auto()  # a confirmation is planned, for known and unknown addresses
    ASKED_BEFORE = auto()  # a confirmation was planned lately, and no other is
    TAKEN = auto()
    REFUSED = auto()  # no more emails are sent about it now


@dataclass(frozen=True, slots=True)
class AliasClaim:
    """The result of a claim, and the ids of the emails that were planned for it."""

    standing: AliasStanding
    delivery_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class OtherAddress:
    """An alias as its owner sees it; `key` names it in a form; `address` is None if only its hash is known."""

    key: str
    address: Address | None = field(repr=False)
    added_at: datetime


def other_addresses(session: Session, keyring: Keyring, person: Subscriber) -> list[OtherAddress]:
    """Return a subscriber's aliases, opened, in the order in which they were added."""
    return [
        OtherAddress(key, _opened(keyring, person, alias), alias.created_at)
        for key, alias in _by_key(session, keyring, person).items()
    ]


def remove(session: Session, keyring: Keyring, person: Subscriber, typed_key: str) -> bool:
    """Remove the alias that this key names; return whether it is one of the subscriber's own."""
    for key, alias in _by_key(session, keyring, person).items():
        if hmac.compare_digest(key.encode(), typed_key.encode()):
            Alias.remove(session, alias.address_hash, person.id)
            return True
    return False


def ask(session: Session, keyring: Keyring, person: Subscriber, address: Address, now: datetime) -> AliasClaim:
    """Process a subscriber's wish to add an address, which takes effect once it is confirmed; return the claim.

    As for `claim`, the result does not say whether the address has its own journal. An address gets one confirmation a
    week at most.
    """
    if _is_theirs(session, keyring, person, address):
        return AliasClaim(AliasStanding.THEIRS)
    today = local_date(now, person.zone)
    confirmation = _plan_confirmation(
        session, keyring, person, address, since=str(today - timedelta(days=today.weekday())), now=now
    )
    if confirmation.standing is AliasStanding.ASKED and not confirmation.delivery_ids:
        return AliasClaim(AliasStanding.ASKED_BEFORE)
    holder = holder_of(session, keyring.address_hash(address), besides=person)
    notice_ids = plan_notice(session, holder, ASKED_FOR, now) if holder else []
    return AliasClaim(confirmation.standing, (*confirmation.delivery_ids, *notice_ids))


def claim(
    session: Session, keyring: Keyring, person: Subscriber, address: Address, *, is_proved: bool, now: datetime
) -> AliasClaim:
    """Process a subscriber's claim that an address is theirs too, and return the result.

    Without a proof the result is the same for every address: a confirmation is planned, and later skipped
    if the address has its own journal. So nobody can find out who has signed up by forging mail to themselves.
    """
    if _is_own(keyring, person, address):
        return AliasClaim(AliasStanding.THEIRS)
    holder = holder_of(session, keyring.address_hash(address), besides=person)
    if is_proved and holder is None:
        return AliasClaim(AliasStanding.THEIRS, tuple(_add(session, keyring, person, address, now)))
    if _is_theirs(session, keyring, person, address):
        return AliasClaim(AliasStanding.THEIRS)
    notice_ids = plan_notice(session, holder, ASKED_FOR, now) if holder else []
    if is_proved:
        return AliasClaim(AliasStanding.TAKEN, tuple(notice_ids))
    confirmation = _plan_confirmation(session, keyring, person, address, since=f"{now:%Y-%m}", now=now)
    return AliasClaim(confirmation.standing, (*notice_ids, *confirmation.delivery_ids))


def address_to_confirm(keyring: Keyring, delivery: Delivery, person: Subscriber) -> Address | None:
    """Return the address that a confirmation goes to, or None if the delivery is no confirmation or has no content."""
    text = open_content(keyring, person, delivery) if delivery.kind == DeliveryKind.ALIAS else None
    return None if text is None else Address(text)


def may_be_mailed(session: Session, keyring: Keyring, address: Address, *, besides: Subscriber | None = None) -> bool:
    """Return whether a confirmation may be sent to an address: not suppressed, and nobody's or that of `besides`."""
    address_hash = keyring.address_hash(address)
    return not Suppression.covers(session, address_hash) and holder_of(session, address_hash, besides=besides) is None


def confirm(session: Session, keyring: Keyring, person: Subscriber, delivery_id: int, now: datetime) -> AliasClaim:
    """Add the alias whose link the signed-in subscriber has opened, if nobody has it; return the result."""
    address = _confirmed_address(session, keyring, person, delivery_id)
    if address is None:
        return AliasClaim(AliasStanding.REFUSED)
    if holder_of(session, keyring.address_hash(address), besides=person) is not None:
        return AliasClaim(AliasStanding.TAKEN)
    told = [] if _is_own(keyring, person, address) else _add(session, keyring, person, address, now)
    return AliasClaim(AliasStanding.THEIRS, tuple(told))


def look(session: Session, keyring: Keyring, person: Subscriber, delivery_id: int) -> AliasStanding:
    """Return the state of the claim that a confirmation is about, without changing it."""
    address = _confirmed_address(session, keyring, person, delivery_id)
    if address is None:
        return AliasStanding.REFUSED
    if _is_theirs(session, keyring, person, address):
        return AliasStanding.THEIRS
    holder = holder_of(session, keyring.address_hash(address), besides=person)
    return AliasStanding.ASKED if holder is None else AliasStanding.TAKEN


def release(session: Session, person: Subscriber, now: datetime) -> list[int]:
    """Remove a newly confirmed address from another subscriber's aliases; return the notice planned for them."""
    holder_id = Alias.release(session, person.address_hash, besides=person.id)
    holder = session.get(Subscriber, holder_id) if holder_id else None
    return plan_notice(session, holder, RELEASED, now) if holder else []


def holder_of(session: Session, address_hash: bytes, *, besides: Subscriber | None) -> Subscriber | None:
    """Return the confirmed subscriber who has this address, else the one who may take it back or has it as an alias.

    Return None if there is none, or if it is `besides`.
    """
    own = Subscriber.confirmed_with_address(session, address_hash)
    holder_id = None if own else _reserved_or_alias(session, address_hash)
    holder = own or (session.get(Subscriber, holder_id) if holder_id else None)
    return holder if holder and (besides is None or holder.id != besides.id) else None


def _is_theirs(session: Session, keyring: Keyring, person: Subscriber, address: Address) -> bool:
    alias_owner_id = Alias.owner_id(session, keyring.address_hash(address))
    return _is_own(keyring, person, address) or alias_owner_id == person.id


def _is_own(keyring: Keyring, person: Subscriber, address: Address) -> bool:
    return keyring.address_hash(address) == person.address_hash


def _add(session: Session, keyring: Keyring, person: Subscriber, address: Address, now: datetime) -> list[int]:
    """Add an alias that is proved to be this subscriber's and nobody else's; return the id of the email about it."""
    address_hash = keyring.address_hash(address)
    place = address_place(person, address_hash)
    sealed = keyring.key_of(person).seal_text(address.text, place=place, random=os.urandom)
    is_new = Alias.owner_id(session, address_hash) != person.id
    Alias.add(session, address_hash, person.id, sealed, now)
    return access_notices.plan(session, person, access_notices.ADDRESS_ADDED, now) if is_new else []


def _by_key(session: Session, keyring: Keyring, person: Subscriber) -> Mapping[str, Alias]:
    aliases = Alias.of_subscriber(session, person.id)
    return {keyring.index.digest("alias in a form", alias.address_hash).hex(): alias for alias in aliases}


def _opened(keyring: Keyring, person: Subscriber, alias: Alias) -> Address | None:
    if alias.sealed_address is None:
        return None
    place = address_place(person, alias.address_hash)
    return Address(keyring.key_of(person).open_text(alias.sealed_address, place=place))


def address_place(person: Subscriber, address_hash: bytes) -> str:
    """Return the place that the sealed address of an alias is bound to."""
    return f"aliases.address:{person.id}:{address_hash.hex()}"


def _reserved_or_alias(session: Session, address_hash: bytes) -> int | None:
    return AddressChange.reserved_for(session, address_hash) or Alias.owner_id(session, address_hash)


def _confirmed_address(session: Session, keyring: Keyring, person: Subscriber, delivery_id: int) -> Address | None:
    """Return the address that one of this subscriber's confirmations was sent to, or None."""
    delivery = Delivery.find_by_id(session, person.id, delivery_id)
    return address_to_confirm(keyring, delivery, person) if delivery else None


def _plan_confirmation(
    session: Session, keyring: Keyring, person: Subscriber, address: Address, *, since: str, now: datetime
) -> AliasClaim:
    """Plan a confirmation: one for an address since a day or a month, and three a day for a subscriber."""
    day_ago = now - timedelta(days=1)
    if Delivery.count_since(session, person.id, DeliveryKind.ALIAS, day_ago) >= MAX_CONFIRMATIONS_PER_DAY:
        return AliasClaim(AliasStanding.REFUSED)
    delivery_id = random_id()
    confirmation = NewDelivery(
        id=delivery_id,
        subscriber_id=person.id,
        kind=DeliveryKind.ALIAS,
        slot=f"{since}/{keyring.address_hash(address).hex()[:_HASH_DIGITS]}",
        sealed_content=seal_content(keyring, person, delivery_id, address.text),
        ready_at=now,
        expires_at=now + CONFIRMATION_MAX_DELAY,
        planned_at=now,
        enqueued_at=now,
    )
    return AliasClaim(AliasStanding.ASKED, tuple(Delivery.plan(session, [confirmation])))


def plan_notice(session: Session, holder: Subscriber, detail: str, now: datetime) -> list[int]:
    """Plan one of the two notices, at most once a day each."""
    notice = NewDelivery(
        subscriber_id=holder.id,
        kind=DeliveryKind.NOTICE,
        slot=f"{local_date(now, holder.zone)}/{detail}",
        detail=detail,
        ready_at=now,
        expires_at=now + NOTICE_MAX_DELAY,
        planned_at=now,
        enqueued_at=now,
    )
    return Delivery.plan(session, [notice])
