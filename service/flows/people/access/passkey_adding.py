"""Adding a passkey that a subscriber's browser makes."""

from __future__ import annotations

import os

from sqlalchemy.orm import Session

from service.core.access import passkeys as core
from service.core.access.passkeys import Challenger, PasskeySite, challenge_of, read_made_passkey
from service.db import random_id
from service.flows.people.access import access_notices
from service.flows.people.access.passkeys import (
    CREDENTIAL_ID,
    NAME,
    PUBLIC_KEY,
    PasskeyRefused,
    credential_hash,
    open_sealed,
    record_answered,
    seal_for,
    user_handle,
)
from service.models import Keyring, Passkey, Subscriber

MOST_PASSKEYS = 20


def options(session: Session, keyring: Keyring, person: Subscriber, site: PasskeySite, challenger: Challenger) -> str:
    """Return the options, as JSON, with which a browser makes a passkey for a subscriber who does not have it yet."""
    key = keyring.key_of(person)
    return core.options_to_add(
        site,
        challenger.make(os.urandom),
        user_handle=user_handle(keyring, person.id),
        user_name=keyring.address_of(person).text,
        known=[open_sealed(key, row, CREDENTIAL_ID) for row in Passkey.of_subscriber(session, person.id)],
    )


def add(
    session: Session,
    keyring: Keyring,
    person: Subscriber,
    site: PasskeySite,
    challenger: Challenger,
    *,
    answer: str,
    name: str,
) -> list[int] | PasskeyRefused:
    """Add the passkey that a browser has made to a subscriber, whose row must be locked, and plan the email about it.

    Return the id of the email, or why the passkey was not added.
    """
    if not challenger.is_own(challenge_of(answer)):
        return PasskeyRefused.TOO_LATE
    made = read_made_passkey(site, challenger, answer)
    if made is None:
        return PasskeyRefused.UNUSABLE
    if len(Passkey.of_subscriber(session, person.id)) >= MOST_PASSKEYS:
        return PasskeyRefused.TOO_MANY
    found_by = credential_hash(keyring, made.credential_id)
    if Passkey.is_known(session, found_by):
        return PasskeyRefused.KNOWN
    if not record_answered(session, keyring, made.challenge, challenger.now):
        return PasskeyRefused.TOO_LATE
    key, passkey_id = keyring.key_of(person), random_id()
    row = Passkey(
        id=passkey_id,
        subscriber_id=person.id,
        credential_hash=found_by,
        sealed_credential_id=seal_for(key, made.credential_id, passkey_id, CREDENTIAL_ID),
        sealed_public_key=seal_for(key, made.public_key, passkey_id, PUBLIC_KEY),
        sealed_name=seal_for(key, name.encode(), passkey_id, NAME),
        sign_count=made.sign_count,
        created_at=challenger.now,
    )
    session.add(row)
    return access_notices.plan(session, person, access_notices.PASSKEY_ADDED, challenger.now)
