"""Mail that is kept apart because nothing proves whose it is: shown to its owner, and taken in if they say so."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from service.core.journal import for_showing, split_at
from service.flows.receiving import Door
from service.mail.inbound import MalformedPostError, read_mail
from service.models import Reply, Subscriber

SHOWN_BYTES = 20_000


@dataclass(frozen=True, slots=True)
class HeldMail:
    """A mail as its owner may look at it; `text` is empty where it came without plain text."""

    received_at: datetime
    sender: str = field(repr=False)
    text: str = field(repr=False)


def look(door: Door, subscriber_id: int, reply_id: int) -> HeldMail | None:
    """Return a mail that is held for this person, or None if there is none (any more).

    Raises:
        SealError, StorageError: it cannot be read now.
    """
    found = _held(door, subscriber_id, reply_id)
    if found is None:
        return None
    reply, person = found
    try:
        mail = read_mail(door.open_own(reply, person))
    except MalformedPostError:
        return HeldMail(reply.received_at, "", "")
    text, _ = split_at((mail.plain or "").replace("\x00", "\ufffd"), SHOWN_BYTES)
    return HeldMail(reply.received_at, for_showing(mail.from_address or ""), for_showing(text))


def take_in(door: Door, subscriber_id: int, reply_id: int, now: datetime) -> bool:
    """Let a held mail be understood again, as its owner's own; say whether it was still held.

    Raises:
        SealError, StorageError: it cannot be read or kept now.
    """
    found = _held(door, subscriber_id, reply_id)
    if found is None:
        return False
    reply, person = found
    raw = door.given_back(reply, person)  # before the transaction, in which no network call may stand
    with door.database.write() as session:
        row = Reply.held_for(session, subscriber_id, reply_id, lock=True)
        if row is not None:
            raw.put_on(row)
            row.take_up_again(now)
    if row is not None and reply.stored_as:
        door.storage.remove(reply.stored_as)
    return row is not None


def _held(door: Door, subscriber_id: int, reply_id: int) -> tuple[Reply, Subscriber] | None:
    with door.database.read() as session:
        reply = Reply.held_for(session, subscriber_id, reply_id)
        person = session.get(Subscriber, subscriber_id)
    return (reply, person) if reply and person else None
