"""Signing in with a passkey, which names its owner by itself."""

from __future__ import annotations

import hmac
import os

from sqlalchemy.orm import Session

from service.core.access import passkeys as core
from service.core.access.passkeys import (
    Challenger,
    PasskeyAnswer,
    PasskeySite,
    challenge_of,
    new_sign_count,
    read_answer,
)
from service.core.sealing import SealError
from service.core.settings.schedule import local_date
from service.flows.people.access import passkeys, sign_in
from service.flows.people.access.passkeys import PasskeyRefused
from service.flows.people.access.sign_in import NewSession, SignedIn
from service.models import Keyring, Passkey, Subscriber


def options(site: PasskeySite, challenger: Challenger) -> str:
    """Return the options, as JSON, with which a browser asks its owner for a passkey of this site."""
    return core.options_to_use(site, challenger.make(os.urandom))


def use(
    session: Session, keyring: Keyring, site: PasskeySite, challenger: Challenger, *, answer: str, new: NewSession
) -> SignedIn | PasskeyRefused:
    """Sign in by a browser's answer, which works once; return the subscriber, or why not."""
    if not challenger.is_own(challenge_of(answer)):
        return PasskeyRefused.TOO_LATE
    read = read_answer(challenger, answer)
    row = None if read is None else Passkey.locked(session, passkeys.credential_hash(keyring, read.credential_id))
    person = None if row is None else session.get(Subscriber, row.subscriber_id)
    if read is None or row is None or person is None:
        return PasskeyRefused.UNUSABLE
    sign_count = _check(keyring, site, person, row, read)
    if sign_count is None:
        return PasskeyRefused.UNUSABLE
    if not passkeys.record_answered(session, keyring, read.challenge, challenger.now):
        return PasskeyRefused.TOO_LATE
    row.sign_count = sign_count
    row.last_used_on = local_date(challenger.now, person.zone)
    return SignedIn(person.id, sign_in.open_session(session, person.id, new, challenger.now))


def _check(keyring: Keyring, site: PasskeySite, person: Subscriber, row: Passkey, answer: PasskeyAnswer) -> int | None:
    """Return the passkey's new sign counter, or None if it is not its owner who answers."""
    if not hmac.compare_digest(answer.user_handle, passkeys.user_handle(keyring, person.id)):
        return None
    try:
        public_key = passkeys.open_sealed(keyring.key_of(person), row, passkeys.PUBLIC_KEY)
    except SealError:  # the owner is being erased, and their key is gone already
        return None
    return new_sign_count(site, answer, public_key=public_key, sign_count=row.sign_count)
