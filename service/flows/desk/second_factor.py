"""The second factor of a writer: codes of an authenticator app (TOTP, RFC 6238), before what cannot be undone.

A passkey does as well (`desk_passkeys`), once the app is set up. The app is set up with a one-time code that a command
on the server prints, so that a stolen mailbox alone cannot do it.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyotp
from sqlalchemy.orm import Session

from service.models import DeskFactor, DeskSession, Keyring

ENROL_LASTS = timedelta(hours=1)
CONFIRMED_FOR = timedelta(minutes=10)
WRONG_CODES, WRONG_CODES_WITHIN = 5, timedelta(minutes=10)
STEP_SECONDS = 30
_LATE_STEPS = 1  # the clock of a phone may differ a little
_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_CODE_LENGTH = 12


@dataclass(frozen=True, slots=True)
class CodeRefused:
    """A code is not accepted, with the sentence for the writer. It is no exception: the try must be committed."""

    sentence: str


NOTHING_TO_SET_UP = CodeRefused("There’s no code to set this up with, or it’s too old. Run the command again.")
NOT_THAT_CODE = CodeRefused("That isn’t the code the command printed. Check it and try again.")
NO_APP = CodeRefused("There’s no authenticator app to check against. Set one up first.")
WRONG = CodeRefused("That code isn’t right. Wait for the next one and try that.")
USED = CodeRefused("That code was used already. Wait for the next one and try that.")
TOO_OFTEN = CodeRefused("That was tried too often. Wait ten minutes, then try again.")


@dataclass(frozen=True, slots=True)
class AppSecret:
    """What an authenticator app needs: the secret as text, and as an address for a QR code."""

    text: str = field(repr=False)
    url: str = field(repr=False)


def new_enrol_code(choose: Callable[[str], str]) -> str:
    """Return a new one-time code, such as "K7QM-2XWA-9RTC"; `choose` picks one character at random."""
    code = "".join(choose(_ALPHABET) for _ in range(_CODE_LENGTH))
    return "-".join(code[at : at + 4] for at in range(0, _CODE_LENGTH, 4))


def begin_enrolment(session: Session, keyring: Keyring, writer_hash: bytes, code_hash: bytes, now: datetime) -> None:
    """Start setting up a writer's second factor anew: the one-time code with this hash opens it within an hour."""
    DeskFactor.remove(session, writer_hash)
    session.add(
        DeskFactor(
            writer_hash=writer_hash,
            enrol_code_hash=code_hash,
            enrol_until=now + ENROL_LASTS,
            sealed_secret=_seal(keyring, writer_hash, pyotp.random_base32()),
        )
    )


def open_enrolment(
    session: Session, keyring: Keyring, writer_hash: bytes, code_hash: bytes, *, place_name: str, now: datetime
) -> AppSecret | CodeRefused:
    """Return what the app needs, for the right one-time code, or why the code is refused."""
    factor = DeskFactor.of(session, writer_hash)
    if factor is None or factor.enrol_code_hash is None or factor.enrol_until is None or factor.enrol_until <= now:
        return NOTHING_TO_SET_UP
    if not may_try(factor, now):
        return TOO_OFTEN
    if not hmac.compare_digest(factor.enrol_code_hash, code_hash):
        return NOT_THAT_CODE
    factor.wrong_codes = 0
    secret = _open(keyring, factor)
    return AppSecret(secret, pyotp.TOTP(secret).provisioning_uri(name="the desk", issuer_name=place_name))


def is_enrolled(session: Session, writer_hash: bytes) -> bool:
    """Return whether a writer has a second factor."""
    factor = session.get(DeskFactor, writer_hash)
    return factor is not None and factor.enrolled_at is not None


def confirm(session: Session, keyring: Keyring, desk: DeskSession, code: str, now: datetime) -> CodeRefused | None:
    """Accept a code of the app: for ten minutes this browser may do what cannot be undone; return why it is refused.

    The first code ends the set-up.
    """
    factor = DeskFactor.of(session, desk.writer_hash)
    if factor is None:
        return NO_APP
    if not may_try(factor, now):
        return TOO_OFTEN
    step = _matching_step(_open(keyring, factor), "".join(str(int(sign)) for sign in code if sign.isdecimal()), now)
    if step is None:
        return WRONG
    if not DeskFactor.accept_step(session, desk.writer_hash, step):
        return USED
    factor.wrong_codes = 0
    factor.enrol_code_hash = factor.enrol_until = None
    factor.enrolled_at = factor.enrolled_at or now
    desk.confirmed_at = now
    return None


def is_confirmed(desk: DeskSession, now: datetime) -> bool:
    """Return whether a code or a passkey was given in this browser within the last ten minutes."""
    return desk.confirmed_at is not None and now - desk.confirmed_at < CONFIRMED_FOR


def may_try(factor: DeskFactor, now: datetime) -> bool:
    """Count a try before its code or passkey is checked; return whether there were few enough within ten minutes."""
    if factor.wrong_since is None or now - factor.wrong_since >= WRONG_CODES_WITHIN:
        factor.wrong_since, factor.wrong_codes = now, 0
    if factor.wrong_codes >= WRONG_CODES:
        return False
    factor.wrong_codes += 1
    return True


def _matching_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step whose code this is, or None; compared in constant time."""
    step = int(now.timestamp()) // STEP_SECONDS
    app = pyotp.TOTP(secret)
    steps = range(step - _LATE_STEPS, step + _LATE_STEPS + 1)
    return next((one for one in steps if hmac.compare_digest(app.generate_otp(one), code)), None)


def _seal(keyring: Keyring, writer_hash: bytes, secret: str) -> bytes:
    return keyring.inbound.seal_text(secret, place=_place(writer_hash), random=os.urandom)


def _open(keyring: Keyring, factor: DeskFactor) -> str:
    return keyring.inbound.open_text(factor.sealed_secret, place=_place(factor.writer_hash))


def _place(writer_hash: bytes) -> str:
    return f"desk_factors.secret:{writer_hash.hex()}"
