"""Mail that is held or unreadable, listed without its words and processed again on request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from service.core.sealing import SealError
from service.flows.incoming.store import InboundStore, StoredMail
from service.mail.inbound.inbound_mail import MalformedPostError
from service.models import Outcome, Reply, Subscriber
from service.storage import StorageError


@dataclass(frozen=True, slots=True)
class QuarantinedMail:
    """What may be told of a mail that is held or unreadable; `kept_until` is None once its raw form is gone."""

    id: int
    received_at: datetime
    outcome: str
    reason: str
    kept_until: datetime | None


class ReplayResult(StrEnum):
    """What became of the wish to read a mail again."""

    ENQUEUED = "will be read again"
    UNKNOWN = "no mail has this id"
    SETTLED = "is settled, or its owner says it is not theirs: nothing to read again"
    GONE = "the raw mail is gone; it is kept for 30 days"
    NOT_OPENED = "cannot be opened now: the object store, or a key, does not answer"


@dataclass(frozen=True, slots=True)
class ReplayedMail:
    """One mail's id, and what became of the wish."""

    id: int
    what: ReplayResult


def quarantined(session: Session) -> list[QuarantinedMail]:
    """Return what is held or could not be read, the oldest first; no words, no addresses."""
    return [
        QuarantinedMail(mail.id, mail.received_at, mail.outcome or "", mail.reason or "", mail.kept_until)
        for mail in Reply.list_quarantined(session)
    ]


def unreadable(session: Session) -> tuple[int, ...]:
    """Return the ids of all that could not be read and is still here, the oldest first."""
    return tuple(mail.id for mail in quarantined(session) if mail.kept_until and mail.outcome == Outcome.UNREADABLE)


def replay(inbound_store: InboundStore, ids: Sequence[int], now: datetime) -> list[ReplayedMail]:
    """Have these mails understood again as if they had just come; return what became of each, in order.

    The caller rings for those that will be read. What is an entry, or was carried out, is left alone: once is enough.
    """
    return [ReplayedMail(reply_id, _replay(inbound_store, reply_id, now)) for reply_id in dict.fromkeys(ids)]


def _replay(inbound_store: InboundStore, reply_id: int, now: datetime) -> ReplayResult:
    with inbound_store.database.read() as session:
        reply = session.get(Reply, reply_id)
        person = session.get(Subscriber, reply.subscriber_id) if reply and reply.subscriber_id else None
    if reply is None:
        return ReplayResult.UNKNOWN
    if not reply.may_be_replayed:
        return ReplayResult.SETTLED
    if not reply.has_raw:
        return ReplayResult.GONE
    try:
        raw = _for_the_job(inbound_store, reply, person)  # before the transaction, in which no network call may stand
    except (SealError, StorageError):
        return ReplayResult.NOT_OPENED
    with inbound_store.database.write() as session:
        row = Reply.find_replayable(session, reply_id)
        if row is not None:
            row.reprocess(now)
            if raw:
                raw.put_on(row)
    if row is not None and raw and reply.stored_as:
        inbound_store.storage.remove(reply.stored_as)
    return ReplayResult.ENQUEUED if row is not None else ReplayResult.SETTLED


def _for_the_job(inbound_store: InboundStore, reply: Reply, person: Subscriber | None) -> StoredMail | None:
    """Return a mail under the service's own key, or None where it is under it already.

    A mail that could not be read may be under either: its owner's once they were known, ours if every attempt died.
    """
    try:
        inbound_store.open(reply)
    except MalformedPostError:
        return None
    except SealError:
        if person is None:
            raise
        return inbound_store.given_back(reply, person)
    return None
