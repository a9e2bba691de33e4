"""One tick of the clock: plan what is due, find lost jobs and enqueue both; and pruning expired data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from service.core.library.prompts import Library
from service.db import Database
from service.flows.outgoing.planning.plan_digests import plan_due_digests
from service.flows.outgoing.planning.plan_letters import end_planned_letters, plan_due_letters
from service.flows.outgoing.planning.plan_prompts import PlannedChunk, plan_due_prompts
from service.flows.outgoing.retention import drop_old_deliveries, sweep_orphaned_objects
from service.flows.people.journal.deleted_entries import prune_deleted
from service.flows.people.journal.photos.removed_photos import prune_removed
from service.flows.people.journal_export.prune_exports import prune_exports
from service.flows.people.journal_import.prune_imports import prune_imports
from service.flows.people.subscription import list_import
from service.job_queue import BackgroundJob, JobQueue
from service.models import (
    AddressChange,
    AnsweredChallenge,
    BrowserSession,
    Delivery,
    DeskAction,
    DeskLink,
    DeskSession,
    DomainHour,
    EarlierWording,
    Erasure,
    Feed,
    Heartbeat,
    Installation,
    JournalExport,
    JournalImport,
    MailRequest,
    Reply,
    ResultDay,
    RoundTrip,
    SendingHour,
    WebhookToken,
    WriterMail,
)
from service.models.incoming import reply_claims
from service.models.incoming.reply import RAW_KEPT
from service.models.letters import letter_deliveries
from service.models.outgoing.deliveries import delivery_claims, delivery_evidence
from service.models.people.subscription.subscriber import PENDING_KEPT, Subscriber
from service.storage import Storage

UNQUEUED_AFTER = timedelta(seconds=45)
SWEEP_LIMIT = 10_000
# Few enough that a prompt which is planned meanwhile does not wait behind a whole letter.
LETTERS_A_TICK = 4_000
LETTER_CHUNKS_A_TICK = 30
TOKENS_KEPT = timedelta(days=4)
REQUESTS_KEPT = timedelta(days=2)
CHALLENGES_KEPT = timedelta(days=1)  # they are valid for minutes
HEARTBEATS_KEPT = timedelta(days=1)
PRUNE_LIMIT = 500
DESK_ACTIONS_KEPT = timedelta(days=731)
ROUND_TRIPS_KEPT = timedelta(days=7)
WRITER_MAILS_KEPT = timedelta(days=30)  # as long as the provider keeps events, by which one in doubt is settled
CLOCK = "clock"
# How the sweep finds the ids of each job of the queue `jobs` and marks them as enqueued: given the present, how long
# ago they were enqueued at least, and how many to return.
FIND_UNQUEUED: Mapping[BackgroundJob, Callable[[Session, datetime, timedelta, int], list[int]]] = {
    BackgroundJob.WRITER_MAILS: WriterMail.find_unqueued,
    BackgroundJob.IMPORTS: JournalImport.find_unqueued,
    BackgroundJob.EXPORTS: JournalExport.find_unqueued,
    BackgroundJob.ERASURES: Erasure.find_unqueued,
    BackgroundJob.FEEDS: Feed.find_unqueued,
}


@dataclass(frozen=True, slots=True)
class TickResult:
    """How many deliveries a tick planned, how many jobs it enqueued again, and how many deliveries became unknown."""

    planned: int
    enqueued_again: int
    unknown: int


def tick(database: Database, library: Library, job_queue: JobQueue, *, now: datetime, chunk: int) -> TickResult:
    """Plan and sweep at `now`, and return what was done; several clocks may tick at the same time."""
    # Plan digests and letters first: they replace the day's prompt, and planning prompts looks for them.
    planned = _plan(database, job_queue, chunk, lambda session: plan_due_digests(session, now=now, limit=chunk))
    planned += _plan_letters(database, now, chunk)
    planned += _plan(
        database, job_queue, chunk, lambda session: plan_due_prompts(session, library, now=now, limit=chunk)
    )
    _ask_brought_people(database, job_queue, now=now, limit=chunk)
    enqueued, unknown = sweep(database, job_queue, now=now)
    with database.write() as session:
        Heartbeat.record(session, CLOCK, now)
    return TickResult(planned, enqueued, unknown)


def sweep(database: Database, job_queue: JobQueue, *, now: datetime) -> tuple[int, int]:
    """Enqueue again what no worker has taken; return how many jobs, and how many deliveries lost their worker.

    The job queue may lose its jobs at any moment, so this finds all that is due in the database.
    """
    with database.write() as session:
        delivery_claims.plan_lapsed_again(session)
        unknown = delivery_claims.mark_lapsed_unknown(session)
        delivery_evidence.plan_once_more(session)
        WriterMail.recover_lapsed(session)
        reply_claims.mark_given_up(session, now + RAW_KEPT)
        is_held = Installation.is_held(session)
        deliveries = [] if is_held else Delivery.find_unqueued(session, now, UNQUEUED_AFTER, SWEEP_LIMIT)
        deliveries += [] if is_held else letter_deliveries.find_unqueued(session, now, UNQUEUED_AFTER, LETTERS_A_TICK)
        requests = MailRequest.find_unqueued(session, now, UNQUEUED_AFTER, SWEEP_LIMIT)
        replies = reply_claims.find_unqueued(session, now, UNQUEUED_AFTER, SWEEP_LIMIT)
        background = {job: find(session, now, UNQUEUED_AFTER, SWEEP_LIMIT) for job, find in FIND_UNQUEUED.items()}
    job_queue.enqueue_deliveries(deliveries)
    job_queue.enqueue_mail_requests(requests)
    job_queue.enqueue_replies(replies)
    for job, ids in background.items():
        job_queue.enqueue_background(job, ids)
    return len(deliveries) + len(requests) + len(replies) + sum(map(len, background.values())), unknown


def prune(database: Database, storage: Storage, *, now: datetime) -> None:
    """Delete what has expired: raw mail, tokens, requests, sessions, unconfirmed signups, deliveries, lost objects."""
    with database.write() as session:
        WebhookToken.prune(session, now - TOKENS_KEPT)
        MailRequest.prune(session, now - REQUESTS_KEPT)
        BrowserSession.prune(session, now)
        AnsweredChallenge.prune(session, now - CHALLENGES_KEPT)
        AddressChange.prune(session, now)
        Heartbeat.prune(session, now - HEARTBEATS_KEPT)
        DomainHour.prune(session, now)
        EarlierWording.prune(session, now)
        ResultDay.prune(session, now)
        SendingHour.prune(session, now)
        WriterMail.prune(session, now - WRITER_MAILS_KEPT)
        DeskLink.prune(session, now - REQUESTS_KEPT)
        DeskSession.prune(session, now)
        DeskAction.prune(session, now - DESK_ACTIONS_KEPT)
        RoundTrip.prune(session, now - ROUND_TRIPS_KEPT)
        Subscriber.delete_unconfirmed(session, now - PENDING_KEPT)
    while _prune_mails(database, storage, now):
        pass
    while prune_deleted(database, storage, now, PRUNE_LIMIT):
        pass
    while prune_removed(database, storage, now, PRUNE_LIMIT):
        pass
    while prune_imports(database, storage, now, PRUNE_LIMIT):
        pass
    while prune_exports(database, storage, now, PRUNE_LIMIT):
        pass
    drop_old_deliveries(database, now)
    sweep_orphaned_objects(database, storage, now)


def _plan_letters(database: Database, now: datetime, chunk: int) -> int:
    """Plan the letters that have begun; their emails are enqueued by the sweep.

    One tick plans so many chunks at most, since the day's questions wait for it; the next tick goes on.
    """
    planned = 0
    for _ in range(LETTER_CHUNKS_A_TICK):
        with database.write() as session:
            planned_chunk = plan_due_letters(session, now=now, limit=chunk)
        if planned_chunk is None:
            break
        planned += len(planned_chunk.delivery_ids)
    with database.write() as session:
        end_planned_letters(session, now)
    return planned


def _prune_mails(database: Database, storage: Storage, now: datetime) -> bool:
    """Delete some expired raw mail; return whether there may be more.

    Objects are deleted before their names are removed from the rows, because nothing else could find them afterwards.
    """
    with database.read() as session:
        mails = Reply.find_expired(session, now, PRUNE_LIMIT)
    for mail in mails:
        if mail.stored_as:
            storage.remove(mail.stored_as)
    with database.write() as session:
        Reply.drop_raw_of(session, [mail.id for mail in mails])
    return len(mails) == PRUNE_LIMIT


def _ask_brought_people(database: Database, job_queue: JobQueue, *, now: datetime, limit: int) -> None:
    with database.write() as session:
        requests = list_import.ask_waiting(session, now, limit)
    job_queue.enqueue_mail_requests(requests)


def _plan(database: Database, job_queue: JobQueue, chunk: int, plan: Callable[[Session], PlannedChunk]) -> int:
    planned = 0
    while True:
        with database.write() as session:
            planned_chunk = plan(session)
        job_queue.enqueue_deliveries(planned_chunk.delivery_ids)
        planned += len(planned_chunk.delivery_ids)
        if planned_chunk.seen < chunk:
            return planned
