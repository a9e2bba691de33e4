"""Held mail, whose sender is not proved to be its owner: the owner reads it, and accepts or disowns it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.orm import Session

from service.core.addresses import Address, AddressError
from service.core.journal.entry_text import for_showing, split_at
from service.flows.incoming.replies.store import InboundStore
from service.flows.people.addresses import aliases
from service.flows.people.addresses.aliases import AliasClaim, AliasStanding
from service.flows.people.journal import deleted_entries
from service.mail.inbound.alignment import is_aligned
from service.mail.inbound.inbound_mail import InboundMail, MalformedPostError, read_mail
from service.mail.sandbox.reader import MailReader
from service.mail.sandbox.reading import MailContent, MailReading
from service.models import Reply, Subscriber
from service.models.incoming.reply import CLAIMED

MAX_SHOWN_BYTES = 20_000
DISOWNED_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class HeldMail:
    """A held mail as its owner may see it; `text` is empty if it has no words or cannot be read."""

    received_at: datetime
    sender: str = field(repr=False)
    text: str = field(repr=False)
    is_disowned: bool = False
    next_id: int | None = None


class Find(Protocol):
    """A query for one of a subscriber's mails."""

    def __call__(self, session: Session, subscriber_id: int, reply_id: int, *, lock: bool = False) -> Reply | None:
        """Return the mail, or None."""
        ...


def open_held_mail(inbound_store: InboundStore, subscriber_id: int, reply_id: int) -> HeldMail | None:
    """Return a mail that is held for this subscriber, or None if there is none or no longer one.

    Raises:
        SealError, StorageError: the mail cannot be read now.
    """
    with inbound_store.database.read() as session:
        reply = Reply.find_held(session, subscriber_id, reply_id)
        person = session.get(Subscriber, subscriber_id)
        if reply is None or person is None:
            return None
        next_id = Reply.next_held(session, subscriber_id, besides=reply_id)
    held_mail = HeldMail(reply.received_at, "", "", reply.is_disowned, next_id)
    try:
        mail = read_mail(inbound_store.open_for_owner(reply, person))
    except MalformedPostError:
        return held_mail
    text, _ = split_at(_words(mail).replace("\x00", "\ufffd"), MAX_SHOWN_BYTES)
    return replace(held_mail, sender=for_showing(mail.from_address or ""), text=for_showing(text))


def _words(mail: InboundMail) -> str:
    """Return the words of a mail; HTML and raw MIME are read in a child process, since anybody may have sent them."""
    if mail.plain:
        return mail.plain
    reader = MailReader()
    try:
        reading = reader.read_words(MailContent(mail.raw_mime, mail.plain, mail.html))
    finally:
        reader.close()
    return reading.words.text if isinstance(reading, MailReading) else ""


def accept(inbound_store: InboundStore, subscriber_id: int, reply_id: int, now: datetime) -> AliasClaim | None:
    """Accept a held mail as its owner's own; return their claim to its sender's address, or None if it was not held.

    The mail has no outcome then, and the caller enqueues it.

    Raises:
        SealError, StorageError: the mail cannot be read or stored now.
    """
    with inbound_store.database.read() as session:
        reply, person = Reply.find_held(session, subscriber_id, reply_id), session.get(Subscriber, subscriber_id)
    sender = _sender(inbound_store, reply, person) if reply and person else None
    if not process_again(inbound_store, Reply.find_held, subscriber_id, reply_id, now):
        return None
    with inbound_store.database.write() as session:
        owner = Subscriber.locked(session, subscriber_id)
        if sender is None or owner is None:
            return AliasClaim(AliasStanding.REFUSED)
        address, is_proved = sender
        return aliases.claim(session, inbound_store.keyring, owner, address, is_proved=is_proved, now=now)


def restore(inbound_store: InboundStore, subscriber_id: int, reply_id: int, now: datetime) -> bool:
    """Put back the entry of a mail that was deleted; return whether the caller has to enqueue the mail instead.

    That is so for an entry that is gone while its raw mail is still here: earlier versions deleted it at once.

    Raises:
        SealError, StorageError: the mail cannot be read or stored now.
    """
    with inbound_store.database.write() as session:
        person, reply = Subscriber.locked(session, subscriber_id), Reply.find_own(session, subscriber_id, reply_id)
        if person and reply and reply.entry_id and deleted_entries.put_back(session, person, reply.entry_id, now):
            return False
    return process_again(inbound_store, Reply.find_restorable, subscriber_id, reply_id, now)


def disown(session: Session, subscriber_id: int, reply_id: int, now: datetime) -> None:
    """Record that a held mail is not its owner's: it is deleted a day later, until when they may still accept it."""
    row = Reply.find_held(session, subscriber_id, reply_id, lock=True)
    if row is not None:
        row.disown(now + DISOWNED_KEPT)


def process_again(
    inbound_store: InboundStore, find: Find, subscriber_id: int, reply_id: int, now: datetime, *, reason: str = CLAIMED
) -> bool:
    """Reseal a mail and remove its outcome, so that it can be processed again; return whether it was found.

    Raises:
        SealError, StorageError: the mail cannot be read or stored now.
    """
    with inbound_store.database.read() as session:
        reply, person = find(session, subscriber_id, reply_id), session.get(Subscriber, subscriber_id)
    if reply is None or person is None:
        return False
    raw = inbound_store.resealed_for_service(reply, person)  # a network call: never inside a transaction
    with inbound_store.database.write() as session:
        row = find(session, subscriber_id, reply_id, lock=True)
        if row is not None:
            raw.assign_to(row)
            row.reprocess_as_own(now, reason)
    if row is not None and reply.stored_as:
        inbound_store.storage.remove(reply.stored_as)
    return row is not None


def _sender(inbound_store: InboundStore, reply: Reply, person: Subscriber) -> tuple[Address, bool] | None:
    """Return the single address in From, and whether the provider vouches for it, or None."""
    try:
        mail = read_mail(inbound_store.open_for_owner(reply, person))
        return Address.parse(mail.from_address or ""), is_aligned(mail)
    except (MalformedPostError, AddressError):
        return None
