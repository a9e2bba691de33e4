"""Held mail, which nothing proves to be its owner's: shown to them, kept, or refused by them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.orm import Session

from service.core.addresses import Address, AddressError
from service.core.entry_text import for_showing, split_at
from service.flows.incoming.store import InboundStore
from service.flows.people import aliases
from service.flows.people.aliases import AliasClaim, AliasStanding
from service.mail.inbound.alignment import is_aligned
from service.mail.inbound.inbound_mail import MalformedPostError, read_mail
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


def look(inbound_store: InboundStore, subscriber_id: int, reply_id: int) -> HeldMail | None:
    """Return a mail that is held for this person, or None if there is none (any more).

    Raises:
        SealError, StorageError: it cannot be read now.
    """
    found = _held(inbound_store, subscriber_id, reply_id)
    if found is None:
        return None
    reply, person = found
    with inbound_store.database.read() as session:
        next_id = Reply.next_held(session, subscriber_id, besides=reply_id)
    shown = HeldMail(reply.received_at, "", "", reply.is_disowned, next_id)
    try:
        mail = read_mail(inbound_store.open_own(reply, person))
    except MalformedPostError:
        return shown
    text, _ = split_at((mail.plain or "").replace("\x00", "\ufffd"), SHOWN_BYTES)
    return replace(shown, sender=for_showing(mail.from_address or ""), text=for_showing(text))


def take_in(inbound_store: InboundStore, subscriber_id: int, reply_id: int, now: datetime) -> AliasClaim | None:
    """Let a held mail be understood again, as its owner's own; return how its sender's address stands from now on.

    None where it was held no longer.

    Raises:
        SealError, StorageError: it cannot be read or kept now.
    """
    with inbound_store.database.read() as session:
        reply, person = Reply.find_held(session, subscriber_id, reply_id), session.get(Subscriber, subscriber_id)
    sender = _sender(inbound_store, reply, person) if reply and person else None
    if not _take_up(inbound_store, Reply.find_held, subscriber_id, reply_id, now):
        return None
    with inbound_store.database.write() as session:
        owner = Subscriber.locked(session, subscriber_id)
        if sender is None or owner is None:
            return AliasClaim(AliasStanding.REFUSED)
        address, is_proved = sender
        return aliases.claim(session, inbound_store.keyring, owner, address, is_proved=is_proved, now=now)


def put_back(inbound_store: InboundStore, subscriber_id: int, reply_id: int, now: datetime) -> bool:
    """Let a mail whose entry was deleted be understood again; say whether that could be done.

    Raises:
        SealError, StorageError: it cannot be read or kept now.
    """
    return _take_up(inbound_store, Reply.find_restorable, subscriber_id, reply_id, now)


def disown(session: Session, subscriber_id: int, reply_id: int, now: datetime) -> None:
    """Note that a held mail is not its owner's: it goes a day later, in which they may think again."""
    row = Reply.find_held(session, subscriber_id, reply_id, lock=True)
    if row is not None:
        row.disown(now + THINKING)


def _take_up(inbound_store: InboundStore, find: Find, subscriber_id: int, reply_id: int, now: datetime) -> bool:
    """Let one of a person's mails be understood again; say whether it was there."""
    with inbound_store.database.read() as session:
        reply, person = find(session, subscriber_id, reply_id), session.get(Subscriber, subscriber_id)
    if reply is None or person is None:
        return False
    raw = inbound_store.given_back(reply, person)  # before the transaction, in which no network call may stand
    with inbound_store.database.write() as session:
        row = find(session, subscriber_id, reply_id, lock=True)
        if row is not None:
            raw.put_on(row)
            row.reprocess_as_own(now)
    if row is not None and reply.stored_as:
        inbound_store.storage.remove(reply.stored_as)
    return row is not None


def _sender(inbound_store: InboundStore, reply: Reply, person: Subscriber) -> tuple[Address, bool] | None:
    """Return the one address that a mail is from, and whether the provider vouches for it, or None."""
    try:
        mail = read_mail(inbound_store.open_own(reply, person))
        return Address.parse(mail.from_address or ""), is_aligned(mail)
    except (MalformedPostError, AddressError):
        return None


def _held(inbound_store: InboundStore, subscriber_id: int, reply_id: int) -> tuple[Reply, Subscriber] | None:
    with inbound_store.database.read() as session:
        reply = Reply.find_held(session, subscriber_id, reply_id)
        person = session.get(Subscriber, subscriber_id)
    return (reply, person) if reply and person else None
