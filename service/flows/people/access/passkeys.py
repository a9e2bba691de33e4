"""A subscriber's passkeys: listing, naming and removing them, and what adding one and signing in share."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, auto

from sqlalchemy.orm import Session

from service.core.sealing import DataKey
from service.flows.people.access import access_notices
from service.models import AnsweredChallenge, Keyring, Passkey, Subscriber

MOST_NAME_CHARACTERS = 60
CREDENTIAL_ID, PUBLIC_KEY, NAME = "credential_id", "public_key", "name"


class PasskeyRefused(Enum):
    """Why a passkey was not added, or did not sign anybody in."""

    TOO_LATE = auto()
    UNUSABLE = auto()
    KNOWN = auto()
    TOO_MANY = auto()


@dataclass(frozen=True, slots=True)
class NamedPasskey:
    """A passkey as its owner sees it; `last_used_on` is a local date, None if it has signed nobody in yet."""

    id: int
    name: str = field(repr=False)
    created_at: datetime
    last_used_on: date | None


def named_passkeys(session: Session, keyring: Keyring, person: Subscriber) -> list[NamedPasskey]:
    """Return a subscriber's passkeys with their names opened, the oldest first."""
    key = keyring.key_of(person)
    return [
        NamedPasskey(row.id, open_sealed(key, row, NAME).decode(), row.created_at, row.last_used_on)
        for row in Passkey.of_subscriber(session, person.id)
    ]


def rename(session: Session, keyring: Keyring, person: Subscriber, typed_id: str, name: str) -> None:
    """Give one of a subscriber's passkeys another name, if it is still there."""
    row = _own(session, person, typed_id)
    if row is not None:
        row.sealed_name = seal_for(keyring.key_of(person), name.encode(), row.id, NAME)


def remove(session: Session, person: Subscriber, typed_id: str, now: datetime) -> list[int]:
    """Remove one of a subscriber's passkeys, if it is still there; return the id of the email that says so."""
    row = _own(session, person, typed_id)
    if row is None:
        return []
    Passkey.remove(session, person.id, row.id)
    return access_notices.plan(session, person, access_notices.PASSKEY_REMOVED, now)


def credential_hash(keyring: Keyring, credential_id: bytes) -> bytes:
    """Return the hash by which a passkey is found, 32 bytes."""
    return keyring.index.digest("passkey", credential_id)


def user_handle(keyring: Keyring, subscriber_id: int) -> bytes:
    """Return what a passkey calls its owner, 32 bytes, the same for all of their passkeys; it tells nothing of them."""
    return keyring.index.digest("passkey owner", str(subscriber_id).encode())


def record_answered(session: Session, keyring: Keyring, challenge: bytes, now: datetime) -> bool:
    """Record that a challenge is answered; return False if it had been answered before."""
    return AnsweredChallenge.record(session, keyring.index.digest("answered challenge", challenge), now)


def _own(session: Session, person: Subscriber, typed_id: str) -> Passkey | None:
    return next((row for row in Passkey.of_subscriber(session, person.id) if str(row.id) == typed_id), None)


def name_place(passkey_id: int) -> str:
    """Return the place that the sealed name of a passkey is bound to."""
    return _place(passkey_id, NAME)


def open_sealed(key: DataKey, row: Passkey, column: str) -> bytes:
    """Return what is sealed in a column of a passkey; raises SealError."""
    sealed: bytes = getattr(row, f"sealed_{column}")
    return key.open(sealed, place=_place(row.id, column))


def seal_for(key: DataKey, content: bytes, passkey_id: int, column: str) -> bytes:
    """Return the content of a column of a passkey, sealed for its place there."""
    return key.seal(content, place=_place(passkey_id, column), random=os.urandom)


def _place(passkey_id: int, column: str) -> str:
    return f"passkeys.{column}:{passkey_id}"
