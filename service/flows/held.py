"""Mail that is kept apart because nothing proves whose it is: shown to its owner, and taken in if they say so."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.orm import Session

from service.core.addresses import Address, AddressError
from service.core.journal import for_showing, split_at
from service.flows import aliases
from service.flows.aliases import Claimed, Standing
from service.flows.receiving import Door
from service.mail.alignment import is_aligned
from service.mail.inbound import MalformedPostError, read_mail
from service.models import Reply, Subscriber

SHOWN_BYTES = 20_000
THINKING = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class HeldMail:
    """A mail as its owner may look at it; `text` is empty where it came without plain text."""

    received_at: datetime
    sender: str = field(repr=False)
    text: str = field(repr=False)
    is_disowned: bool = False
    next_id: int | None = None


class Find(Protocol):
    """A way to find one of a person's mails."""

    def __call__(self, session: Session, subscriber_id: int, reply_id: int, *, lock: bool = False) -> Reply | None:
        """Return the mail, or None."""
        ...


def look(door: Door, subscriber_id: int, reply_id: int) -> HeldMail | None:
    """Return a mail that is held for this person, or None if there is none (any more).

    Raises:
        SealError, StorageError: it cannot be read now.
    """
    found = _held(door, subscriber_id, reply_id)
    if found is None:
        return None
    reply, person = found
    with door.database.read() as session:
        next_id = Reply.next_held(session, subscriber_id, besides=reply_id)
    shown = HeldMail(reply.received_at, "", "", reply.is_disowned, next_id)
    try:
        mail = read_mail(door.open_own(reply, person))
    except MalformedPostError:
        return shown
    text, _ = split_at((mail.plain or "").replace("\x00", "\ufffd"), SHOWN_BYTES)
    return replace(shown, sender=for_showing(mail.from_address or ""), text=for_showing(text))


def take_in(door: Door, subscriber_id: int, reply_id: int, now: datetime) -> Claimed | None:
    """Let a held mail be understood again, as its owner's own; return how its sender's address stands from now on.

    None where it was held no longer.

    Raises:
        SealError, StorageError: it cannot be read or kept now.
    """
    with door.database.read() as session:
        reply, person = Reply.held_for(session, subscriber_id, reply_id), session.get(Subscriber, subscriber_id)
    sender = _sender(door, reply, person) if reply and person else None
    if not _take_up(door, Reply.held_for, subscriber_id, reply_id, now):
        return None
    with door.database.write() as session:
        owner = Subscriber.locked(session, subscriber_id)
        if sender is None or owner is None:
            return Claimed(Standing.REFUSED)
        address, is_proved = sender
        return aliases.claim(session, door.keyring, owner, address, is_proved=is_proved, now=now)


def put_back(door: Door, subscriber_id: int, reply_id: int, now: datetime) -> bool:
    """Let a mail whose entry was deleted be understood again; say whether that could be done.

    Raises:
        SealError, StorageError: it cannot be read or kept now.
    """
    return _take_up(door, Reply.taken_back, subscriber_id, reply_id, now)


def disown(session: Session, subscriber_id: int, reply_id: int, now: datetime) -> None:
    """Note that a held mail is not its owner's: it goes a day later, in which they may think again."""
    row = Reply.held_for(session, subscriber_id, reply_id, lock=True)
    if row is not None:
        row.disown(now + THINKING)


def _take_up(door: Door, find: Find, subscriber_id: int, reply_id: int, now: datetime) -> bool:
    """Let one of a person's mails be understood again; say whether it was there."""
    with door.database.read() as session:
        reply, person = find(session, subscriber_id, reply_id), session.get(Subscriber, subscriber_id)
    if reply is None or person is None:
        return False
    raw = door.given_back(reply, person)  # before the transaction, in which no network call may stand
    with door.database.write() as session:
        row = find(session, subscriber_id, reply_id, lock=True)
        if row is not None:
            raw.put_on(row)
            row.take_up_again(now)
    if row is not None and reply.stored_as:
        door.storage.remove(reply.stored_as)
    return row is not None


def _sender(door: Door, reply: Reply, person: Subscriber) -> tuple[Address, bool] | None:
    """Return the one address that a mail is from, and whether the provider vouches for it, or None."""
    try:
        mail = read_mail(door.open_own(reply, person))
        return Address.parse(mail.from_address or ""), is_aligned(mail)
    except (MalformedPostError, AddressError):
        return None


def _held(door: Door, subscriber_id: int, reply_id: int) -> tuple[Reply, Subscriber] | None:
    with door.database.read() as session:
        reply = Reply.held_for(session, subscriber_id, reply_id)
        person = session.get(Subscriber, subscriber_id)
    return (reply, person) if reply and person else None
