"""Mail that was set aside, held or unreadable: told of by ids, dates and reasons alone, and read again on request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from service.core.sealing import SealError
from service.flows.receiving import Door, Raw
from service.mail.inbound import MalformedPostError
from service.models import Outcome, Reply, Subscriber
from service.storage import StorageError


@dataclass(frozen=True, slots=True)
class SetAside:
    """What may be told of a mail that is held or unreadable; `kept_until` is None once its raw form is gone."""

    id: int
    received_at: datetime
    outcome: str
    reason: str
    kept_until: datetime | None


class Replay(StrEnum):
    """What became of the wish to read a mail again."""

    RUNG = "will be read again"
    UNKNOWN = "no mail has this id"
    SETTLED = "is settled, or its owner says it is not theirs: nothing to read again"
    GONE = "the raw mail is gone; it is kept for 30 days"
    NOT_OPENED = "cannot be opened now: the object store, or a key, does not answer"


@dataclass(frozen=True, slots=True)
class Replayed:
    """One mail's id, and what became of the wish."""

    id: int
    what: Replay


def set_aside(session: Session) -> list[SetAside]:
    """Return what is held or could not be read, the oldest first; no words, no addresses."""
    return [
        SetAside(mail.id, mail.received_at, mail.outcome or "", mail.reason or "", mail.kept_until)
        for mail in Reply.set_aside(session)
    ]


def unreadable(session: Session) -> tuple[int, ...]:
    """Return the ids of all that could not be read and is still here, the oldest first."""
    return tuple(mail.id for mail in set_aside(session) if mail.kept_until and mail.outcome == Outcome.UNREADABLE)


def replay(door: Door, ids: Sequence[int], now: datetime) -> list[Replayed]:
    """Have these mails understood again as if they had just come; return what became of each, in order.

    The caller rings for those that will be read. What is an entry, or was carried out, is left alone: once is enough.
    """
    return [Replayed(reply_id, _replay(door, reply_id, now)) for reply_id in dict.fromkeys(ids)]


def _replay(door: Door, reply_id: int, now: datetime) -> Replay:
    with door.database.read() as session:
        reply = session.get(Reply, reply_id)
        person = session.get(Subscriber, reply.subscriber_id) if reply and reply.subscriber_id else None
    if reply is None:
        return Replay.UNKNOWN
    if not reply.may_be_replayed:
        return Replay.SETTLED
    if not reply.is_kept:
        return Replay.GONE
    try:
        raw = _for_the_job(door, reply, person)  # before the transaction, in which no network call may stand
    except (SealError, StorageError):
        return Replay.NOT_OPENED
    with door.database.write() as session:
        row = Reply.replayable(session, reply_id)
        if row is not None:
            row.read_again(now)
            if raw:
                raw.put_on(row)
    if row is not None and raw and reply.stored_as:
        door.storage.remove(reply.stored_as)
    return Replay.RUNG if row is not None else Replay.SETTLED


def _for_the_job(door: Door, reply: Reply, person: Subscriber | None) -> Raw | None:
    """Return a mail under the service's own key, or None where it is under it already.

    A mail that could not be read may be under either: its owner's once they were known, ours if every attempt died.
    """
    try:
        door.open(reply)
    except MalformedPostError:
        return None
    except SealError:
        if person is None:
            raise
        return door.given_back(reply, person)
    return None
