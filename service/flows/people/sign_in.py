"""Signing in by a link in an email, in the browser that asked or with the code shown there; signing out."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from sqlalchemy.orm import Session

from service.core.addresses import Address
from service.core.tokens import Action, ActToken
from service.flows.people.mail_requests import Requester, TooManyRequests, record_request
from service.models import BrowserSession, Keyring, MailRequest, MailRequestKind, Subscriber

CODE_TRIES = 5
SIGNED_IN_FOR = timedelta(days=30)
IDLE_FOR = timedelta(days=14)


class SignInLink(Enum):
    """What a sign-in link is good for, or what became of using it."""

    READY = auto()
    NEEDS_CODE = auto()
    WRONG_CODE = auto()
    OVER = auto()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose browser it is now."""

    subscriber_id: int


def ask(
    session: Session, keyring: Keyring, *, address: Address, asker: Requester, now: datetime
) -> int | TooManyRequests:
    """Return the id of the request for a sign-in mail, or that this network asked too often."""
    return record_request(
        session, kind=MailRequestKind.SIGN_IN, address_hash=keyring.address_hash(address), asker=asker, now=now
    )


def look(session: Session, token: ActToken | None, *, browser: bytes, now: datetime) -> SignInLink:
    """Return what a link is good for in this browser; changes nothing."""
    request = _open_request(session, token, now)
    if request is None:
        return SignInLink.OVER
    return SignInLink.READY if hmac.compare_digest(request.browser_hash, browser) else SignInLink.NEEDS_CODE


def use(
    session: Session,
    token: ActToken | None,
    *,
    browser: bytes,
    code: bytes | None,
    secret: bytes,
    now: datetime,
    former: bytes | None = None,
) -> SignedIn | SignInLink:
    """Return whom a link signed in, or why it did not; a link works once, and dies after five wrong codes.

    `browser`, `code` and `secret` are keyed hashes: of the browser's nonce, of the code typed (None for none), and of
    the fresh secret that its cookie will hold. `former` is that of the session which this browser had, and which ends.
    """
    request = _open_request(session, token, now)
    if token is None or request is None:
        return SignInLink.OVER
    if not hmac.compare_digest(request.browser_hash, browser):
        refused = _check_code(session, request, code)
        if refused is not None:
            return refused
    if not MailRequest.mark_used(session, request.id, now):
        return SignInLink.OVER
    open_session(session, token.subscriber_id, secret=secret, now=now, former=former)
    return SignedIn(token.subscriber_id)


def open_session(
    session: Session, subscriber_id: int, *, secret: bytes, now: datetime, former: bytes | None = None
) -> None:
    """Sign a browser in for thirty days, by the hash of its secret; its `former` session ends."""
    if former is not None:
        BrowserSession.end(session, former)
    session.add(
        BrowserSession(secret_hash=secret, subscriber_id=subscriber_id, created_at=now, expires_at=now + SIGNED_IN_FOR)
    )


def sign_out(session: Session, *, secret: bytes, everywhere: bool, now: datetime) -> None:
    """Sign this browser out, or every browser of its person."""
    owner = BrowserSession.owner_id(session, secret, now)
    if everywhere and owner is not None:
        BrowserSession.end_all(session, owner)
    else:
        BrowserSession.end(session, secret)


def is_code_right(session: Session, request: MailRequest, code: bytes) -> bool:
    """Return whether this is the code that was shown where an email was requested; five tries a request."""
    # Counted before it is compared, so that tries at the same time cannot get past the limit.
    return MailRequest.try_code(session, request.id, CODE_TRIES) and hmac.compare_digest(request.code_hash, code)


def _check_code(session: Session, request: MailRequest, code: bytes | None) -> SignInLink | None:
    if code is None:
        return SignInLink.NEEDS_CODE
    if not MailRequest.try_code(session, request.id, CODE_TRIES):
        return SignInLink.OVER
    return None if hmac.compare_digest(request.code_hash, code) else SignInLink.WRONG_CODE


def _open_request(session: Session, token: ActToken | None, now: datetime) -> MailRequest | None:
    """Return the request behind a link that can still be used, or None."""
    if token is None or token.action is not Action.SIGN_IN or token.has_expired(now):
        return None
    request = session.get(MailRequest, token.object_id)
    person = session.get(Subscriber, token.subscriber_id)
    if request is None or person is None or request.address_hash != person.address_hash:
        return None
    if request.used_at is not None or request.wrong_codes >= CODE_TRIES:
        return None
    return request
