"""The browser's signed cookie: its nonce, the code that it shows, and who is signed in."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import request
from flask import session as cookie
from sqlalchemy.orm import Session

from service.core.access.browser_kind import browser_kind
from service.flows.people.access import sign_in
from service.flows.people.access.mail_requests import Requester
from service.flows.people.access.sign_in import NewSession
from service.models import BrowserSession, Keyring, Subscriber
from service.web.context import get_runtime, hashed, network_hash, now

SECRET_BYTES = 32
CODE_DIGITS = 6
_NONCE, _SECRET, _CODE, _WANTED, _SEEN = "browser", "secret", "code", "wanted", "seen"


class SignInNeededError(Exception):
    """The page is private: sign in first."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A signed-in person on one of their own pages, in one transaction."""

    session: Session
    keyring: Keyring
    person: Subscriber


def browser_hash() -> bytes:
    """Return the hash of this browser's nonce; creates a nonce if there is none."""
    if _NONCE not in cookie:
        cookie[_NONCE] = secrets.token_urlsafe(SECRET_BYTES)
    return hashed("browser", cookie[_NONCE])


def new_asker() -> Requester:
    """Return who requests an email, with a new code that only this browser shows."""
    cookie[_CODE] = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    return Requester(network_hash(), browser_hash(), code_hash(cookie[_CODE]))


def code_hash(typed: str) -> bytes:
    """Return the hash of a typed code; only its digits count."""
    return hashed("code", "".join(filter(str.isdecimal, typed)))


def shown_code() -> str:
    """Return this browser's code as it is shown ("482 913"), or "" if it has requested no email."""
    code: str = cookie.get(_CODE, "")
    return f"{code[:3]} {code[3:]}".strip()


def has_signed_in() -> bool:
    """Return whether this browser has the secret of a session, which may have ended."""
    return _SECRET in cookie


def is_signed_in() -> bool:
    """Return whether somebody is signed in with this browser now."""
    if not has_signed_in():
        return False
    with get_runtime().database.read() as session:
        return signed_in_id(session) is not None


def new_session() -> tuple[str, NewSession]:
    """Return a new secret for this browser, and the session that will be stored for it."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    kind = browser_kind(request.headers.get("User-Agent", ""))
    return secret, NewSession(secret=hashed("session", secret), former=secret_hash(), browser_kind=kind)


def remember(secret: str) -> None:
    """Replace this browser's cookie by a new one with the secret of its session, against session fixation."""
    cookie.clear()
    cookie[_SECRET] = secret
    cookie[_SEEN] = _today()
    cookie.permanent = True


def forget() -> None:
    """Remove everything from this browser's cookie."""
    cookie.clear()


def secret_hash() -> bytes | None:
    """Return the hash of this browser's secret, or None if it never signed in."""
    return hashed("session", cookie[_SECRET]) if has_signed_in() else None


def note_wanted(path: str) -> None:
    """Store in the cookie the page to open after a sign-in."""
    cookie[_WANTED] = path


def take_wanted() -> str:
    """Return and remove the page to open after a sign-in; the journal if there is none."""
    wanted: str = cookie.pop(_WANTED, "")
    return wanted or "/journal"


@contextmanager
def visit(*, writing: bool = False) -> Iterator[Visit]:
    """Open one transaction on the signed-in person's own rows.

    Raises:
        SignInNeededError: nobody is signed in with this browser.
    """
    runtime = get_runtime()
    if secret_hash() is None:
        raise SignInNeededError
    with runtime.database.write() if writing else runtime.database.read() as session:
        person = _person(session, signed_in_id(session), writing=writing)
        if person is None:
            raise SignInNeededError
        yield Visit(session, runtime.keyring, person)


def signed_in_id(session: Session) -> int | None:
    """Return the id of the signed-in subscriber, or None; also None if this browser was not used for too long."""
    secret = secret_hash()
    return None if secret is None or _was_idle() else BrowserSession.owner_id(session, secret, now())


def sign_in_here(session: Session, subscriber_id: int) -> str:
    """Open a session for this browser; return the secret to `remember` after the commit."""
    secret, new = new_session()
    sign_in.open_session(session, subscriber_id, new, now())
    return secret


def _was_idle() -> bool:
    """Return whether this browser was last used too long ago; otherwise record today in its cookie.

    The cookie holds the day, because showing a page must not write a row. It is signed, and written once a day.
    """
    seen: int = cookie.get(_SEEN, _today())
    if _today() - seen > sign_in.MAX_IDLE.days:
        return True
    if cookie.get(_SEEN) != _today():
        cookie[_SEEN] = _today()
    return False


def _today() -> int:
    """Return the day of this request, counted from the year 1 in UTC."""
    return now().toordinal()


def _person(session: Session, owner: int | None, *, writing: bool) -> Subscriber | None:
    if owner is None:
        return None
    return Subscriber.locked(session, owner) if writing else session.get(Subscriber, owner)
