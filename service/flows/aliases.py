"""Other addresses that a subscriber writes from: taken on only where it is proved that the address is theirs.

Two proofs count: the provider vouches for the sender of a mail that its owner says is theirs, or somebody opens the
link of an email sent to that very address and is signed in as that owner. An address that has a journal of its own is
never another person's, and whoever has it is told that somebody asked.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from sqlalchemy.orm import Session

from service.core.addresses import Address
from service.core.schedule import local_date
from service.db import random_id
from service.flows.contents import NothingToSendError, content_place, read_content
from service.models import Alias, Delivery, Keyring, Kind, Subscriber, Suppression

CONFIRMATIONS_A_DAY = 3
CONFIRMATION_LATEST = timedelta(days=1)
LINK_LASTS = timedelta(days=7)
NOTICE_LATEST = timedelta(days=7)
# The two notices about an address, by their names in templates/email/answers.toml.
ASKED_FOR, RELEASED = "alias.asked_for", "alias.released"
_ADDRESS = "address"
_HASH_DIGITS = 16


class Standing(Enum):
    """How a claim to another address stands."""

    THEIRS = auto()
    ASKED = auto()  # an email to the address asks, whoever it belongs to
    TAKEN = auto()
    REFUSED = auto()  # no more emails are sent about it now


@dataclass(frozen=True, slots=True)
class Claimed:
    """What became of a claim, and the ids of the emails it led to."""

    standing: Standing
    delivery_ids: tuple[int, ...] = ()


def claim(
    session: Session, keyring: Keyring, person: Subscriber, address: Address, *, is_proved: bool, now: datetime
) -> Claimed:
    """Return what became of a subscriber's word that an address is theirs too.

    Without a proof the answer is the same whoever the address belongs to: an email to it is planned, and is not sent in
    the end where the address has a journal. So nobody finds out who has signed up by forging mail to themselves.
    """
    address_hash = keyring.address_hash(address)
    if address_hash == person.address_hash or Alias.owner_id(session, address_hash) == person.id:
        return Claimed(Standing.THEIRS)
    holder = _holder(session, address_hash, besides=person)
    if is_proved and holder is None:
        Alias.add(session, address_hash, person.id, now)
        return Claimed(Standing.THEIRS)
    told = _plan_notice(session, holder, ASKED_FOR, now) if holder else []
    if is_proved:
        return Claimed(Standing.TAKEN, tuple(told))
    asked = _plan_confirmation(session, keyring, person, address, now)
    return Claimed(asked.standing, (*told, *asked.delivery_ids))


def address_to_confirm(keyring: Keyring, delivery: Delivery, person: Subscriber) -> Address:
    """Return the address that a confirmation goes to.

    Raises:
        NothingToSendError: it is not kept.
    """
    return Address(read_content(keyring, delivery, person)[_ADDRESS])


def may_be_mailed(session: Session, keyring: Keyring, address: Address) -> bool:
    """Say whether a confirmation may go to an address: it is not suppressed, and nobody has it by now."""
    address_hash = keyring.address_hash(address)
    return not Suppression.covers(session, address_hash) and _holder(session, address_hash, besides=None) is None


def confirm(session: Session, keyring: Keyring, person: Subscriber, delivery_id: int, now: datetime) -> Standing:
    """Return how an address stands after its link was opened and its button pressed by its signed-in owner."""
    found = _confirmation(session, keyring, person, delivery_id)
    if found is None:
        return Standing.REFUSED
    if _holder(session, found, besides=person) is not None:
        return Standing.TAKEN
    Alias.add(session, found, person.id, now)
    return Standing.THEIRS


def look(session: Session, keyring: Keyring, person: Subscriber, delivery_id: int) -> Standing:
    """Return how the address stands that a confirmation is about; changes nothing."""
    found = _confirmation(session, keyring, person, delivery_id)
    if found is None:
        return Standing.REFUSED
    if Alias.owner_id(session, found) == person.id:
        return Standing.THEIRS
    return Standing.ASKED if _holder(session, found, besides=person) is None else Standing.TAKEN


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
    delivery = Delivery.one_of(session, person.id, delivery_id)
    if delivery is None or delivery.kind != Kind.ALIAS:
        return None
    try:
        return keyring.address_hash(address_to_confirm(keyring, delivery, person))
    except NothingToSendError:
        return None


def _plan_confirmation(
    session: Session, keyring: Keyring, person: Subscriber, address: Address, now: datetime
) -> Claimed:
    """Plan the email that asks, once a month for an address and three times a day for a subscriber."""
    day_ago = now - timedelta(days=1)
    if Delivery.count_since(session, person.id, Kind.ALIAS, day_ago) >= CONFIRMATIONS_A_DAY:
        return Claimed(Standing.REFUSED)
    delivery_id = random_id()
    content = json.dumps({_ADDRESS: address.text})
    row = {
        "id": delivery_id,
        "subscriber_id": person.id,
        "kind": Kind.ALIAS,
        "slot": f"{now:%Y-%m}/{keyring.address_hash(address).hex()[:_HASH_DIGITS]}",
        "sealed_content": keyring.key_of(person).seal_text(
            content, place=content_place(delivery_id), random=os.urandom
        ),
        "ready_at": now,
        "expires_at": now + CONFIRMATION_LATEST,
        "planned_at": now,
        "rung_at": now,
    }
    return Claimed(Standing.ASKED, tuple(Delivery.plan(session, [row])))


def _plan_notice(session: Session, holder: Subscriber, detail: str, now: datetime) -> list[int]:
    """Plan one of the two notices, at most once a day each."""
    row = {
        "subscriber_id": holder.id,
        "kind": Kind.NOTICE,
        "slot": f"{local_date(now, holder.zone)}/{detail}",
        "detail": detail,
        "ready_at": now,
        "expires_at": now + NOTICE_LATEST,
        "planned_at": now,
        "rung_at": now,
    }
    return Delivery.plan(session, [row])
