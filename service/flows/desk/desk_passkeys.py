"""The passkeys of the writers: each is a second factor at the desk, as good as a code of an authenticator app.

A challenge counts in the signed-in browser that was asked, for its writer, for ten minutes, and once.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from sqlalchemy.orm import Session

from service.core.access import passkeys as core
from service.core.access.passkeys import (
    Ceremony,
    Challenger,
    PasskeyAnswer,
    PasskeySite,
    challenge_of,
    new_sign_count,
    read_answer,
    read_made_passkey,
)
from service.db import random_id
from service.flows.desk.second_factor import may_try
from service.flows.people.access.passkeys import CREDENTIAL_ID, NAME, PUBLIC_KEY, NamedPasskey, record_answered
from service.models import DeskFactor, DeskPasskey, DeskSession, Keyring

MOST_DESK_PASSKEYS = 20


class DeskPasskeyRefused(Enum):
    """Why a passkey was not added, or does not count as a second factor."""

    TOO_LATE = auto()
    WRONG = auto()
    TOO_OFTEN = auto()
    KNOWN = auto()
    TOO_MANY = auto()
    NO_APP = auto()


@dataclass(frozen=True, slots=True)
class DeskBrowser:
    """A writer's signed-in browser that is asked for a passkey of this site, at this instant."""

    session: Session = field(repr=False)
    keyring: Keyring
    desk: DeskSession = field(repr=False)
    site: PasskeySite
    now: datetime

    def challenger(self, ceremony: Ceremony) -> Challenger:
        """Return what makes and knows the challenges for this browser and its writer."""
        browser = self.desk.secret_hash + self.desk.writer_hash
        return Challenger(self.keyring.index, ceremony, browser, self.now)

    def credential_ids(self) -> list[bytes]:
        """Return the credential ids of the writer's passkeys."""
        rows = DeskPasskey.of_writer(self.session, self.desk.writer_hash)
        return [_open(self.keyring, row, CREDENTIAL_ID) for row in rows]


def named_passkeys(session: Session, keyring: Keyring, writer_hash: bytes) -> list[NamedPasskey]:
    """Return a writer's passkeys with their names opened, the oldest first; the day of the last use is in UTC."""
    return [
        NamedPasskey(row.id, _open(keyring, row, NAME).decode(), row.created_at, row.last_used_on)
        for row in DeskPasskey.of_writer(session, writer_hash)
    ]


def remove(session: Session, writer_hash: bytes, typed_id: str) -> int | None:
    """Remove one of a writer's passkeys; return its id, or None if it is not theirs or not there any more."""
    row = next((row for row in DeskPasskey.of_writer(session, writer_hash) if str(row.id) == typed_id), None)
    if row is None or not DeskPasskey.remove(session, writer_hash, row.id):
        return None
    return row.id


def options_to_add(browser: DeskBrowser, user_name: str) -> str:
    """Return the options, as JSON, with which a browser makes a passkey that its writer does not have yet."""
    return core.options_to_add(
        browser.site,
        browser.challenger(Ceremony.ADD_AT_DESK).make(os.urandom),
        user_handle=_user_handle(browser.keyring, browser.desk.writer_hash),
        user_name=user_name,
        known=browser.credential_ids(),
    )


def options_to_confirm(browser: DeskBrowser) -> str | None:
    """Return the options, as JSON, with which a browser asks for a passkey of its writer; None if they have none."""
    known = browser.credential_ids()
    challenge = browser.challenger(Ceremony.CONFIRM_AT_DESK).make(os.urandom)
    return core.options_to_use(browser.site, challenge, known=known) if known else None


def add(browser: DeskBrowser, *, answer: str, name: str) -> int | DeskPasskeyRefused:
    """Add the passkey that a browser has made to its writer, who has just given a second factor.

    Return the passkey's id, or why it was not added. The writer's row is locked, so that one is added at a time.
    """
    session, keyring, writer_hash = browser.session, browser.keyring, browser.desk.writer_hash
    challenger = browser.challenger(Ceremony.ADD_AT_DESK)
    if DeskFactor.of(session, writer_hash) is None or not challenger.is_own(challenge_of(answer)):
        return DeskPasskeyRefused.TOO_LATE
    made = read_made_passkey(browser.site, challenger, answer)
    if made is None:
        return DeskPasskeyRefused.WRONG
    if len(DeskPasskey.of_writer(session, writer_hash)) >= MOST_DESK_PASSKEYS:
        return DeskPasskeyRefused.TOO_MANY
    found_by = _credential_hash(keyring, made.credential_id)
    if DeskPasskey.is_known(session, found_by):
        return DeskPasskeyRefused.KNOWN
    if not record_answered(session, keyring, made.challenge, browser.now):
        return DeskPasskeyRefused.TOO_LATE
    row = DeskPasskey(
        id=random_id(),
        writer_hash=writer_hash,
        credential_hash=found_by,
        sign_count=made.sign_count,
        created_at=browser.now,
    )
    row.sealed_credential_id = _seal(keyring, row, made.credential_id, CREDENTIAL_ID)
    row.sealed_public_key = _seal(keyring, row, made.public_key, PUBLIC_KEY)
    row.sealed_name = _seal(keyring, row, name.encode(), NAME)
    session.add(row)
    return row.id


def confirm(browser: DeskBrowser, answer: str) -> DeskPasskeyRefused | None:
    """Accept a passkey's answer: for ten minutes this browser may do what cannot be undone; return why it is refused.

    Tries are counted together with those of the app's codes.
    """
    session, keyring, desk = browser.session, browser.keyring, browser.desk
    factor = DeskFactor.of(session, desk.writer_hash)
    if factor is None:
        return DeskPasskeyRefused.NO_APP
    if not may_try(factor, browser.now):
        return DeskPasskeyRefused.TOO_OFTEN
    challenger = browser.challenger(Ceremony.CONFIRM_AT_DESK)
    if not challenger.is_own(challenge_of(answer)):
        return DeskPasskeyRefused.TOO_LATE
    read = read_answer(challenger, answer)
    found_by = b"" if read is None else _credential_hash(keyring, read.credential_id)
    row = DeskPasskey.locked(session, desk.writer_hash, found_by)
    sign_count = None if read is None or row is None else _check(browser, row, read)
    if read is None or row is None or sign_count is None:
        return DeskPasskeyRefused.WRONG
    if not record_answered(session, keyring, read.challenge, browser.now):
        return DeskPasskeyRefused.TOO_LATE
    row.sign_count, row.last_used_on = sign_count, browser.now.date()
    factor.wrong_codes, desk.confirmed_at = 0, browser.now
    return None


def _check(browser: DeskBrowser, row: DeskPasskey, answer: PasskeyAnswer) -> int | None:
    """Return the passkey's new sign counter, or None if the answer is not right for this writer."""
    if answer.user_handle not in {b"", _user_handle(browser.keyring, row.writer_hash)}:
        return None
    public_key = _open(browser.keyring, row, PUBLIC_KEY)
    return new_sign_count(browser.site, answer, public_key=public_key, sign_count=row.sign_count)


def _credential_hash(keyring: Keyring, credential_id: bytes) -> bytes:
    return keyring.index.digest("desk passkey", credential_id)


def _user_handle(keyring: Keyring, writer_hash: bytes) -> bytes:
    """Return what a passkey calls its writer, 32 bytes; a device that knows who is asked may leave it out."""
    return keyring.index.digest("desk passkey owner", writer_hash)


def _open(keyring: Keyring, row: DeskPasskey, column: str) -> bytes:
    sealed: bytes = getattr(row, f"sealed_{column}")
    return keyring.inbound.open(sealed, place=_place(row, column))


def _seal(keyring: Keyring, row: DeskPasskey, content: bytes, column: str) -> bytes:
    return keyring.inbound.seal(content, place=_place(row, column), random=os.urandom)


def _place(row: DeskPasskey, column: str) -> str:
    """Return the place that a sealed column is bound to: a row that is moved to another writer does not open."""
    return f"desk_passkeys.{column}:{row.id}:{row.writer_hash.hex()}"
