"""One tick of the clock: plan what is due, enqueue what was lost, prune what has expired."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from service.core.library.prompts import Library
from service.db import Database
from service.flows.outgoing.plan_digests import plan_due_digests
from service.flows.outgoing.plan_prompts import PlannedChunk, plan_due_prompts
from service.job_queue import JobQueue
from service.models import BrowserSession, Delivery, Heartbeat, MailRequest, Reply, WebhookToken
from service.models.incoming.reply import RAW_KEPT
from service.models.people.subscriber import PENDING_KEPT, Subscriber
from service.storage import Storage

UNQUEUED_AFTER = timedelta(seconds=45)
SWEPT_AT_ONCE = 10_000
TOKENS_KEPT = timedelta(days=4)
REQUESTS_KEPT = timedelta(days=2)
PRUNED_AT_ONCE = 500
CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class TickResult:
    """What a tick did."""

    planned: int
    enqueued_again: int
    unknown: int


def tick(database: Database, library: Library, job_queue: JobQueue, *, now: datetime, chunk: int) -> TickResult:
    """Return what was planned at `now`; any number of clocks may do this at once."""
    # Digests first: on the 1st they take the place of the day's prompt, which looks for them.
    planned = _plan(database, job_queue, chunk, lambda s: plan_due_digests(s, now=now, limit=chunk))
    planned += _plan(database, job_queue, chunk, lambda s: plan_due_prompts(s, library, now=now, limit=chunk))
    rung, unknown = sweep(database, job_queue, now=now)
    with database.write() as session:
        Heartbeat.record(session, CLOCK, now)
    return TickResult(planned, rung, unknown)


def sweep(database: Database, job_queue: JobQueue, *, now: datetime) -> tuple[int, int]:
    """Ring again for what no worker seems to have heard of; return how many that were, and how many lost their worker.

    The queue can be emptied at any moment: whatever is due stands in the database, and is found here.
    """
    with database.write() as session:
        unknown = Delivery.mark_lapsed_unknown(session)
        Reply.mark_given_up(session, now + RAW_KEPT)
        deliveries = Delivery.find_unqueued(session, now, UNQUEUED_AFTER, SWEPT_AT_ONCE)
        requests = MailRequest.find_unqueued(session, now, UNQUEUED_AFTER, SWEPT_AT_ONCE)
        replies = Reply.find_unqueued(session, now, UNQUEUED_AFTER, SWEPT_AT_ONCE)
    job_queue.enqueue_deliveries(deliveries)
    job_queue.enqueue_mail_requests(requests)
    job_queue.enqueue_replies(replies)
    return len(deliveries) + len(requests) + len(replies), unknown


def prune(database: Database, storage: Storage, *, now: datetime) -> None:
    """Let go of what has been kept long enough: raw mails, spent tokens, old requests, people who never confirmed."""
    with database.write() as session:
        WebhookToken.prune(session, now - TOKENS_KEPT)
        MailRequest.prune(session, now - REQUESTS_KEPT)
        BrowserSession.prune(session, now)
        Subscriber.delete_unconfirmed(session, now - PENDING_KEPT)
    while _prune_mails(database, storage, now):
        pass


def _prune_mails(database: Database, storage: Storage, now: datetime) -> bool:
    """Let some raw mails go; return whether there may be more. Their objects go first, or nothing would name them."""
    with database.read() as session:
        mails = Reply.find_expired(session, now, PRUNED_AT_ONCE)
    for mail in mails:
        if mail.stored_as:
            storage.remove(mail.stored_as)
    with database.write() as session:
        Reply.drop_raw_of(session, [mail.id for mail in mails])
    return len(mails) == PRUNED_AT_ONCE


def _plan(database: Database, job_queue: JobQueue, chunk: int, plan: Callable[[Session], PlannedChunk]) -> int:
    planned = 0
    while True:
        with database.write() as session:
            made = plan(session)
        job_queue.enqueue_deliveries(made.delivery_ids)
        planned += len(made.delivery_ids)
        if made.seen < chunk:
            return planned
