"""Other addresses that a subscriber writes from: taken on only where it is proved that they are theirs.

Two proofs count: the provider vouches for the sender of a mail that its owner says is theirs, or somebody opens the
link of an email sent to that very address and is signed in as that owner. An address that has a journal of its own is
never another person's, and whoever has it is told that somebody asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from sqlalchemy.orm import Session

from service.core.addresses import Address
from service.core.schedule import local_date
from service.db import random_id
from service.models import (
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

CONFIRMATIONS_A_DAY = 3
CONFIRMATION_LATEST = timedelta(days=1)
LINK_LASTS = timedelta(days=7)
NOTICE_LATEST = timedelta(days=7)
# The two notices about an address, by their names in templates/email/answers.toml.
ASKED_FOR, RELEASED = "alias.asked_for", "alias.released"
_HASH_DIGITS = 16


class AliasStanding(Enum):
    """How a claim to another address stands."""

    THEIRS = auto()
    ASKED = auto()  # an email to the address asks, whoever it belongs to
    TAKEN = auto()
    REFUSED = auto()  # no more emails are sent about it now


@dataclass(frozen=True, slots=True)
class AliasClaim:
    """What became of a claim, and the ids of the emails it led to."""

    standing: AliasStanding
    delivery_ids: tuple[int, ...] = ()


def claim(
    session: Session, keyring: Keyring, person: Subscriber, address: Address, *, is_proved: bool, now: datetime
) -> AliasClaim:
    """Return what became of a subscriber's word that an address is theirs too.

    Without a proof the answer is the same whoever the address belongs to: an email to it is planned, and is not sent in
    the end where the address has a journal. So nobody finds out who has signed up by forging mail to themselves.
    """
    address_hash = keyring.address_hash(address)
    if address_hash == person.address_hash or Alias.owner_id(session, address_hash) == person.id:
        return AliasClaim(AliasStanding.THEIRS)
    holder = _holder(session, address_hash, besides=person)
    if is_proved and holder is None:
        Alias.add(session, address_hash, person.id, now)
        return AliasClaim(AliasStanding.THEIRS)
    told = _plan_notice(session, holder, ASKED_FOR, now) if holder else []
    if is_proved:
        return AliasClaim(AliasStanding.TAKEN, tuple(told))
    asked = _plan_confirmation(session, keyring, person, address, now)
    return AliasClaim(asked.standing, (*told, *asked.delivery_ids))


def address_to_confirm(keyring: Keyring, delivery: Delivery, person: Subscriber) -> Address | None:
    """Return the address that a confirmation goes to, or None if the delivery is none or does not hold it."""
    text = open_content(keyring, person, delivery) if delivery.kind == DeliveryKind.ALIAS else None
    return None if text is None else Address(text)


def may_be_mailed(session: Session, keyring: Keyring, address: Address) -> bool:
    """Say whether a confirmation may go to an address: it is not suppressed, and nobody has it by now."""
    address_hash = keyring.address_hash(address)
    return not Suppression.covers(session, address_hash) and _holder(session, address_hash, besides=None) is None


def confirm(session: Session, keyring: Keyring, person: Subscriber, delivery_id: int, now: datetime) -> AliasStanding:
    """Return how an address stands after its link was opened and its button pressed by its signed-in owner."""
    found = _confirmation(session, keyring, person, delivery_id)
    if found is None:
        return AliasStanding.REFUSED
    if _holder(session, found, besides=person) is not None:
        return AliasStanding.TAKEN
    Alias.add(session, found, person.id, now)
    return AliasStanding.THEIRS


def look(session: Session, keyring: Keyring, person: Subscriber, delivery_id: int) -> AliasStanding:
    """Return how the address stands that a confirmation is about; changes nothing."""
    found = _confirmation(session, keyring, person, delivery_id)
    if found is None:
        return AliasStanding.REFUSED
    if Alias.owner_id(session, found) == person.id:
        return AliasStanding.THEIRS
    return AliasStanding.ASKED if _holder(session, found, besides=person) is None else AliasStanding.TAKEN


def release(session: Session, person: Subscriber, now: datetime) -> list[int]:
    """Let a confirmed subscriber's own address be nobody else's; return the email that tells whoever had it."""
    holder_id = Alias.release(session, person.address_hash, besides=person.id)
    holder = session.get(Subscriber, holder_id) if holder_id else None
    return _plan_notice(session, holder, RELEASED, now) if holder else []


def _holder(session: Session, address_hash: bytes, *, besides: Subscriber | None) -> Subscriber | None:
    """Return the confirmed subscriber whose address this is, else the one whose alias it is, or None."""
    own = Subscriber.confirmed_with_address(session, address_hash)
    alias_of = None if own else Alias.owner_id(session, address_hash)
    holder = own or (session.get(Subscriber, alias_of) if alias_of else None)
    return holder if holder and (besides is None or holder.id != besides.id) else None


def _confirmation(session: Session, keyring: Keyring, person: Subscriber, delivery_id: int) -> bytes | None:
    """Return the hash of the address that one of a subscriber's confirmations went to, or None."""
    delivery = Delivery.find_by_id(session, person.id, delivery_id)
    address = address_to_confirm(keyring, delivery, person) if delivery else None
    return keyring.address_hash(address) if address else None


def _plan_confirmation(
    session: Session, keyring: Keyring, person: Subscriber, address: Address, now: datetime
) -> AliasClaim:
    """Plan the email that asks, once a month for an address and three times a day for a subscriber."""
    day_ago = now - timedelta(days=1)
    if Delivery.count_since(session, person.id, DeliveryKind.ALIAS, day_ago) >= CONFIRMATIONS_A_DAY:
        return AliasClaim(AliasStanding.REFUSED)
    delivery_id = random_id()
    confirmation = NewDelivery(
        id=delivery_id,
        subscriber_id=person.id,
        kind=DeliveryKind.ALIAS,
        slot=f"{now:%Y-%m}/{keyring.address_hash(address).hex()[:_HASH_DIGITS]}",
        sealed_content=seal_content(keyring, person, delivery_id, address.text),
        ready_at=now,
        expires_at=now + CONFIRMATION_LATEST,
        planned_at=now,
        enqueued_at=now,
    )
    return AliasClaim(AliasStanding.ASKED, tuple(Delivery.plan(session, [confirmation])))


def _plan_notice(session: Session, holder: Subscriber, detail: str, now: datetime) -> list[int]:
    """Plan one of the two notices, at most once a day each."""
    notice = NewDelivery(
        subscriber_id=holder.id,
        kind=DeliveryKind.NOTICE,
        slot=f"{local_date(now, holder.zone)}/{detail}",
        detail=detail,
        ready_at=now,
        expires_at=now + NOTICE_LATEST,
        planned_at=now,
        enqueued_at=now,
    )
    return Delivery.plan(session, [notice])
