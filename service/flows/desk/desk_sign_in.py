"""Signing in at the desk by a link in an email to a writer, which works once, in the browser that asked for it."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from service.core.addresses import Address, AddressError
from service.flows.outgoing.planning.plan_writer_mail import plan_writer_mail
from service.models import DeskLink, DeskSession, Keyring, WriterMailKind

LINK_LASTS = timedelta(minutes=10)
SESSION_LASTS = timedelta(hours=12)
LINKS_AN_HOUR = 60  # for one mailbox; the pages limit each network further


@dataclass(frozen=True, slots=True)
class NewDeskLink:
    """What a new link consists of: its address, and the keyed hashes of its token and of the browser that asked."""

    url: str = field(repr=False)
    token_hash: bytes = field(repr=False)
    browser_hash: bytes = field(repr=False)


def writer_hashes(keyring: Keyring, addresses: Collection[str]) -> dict[bytes, str]:
    """Return the writers by the keyed hashes of their addresses; what is no address is left out."""
    found = {}
    for text in addresses:
        try:
            address = Address.parse(text)
        except AddressError:
            continue
        found[keyring.address_hash(address)] = address.text
    return found


def ask(session: Session, keyring: Keyring, writer_hash: bytes, link: NewDeskLink, now: datetime) -> int | None:
    """Store a link for a writer and plan its mail; return the mail's id, or None after too many within an hour."""
    if DeskLink.count_since(session, writer_hash, now - timedelta(hours=1)) >= LINKS_AN_HOUR:
        return None
    row = DeskLink(
        writer_hash=writer_hash,
        token_hash=link.token_hash,
        browser_hash=link.browser_hash,
        created_at=now,
        expires_at=now + LINK_LASTS,
    )
    session.add(row)
    session.flush()
    return plan_writer_mail(
        session,
        keyring,
        WriterMailKind.DESK_SIGN_IN,
        {"url": link.url},
        key=str(row.id),
        now=now,
        writer_hash=writer_hash,
    )


def is_ready(session: Session, token_hash: bytes, browser_hash: bytes, now: datetime) -> bool | None:
    """Return whether a link may be used in this browser; None for a link that cannot be used at all."""
    link = DeskLink.find_open(session, token_hash, now)
    return None if link is None else hmac.compare_digest(link.browser_hash, browser_hash)


def use(session: Session, token_hash: bytes, browser_hash: bytes, new_secret_hash: bytes, now: datetime) -> bool:
    """Sign a browser in by a link, for twelve hours; return False if the link cannot be used in it."""
    link = DeskLink.find_open(session, token_hash, now)
    if link is None or not hmac.compare_digest(link.browser_hash, browser_hash):
        return False
    if not DeskLink.mark_used(session, link.id, now):
        return False
    session.add(
        DeskSession(
            secret_hash=new_secret_hash,
            writer_hash=link.writer_hash,
            created_at=now,
            expires_at=now + SESSION_LASTS,
        )
    )
    return True
