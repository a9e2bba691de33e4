"""Mail that was set aside, held or unreadable: listed without private content, and replayed on request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from service.core.sealing import SealError
from service.flows.incoming.replies.store import InboundStore, StoredMail
from service.mail.inbound.inbound_mail import MalformedPostError
from service.models import Outcome, Reply, Subscriber
from service.storage import StorageError


@dataclass(frozen=True, slots=True)
class QuarantinedMail:
    """A held or unreadable mail without private content; `kept_until` is None once the raw mail is deleted."""

    id: int
    received_at: datetime
    outcome: str
    reason: str
    kept_until: datetime | None


class ReplayResult(StrEnum):
    """The result of replaying a mail."""

    ENQUEUED = "will be read again"
    UNKNOWN = "no mail has this id"
    SETTLED = "is settled, or its owner says it is not theirs: nothing to read again"
    GONE = "the raw mail is gone; it is kept for 30 days, or 180 where words may be missing"
    NOT_OPENED = "cannot be opened now: the object store, or a key, does not answer"


@dataclass(frozen=True, slots=True)
class ReplayedMail:
    """The id of a mail and the result of replaying it."""

    id: int
    result: ReplayResult


def quarantined(session: Session) -> list[QuarantinedMail]:
    """Return the mails that are held or could not be read, the oldest first."""
    return [
        QuarantinedMail(mail.id, mail.received_at, mail.outcome or "", mail.reason or "", mail.kept_until)
        for mail in Reply.list_quarantined(session)
    ]


def unreadable(session: Session) -> tuple[int, ...]:
    """Return the ids of unreadable mails whose raw mail is still kept, the oldest first."""
    return tuple(mail.id for mail in quarantined(session) if mail.kept_until and mail.outcome == Outcome.UNREADABLE)


def replay(inbound_store: InboundStore, ids: Sequence[int], now: datetime) -> list[ReplayedMail]:
    """Prepare mails to be processed again as if they had just arrived; return the result for each, in order.

    The caller enqueues those that will. A mail that became an entry or a command is not processed twice.
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
        raw = _reseal_for_service(inbound_store, reply, person)  # a network call: never inside a transaction
    except (SealError, StorageError):
        return ReplayResult.NOT_OPENED
    with inbound_store.database.write() as session:
        row = Reply.find_replayable(session, reply_id)
        if row is not None:
            row.reprocess(now)
            if raw:
                raw.assign_to(row)
    if row is not None and raw and reply.stored_as:
        inbound_store.storage.remove(reply.stored_as)
    return ReplayResult.ENQUEUED if row is not None else ReplayResult.SETTLED


def _reseal_for_service(inbound_store: InboundStore, reply: Reply, person: Subscriber | None) -> StoredMail | None:
    """Return a mail sealed with the service's own key, or None if it is sealed with that already.

    An unreadable mail may be sealed with either key: with its owner's once they were known, with the service's if every
    attempt died.
    """
    try:
        inbound_store.open(reply)
    except MalformedPostError:
        return None
    except SealError:
        if person is None:
            raise
        return inbound_store.resealed_for_service(reply, person)
    return None
