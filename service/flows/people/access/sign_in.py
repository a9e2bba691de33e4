"""Signing in by a link in an email, which works once: in the browser that requested it, or with its code."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from sqlalchemy.orm import Session

from service.core.access.tokens import Action, ActToken
from service.core.addresses import Address
from service.flows.people.access.mail_requests import Requester, TooManyRequests, record_request
from service.models import BrowserSession, Erasure, Keyring, MailRequest, MailRequestKind, Subscriber

CODE_TRIES = 5
LINK_LIFETIME = timedelta(minutes=10)
SESSION_LIFETIME = timedelta(days=30)
FRESH_FOR = timedelta(minutes=10)
MAX_IDLE = timedelta(days=14)


class SignInLink(Enum):
    """The state of a sign-in link in a browser, or why using it failed."""

    READY = auto()
    NEEDS_CODE = auto()
    WRONG_CODE = auto()
    INVALID = auto()


@dataclass(frozen=True, slots=True)
class NewSession:
    """The session that a browser gets: the keyed hashes of its secret and of its former session's, and its kind."""

    secret: bytes = field(repr=False)
    former: bytes | None = field(default=None, repr=False)
    browser_kind: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The browser is signed in as this subscriber, who may have taken back by it that they are to be erased."""

    subscriber_id: int
    took_back_erasure: bool = False


def ask(
    session: Session, keyring: Keyring, *, address: Address, asker: Requester, now: datetime
) -> int | TooManyRequests:
    """Record a request for a sign-in email; return its id, or that this network has made too many requests."""
    return record_request(
        session, kind=MailRequestKind.SIGN_IN, address_hash=keyring.address_hash(address), asker=asker, now=now
    )


def look(session: Session, token: ActToken | None, *, browser: bytes, now: datetime) -> SignInLink:
    """Return the state of a link in this browser, without using it."""
    request = _open_request(session, token, now)
    if request is None:
        return SignInLink.INVALID
    return SignInLink.READY if hmac.compare_digest(request.browser_hash, browser) else SignInLink.NEEDS_CODE


def use(
    session: Session,
    token: ActToken | None,
    *,
    browser: bytes,
    code: bytes | None,
    new: NewSession,
    now: datetime,
) -> SignedIn | SignInLink:
    """Sign in by a link, which works once and is invalid after five wrong codes; return the subscriber, or why not.

    `browser` and `code` are keyed hashes: of the browser's nonce, and of the typed code (None for none).
    """
    request = _open_request(session, token, now)
    if token is None or request is None:
        return SignInLink.INVALID
    if not hmac.compare_digest(request.browser_hash, browser):
        refusal = _check_code(session, request, code)
        if refusal is not None:
            return refusal
    if not MailRequest.mark_used(session, request.id, now):
        return SignInLink.INVALID
    return SignedIn(token.subscriber_id, open_session(session, token.subscriber_id, new, now))


def open_session(session: Session, subscriber_id: int, new: NewSession, now: datetime) -> bool:
    """Record a browser session of thirty days, and end the browser's former one.

    Signing in takes back that somebody is to be erased; return whether it did.
    """
    if new.former is not None:
        BrowserSession.end(session, new.former)
    session.add(
        BrowserSession(
            secret_hash=new.secret,
            subscriber_id=subscriber_id,
            created_at=now,
            expires_at=now + SESSION_LIFETIME,
            kind=new.browser_kind,
        )
    )
    return Erasure.take_back(session, subscriber_id)


def is_fresh(session: Session, secret: bytes, now: datetime) -> bool:
    """Return whether a browser, given by the keyed hash of its secret, signed in within the last ten minutes."""
    opened_at = BrowserSession.opened_at(session, secret)
    return opened_at is not None and now - opened_at <= FRESH_FOR


def sign_out(session: Session, *, secret: bytes, everywhere: bool, now: datetime) -> None:
    """End this browser's session, or with `everywhere` every session of its subscriber."""
    subscriber_id = BrowserSession.owner_id(session, secret, now)
    if everywhere and subscriber_id is not None:
        BrowserSession.end_all(session, subscriber_id)
    else:
        BrowserSession.end(session, secret)


def is_code_right(session: Session, request: MailRequest, code: bytes) -> bool:
    """Count a try, and return whether this is the code shown in the browser that made the request."""
    # Count the try before comparing, so that simultaneous tries cannot exceed the limit.
    return MailRequest.try_code(session, request.id, CODE_TRIES) and hmac.compare_digest(request.code_hash, code)


def _check_code(session: Session, request: MailRequest, code: bytes | None) -> SignInLink | None:
    if code is None:
        return SignInLink.NEEDS_CODE
    if not MailRequest.try_code(session, request.id, CODE_TRIES):
        return SignInLink.INVALID
    return None if hmac.compare_digest(request.code_hash, code) else SignInLink.WRONG_CODE


def _open_request(session: Session, token: ActToken | None, now: datetime) -> MailRequest | None:
    """Return the request behind a link, or None if the link cannot be used any more."""
    if token is None or token.action is not Action.SIGN_IN or token.has_expired(now):
        return None
    request = session.get(MailRequest, token.object_id)
    person = session.get(Subscriber, token.subscriber_id)
    if request is None or person is None or request.address_hash != person.address_hash:
        return None
    if request.used_at is not None or request.wrong_codes >= CODE_TRIES:
        return None
    return request
