"""The browsers that a subscriber is signed in with: listing them, and signing one or all others out."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from service.models import BrowserSession, Keyring


@dataclass(frozen=True, slots=True)
class SignedInBrowser:
    """A browser as its owner sees it; `key` names it in a form and opens nothing."""

    key: str
    kind: str
    since: datetime
    ends_at: datetime
    is_this_one: bool


def signed_in_browsers(
    session: Session, keyring: Keyring, subscriber_id: int, *, this_one: bytes | None, now: datetime
) -> list[SignedInBrowser]:
    """Return the browsers of a subscriber whose sessions have not expired, the newest first."""
    return [
        SignedInBrowser(
            key=_key(keyring, row),
            kind=row.kind,
            since=row.created_at,
            ends_at=row.expires_at,
            is_this_one=row.secret_hash == this_one,
        )
        for row in BrowserSession.of_subscriber(session, subscriber_id, now)
    ]


def sign_out_one(session: Session, keyring: Keyring, subscriber_id: int, key: str, now: datetime) -> bool:
    """End the session that this key names; return whether it is one of the subscriber's own."""
    for row in BrowserSession.of_subscriber(session, subscriber_id, now):
        if hmac.compare_digest(_key(keyring, row).encode(), key.encode()):
            BrowserSession.end(session, row.secret_hash)
            return True
    return False


def sign_out_others(session: Session, subscriber_id: int, *, this_one: bytes) -> None:
    """End every session of a subscriber but this one."""
    BrowserSession.end_others(session, subscriber_id, this_one)


def _key(keyring: Keyring, row: BrowserSession) -> str:
    return keyring.index.digest("session in a form", row.secret_hash).hex()
