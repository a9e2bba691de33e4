"""Sending deliveries: claim them, build their emails, send them in batches and record the outcomes.

No request to the provider is made inside a database transaction.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from service.clock import Clock
from service.counts import Counts
from service.db import Database
from service.flows.outgoing.email_builder import EmailBuilder, OutgoingDelivery
from service.flows.outgoing.email_context import NothingToSendError
from service.flows.outgoing.sending.batches import cut, make_batches
from service.flows.outgoing.sending.domain_pauses import LOOK_AGAIN_AFTER, hold_back
from service.flows.outgoing.sending.provider_requests import ProviderRequests
from service.flows.outgoing.sending.quiet_days import keep_quiet
from service.flows.outgoing.sending.send_records import SendReport, content_columns, is_paused_letter, skip
from service.flows.outgoing.sending.sending_limits import SendingLimits, SendingRate
from service.mail.outbound.mailer import (
    Accepted,
    BatchTooLarge,
    Mailer,
    QuotaExceeded,
    Refused,
    RetryLater,
    SuppressionLists,
    Unknown,
)
from service.models import Delivery, DeliveryClaim, DeliveryKind, DeliveryState, Installation, Subscriber
from service.models.outgoing.deliveries import delivery_claims, delivery_evidence
from service.models.outgoing.deliveries.delivery_kind import SCHEDULED_KINDS
from service.models.outgoing.provider_limit import next_hour

HELD_WAIT = timedelta(seconds=15)
# After a quota is renewed, emails that people asked for go first.
AFTER_WHAT_WAS_ASKED_FOR = timedelta(minutes=1)

log = structlog.get_logger()


@dataclass(slots=True)
class Sender:
    """Sends deliveries; a worker has one for its whole life."""

    database: Database
    email_builder: EmailBuilder
    mailer: Mailer
    suppression_lists: SuppressionLists
    clock: Clock
    lease: timedelta
    batch_size: int
    batch_bytes: int
    rate: SendingRate
    installation: str
    stopping: Callable[[], bool] = lambda: False
    counts: Counts = field(default_factory=Counts, repr=False)
    _limits: SendingLimits = field(init=False)
    _requests: ProviderRequests = field(init=False)

    def __post_init__(self) -> None:
        """Create the object that makes the requests."""
        self._requests = ProviderRequests(
            self.database, self.mailer, self.suppression_lists, self.clock, self.installation, self.counts
        )

    def send(self, ids: Sequence[int]) -> SendReport:
        """Send these deliveries, except those that another worker has claimed or sent; return the outcomes.

        After half the lease, or when the worker must stop, the deliveries not sent yet are planned again.
        """
        report = SendReport()
        if self.stopping():
            report.to_enqueue = [*ids]
            return report
        started_at = self.clock()
        self._limits = SendingLimits.load(self.database, self.batch_size)
        with self.database.write() as session:
            if Installation.is_held(session):
                return report
            claims = delivery_claims.claim(session, ids, lease=self.lease, now=started_at)
        try:
            self._send_claimed(claims, started_at, report)
        except Exception:
            self._release(claims)
            raise
        log.info("deliveries.sent", **report.counts)
        return report

    def _send_claimed(self, claims: Sequence[DeliveryClaim], started_at: datetime, report: SendReport) -> None:
        built = self._hold_back(self._build(claims, report), report)
        batches: deque[Sequence[OutgoingDelivery]] = deque(
            make_batches(built, most_recipients=self.batch_size, most_bytes=self.batch_bytes)
        )
        while batches:
            if self.stopping() or self.clock() - started_at > self.lease / 2:
                self._plan_again(_flatten(batches), timedelta(0), "no time", report)
                break
            if self._is_held():
                self._plan_again(_flatten(batches), HELD_WAIT, "sending is held", report)
                break
            if wait := self._limits.wait(self.clock()):
                self._plan_for_quota(_flatten(batches), wait, report)
                break
            batch = batches.popleft()
            if rest := batch[self._limits.largest :]:
                # This request may raise the limit, so the rest is cut later.
                batches.appendleft(rest)
                batch = batch[: self._limits.largest]
            next_step = self._send_batch(batch, report)
            if isinstance(next_step, timedelta):
                self._plan_again(_flatten(batches), next_step, "the provider asked for a pause", report)
                break
            batches.extendleft(reversed(next_step))

    def _release(self, claims: Sequence[DeliveryClaim]) -> None:
        """Plan again what a failing job has claimed and not handed over; the request in progress stays in doubt."""
        try:
            with self.database.write() as session:
                delivery_claims.release(session, claims, "the job failed")
        except SQLAlchemyError as error:
            # The error that ended the job is more useful. The sweep does the same after the lease.
            log.error("deliveries.not_released", error=type(error).__name__)

    def _build(self, claims: Sequence[DeliveryClaim], report: SendReport) -> list[OutgoingDelivery]:
        """Return the claimed deliveries with their emails; record those that cannot be built and leave them out."""
        now = self.clock()
        built, skipped, broken = [], [], []
        with self.database.read() as session:
            for delivery, person in Delivery.with_subscribers(session, claims):
                claim = DeliveryClaim(delivery.id, delivery.attempt)
                try:
                    built.append(self.email_builder.build(session, delivery, person, now))
                except NothingToSendError:
                    skipped.append(claim)
                except SQLAlchemyError:
                    raise
                except Exception as error:  # noqa: BLE001 - one broken delivery must not stop the others
                    log.error("delivery.not_made", delivery=delivery.id, error=type(error).__name__)
                    broken.append(claim)
        if skipped or broken:
            with self.database.write() as session:
                report.add(DeliveryState.SKIPPED, skip(session, skipped))
                report.add(DeliveryState.FAILED, delivery_claims.mark_failed(session, broken, "could not be made"))
        return built

    def _hold_back(self, built: Sequence[OutgoingDelivery], report: SendReport) -> Sequence[OutgoingDelivery]:
        """Return what may go now; plan the others again: it is a quiet date, or their recipients' domain is paused."""
        kept = keep_quiet(self.database, built, self.clock())
        report.add(DeliveryState.PLANNED, kept.planned_again)
        report.add(DeliveryState.SKIPPED, kept.skipped)
        ready, held = hold_back(self.database, self.email_builder.context.keyring, kept.ready, self.clock())
        self._plan_again(held, LOOK_AGAIN_AFTER, "the domain is paused", report)
        return ready

    def _send_batch(
        self, batch: Sequence[OutgoingDelivery], report: SendReport
    ) -> timedelta | Sequence[Sequence[OutgoingDelivery]]:
        """Send one batch and record the outcome; return how long to pause, or the smaller batches to send instead."""
        batch = self._hand_over(batch, report)
        if not batch:
            return ()
        match self._requests.send(batch):
            case Accepted(provider_id):
                self._record_sent(batch, provider_id, report)
                self._limits.accepted(len(batch), self.clock())
            case Unknown(reason):
                self._record_unknown(batch, reason, report)
            case RetryLater(wait, reason):
                self._plan_again(batch, wait, reason, report)
                return wait
            case QuotaExceeded() | BatchTooLarge() | Refused() as refusal:
                return self._answer_refusal(batch, refusal, report)
        return ()

    def _answer_refusal(
        self, batch: Sequence[OutgoingDelivery], refusal: QuotaExceeded | BatchTooLarge | Refused, report: SendReport
    ) -> Sequence[Sequence[OutgoingDelivery]]:
        """Return the smaller batches to send instead, so that in the end one bad address fails alone."""
        half = len(batch) // 2
        match refusal:
            case QuotaExceeded(wait, reason):
                self._limits.use_up_quota(half, self.clock() + wait, reason)
                return self._take_back(batch, half or len(batch))
            case BatchTooLarge(reason, largest) if half:
                size = min(largest or half, half)
                self._limits.shrink_batch(size, self.clock(), reason)
                return self._take_back(batch, size)
            case Refused() if half:
                return self._take_back(batch, half)
        with self.database.write() as session:
            failed = delivery_claims.mark_failed(session, _claims(batch), refusal.reason[:64])
        report.add(DeliveryState.FAILED, failed)
        return ()

    def _hand_over(self, batch: Sequence[OutgoingDelivery], report: SendReport) -> Sequence[OutgoingDelivery]:
        """Mark as handed over what this hour's rate allows; return the deliveries that this worker still holds."""
        now = self.clock()
        with self.database.write() as session:
            if is_paused_letter(session, batch[0]):
                # What was claimed before the pause stays planned for when the letter is resumed.
                delivery_claims.release(session, _claims(batch), "the letter is paused")
                report.add(DeliveryState.PLANNED, len(batch))
                return ()
            granted = self.rate.take(session, len(batch), now, batch[0].delivery.kind)
            # Before the request, whose response may be lost: replies to an email need its text even then.
            content = content_columns(session, batch[0], now)
            held = delivery_claims.hand_over(session, _claims(batch[:granted]), now, **content)
        self._plan_again(batch[granted:], next_hour(now) - now, "this hour's rate is used up", report)
        return [outgoing for outgoing in batch[:granted] if outgoing.delivery.id in held]

    def _take_back(self, batch: Sequence[OutgoingDelivery], size: int) -> Sequence[Sequence[OutgoingDelivery]]:
        """Return, in pieces of at most `size`, a batch that the provider certainly did not accept."""
        with self.database.write() as session:
            delivery_claims.withhold(session, _claims(batch))
            self.rate.give_back(session, len(batch), self.clock(), batch[0].delivery.kind)
        return cut(batch, size)

    def _record_unknown(self, batch: Sequence[OutgoingDelivery], reason: str, report: SendReport) -> None:
        """Record that nobody knows whether a batch was accepted; emails that a person waits for are sent once more."""
        with self.database.write() as session:
            unknown = delivery_claims.mark_unknown(session, _claims(batch), reason)
            once_more = delivery_evidence.plan_once_more(session, [outgoing.delivery.id for outgoing in batch])
        report.add(DeliveryState.UNKNOWN, unknown - len(once_more))
        report.add(DeliveryState.PLANNED, len(once_more))
        report.to_enqueue += once_more

    def _is_held(self) -> bool:
        with self.database.read() as session:
            return Installation.is_held(session)

    def _record_sent(self, batch: Sequence[OutgoingDelivery], provider_id: str, report: SendReport) -> None:
        now = self.clock()
        subscriber_ids = {
            outgoing.delivery.id: outgoing.delivery.subscriber_id for outgoing in batch if _is_prompt(outgoing)
        }
        with self.database.write() as session:
            # Lock subscribers before deliveries, the order in which a subscriber is erased: any other order deadlocks.
            Subscriber.lock_all(session, subscriber_ids.values())
            sent = delivery_claims.mark_sent(session, _claims(batch), provider_id=provider_id, sent_at=now)
            Subscriber.count_unanswered(session, [subscriber_ids[id_] for id_ in sent if id_ in subscriber_ids])
        report.add(DeliveryState.SENT, len(sent))

    def _plan_for_quota(self, deliveries: Sequence[OutgoingDelivery], wait: timedelta, report: SendReport) -> None:
        """Plan deliveries again for when the provider's quota is renewed."""
        reason = "the provider's quota is used up"
        scheduled = [outgoing for outgoing in deliveries if _is_scheduled(outgoing)]
        asked_for = [outgoing for outgoing in deliveries if not _is_scheduled(outgoing)]
        self._plan_again(asked_for, wait, reason, report)
        self._plan_again(scheduled, wait + AFTER_WHAT_WAS_ASKED_FOR, reason, report)

    def _plan_again(
        self, deliveries: Sequence[OutgoingDelivery], wait: timedelta, reason: str, report: SendReport
    ) -> None:
        if not deliveries:
            return
        ready_at = self.clock() + wait
        with self.database.write() as session:
            number = delivery_claims.plan_again(session, _claims(deliveries), ready_at=ready_at, reason=reason[:64])
        report.add(DeliveryState.PLANNED, number)
        if not wait:
            report.to_enqueue += [outgoing.delivery.id for outgoing in deliveries]


def _flatten(batches: Iterable[Sequence[OutgoingDelivery]]) -> list[OutgoingDelivery]:
    return [outgoing for batch in batches for outgoing in batch]


def _is_prompt(outgoing: OutgoingDelivery) -> bool:
    """Return whether an email counts as unanswered until its subscriber shows activity."""
    return outgoing.delivery.kind == DeliveryKind.PROMPT


def _is_scheduled(outgoing: OutgoingDelivery) -> bool:
    return outgoing.delivery.kind in SCHEDULED_KINDS


def _claims(deliveries: Iterable[OutgoingDelivery]) -> list[DeliveryClaim]:
    return [DeliveryClaim(outgoing.delivery.id, outgoing.delivery.attempt) for outgoing in deliveries]
