"""The browser at the desk: a cookie of its own, and who is signed in with it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, abort, request
from sqlalchemy.orm import Session

from service.flows.desk.desk_log import Actor, DeskActionName, record_action
from service.flows.desk.desk_sign_in import SESSION_LASTS, writer_hashes
from service.flows.desk.second_factor import is_confirmed
from service.models import DeskSession, Keyring
from service.web.context import get_runtime, hashed, now

_SECRET_BYTES = 32


class DeskSignInNeededError(Exception):
    """This page is for the writers: sign in at the desk first."""


class SecondFactorNeededError(Exception):
    """This cannot be undone: a second factor, a code or a passkey, is needed first."""


@dataclass(frozen=True, slots=True)
class DeskVisit:
    """A writer at the desk, in one transaction."""

    session: Session
    keyring: Keyring
    desk: DeskSession
    address: str = field(repr=False)

    @property
    def is_confirmed(self) -> bool:
        """Return whether a second factor was given within the last ten minutes."""
        return is_confirmed(self.desk, now())

    def require_confirmed(self) -> None:
        """Raise SecondFactorNeededError unless a second factor was given within the last ten minutes."""
        if not self.is_confirmed:
            raise SecondFactorNeededError

    def record(self, name: DeskActionName, **about: Any) -> None:
        """Add what the writer does to the log, in this transaction; `about` as for `record_action`."""
        actor = Actor(writer_hash=self.desk.writer_hash)
        record_action(self.session, self.keyring, actor, name, now(), **about)


def new_secret() -> str:
    """Return a new secret for the cookie."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def secret_hash(secret: str) -> bytes:
    """Return the keyed hash of a secret of the cookie."""
    return hashed("desk", secret)


def token_hash(token: str) -> bytes:
    """Return the keyed hash of a token in a link."""
    return hashed("desk link", token)


def current_secret() -> str:
    """Return the secret of this browser's cookie, "" if it has none."""
    return request.cookies.get(_cookie_name(), "")


def set_secret(response: Response, secret: str) -> None:
    """Give this browser a cookie for twelve hours; it is sent to no other site, and no script can read it."""
    response.set_cookie(
        _cookie_name(),
        secret,
        max_age=SESSION_LASTS,
        path="/",
        secure=get_runtime().settings.is_https,
        httponly=True,
        samesite="Lax",
    )


def forget_secret(response: Response) -> None:
    """Delete this browser's cookie of the desk."""
    response.delete_cookie(_cookie_name(), path="/", secure=get_runtime().settings.is_https, httponly=True)


@contextmanager
def desk_visit(*, writing: bool = False) -> Iterator[DeskVisit]:
    """Open one transaction for a signed-in writer, who is still named in WRITER_EMAILS.

    Raises:
        DeskSignInNeededError: nobody is signed in at the desk with this browser, or not as a writer any more.
    """
    runtime, secret = get_runtime(), current_secret()
    if not runtime.settings.writer_emails:
        abort(HTTPStatus.NOT_FOUND)
    if not secret:
        raise DeskSignInNeededError
    with runtime.database.write() if writing else runtime.database.read() as session:
        desk = DeskSession.find(session, secret_hash(secret), now())
        writers = writer_hashes(runtime.keyring, runtime.settings.writer_emails)
        if desk is None or desk.writer_hash not in writers:
            raise DeskSignInNeededError
        yield DeskVisit(session, runtime.keyring, desk, writers[desk.writer_hash])


def writer_zone() -> ZoneInfo:
    """Return the zone in which the desk says times."""
    return ZoneInfo(get_runtime().settings.writer_time_zone)


def _cookie_name() -> str:
    return "__Host-desk" if get_runtime().settings.is_https else "desk"
