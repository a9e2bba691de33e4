"""Sending deliveries: claim, build, send a batch, record; no request to the provider is inside a transaction."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from service.clock import Clock
from service.db import Database
from service.flows.outgoing.email_builder import EmailBuilder, OutgoingDelivery
from service.flows.outgoing.email_context import NothingToSendError
from service.flows.outgoing.plan_prompts import IN_PLACE_OF_PROMPT, make_prompt_due
from service.mail.outbound.mailer import (
    Accepted,
    BatchTooLarge,
    Mailer,
    OutgoingEmail,
    ProviderMisconfigured,
    Refused,
    RetryLater,
    SendOutcome,
    Unknown,
)
from service.models import Delivery, DeliveryClaim, DeliveryKind, DeliveryState, SentText, Subscriber

WAIT_WHEN_MISCONFIGURED = timedelta(minutes=5)

log = structlog.get_logger()


@dataclass(slots=True)
class SendReport:
    """What became of a job's deliveries: how many in each state, and the ids to ring for again."""

    counts: dict[str, int] = field(default_factory=dict)
    left: list[int] = field(default_factory=list)

    def add(self, state: str, number: int) -> None:
        """Count deliveries that reached a state."""
        if number:
            self.counts[state] = self.counts.get(state, 0) + number


@dataclass(slots=True)
class Sender:
    """Sends what it is given the ids of; one for the life of a worker."""

    database: Database
    email_builder: EmailBuilder
    mailer: Mailer
    clock: Clock
    lease: timedelta
    batch_size: int
    stopping: Callable[[], bool] = lambda: False

    def send(self, ids: Sequence[int]) -> SendReport:
        """Return what became of these deliveries; those that another worker holds or has sent are left alone.

        After half the lease, or when the worker is told to stop, what was not handed over yet is planned again.
        """
        report = SendReport()
        if self.stopping():
            report.left = [*ids]
            return report
        started_at = self.clock()
        with self.database.write() as session:
            claims = Delivery.claim(session, ids, lease=self.lease, now=started_at)
        batches: deque[Sequence[OutgoingDelivery]] = deque(
            _into_batches(self._build_emails(claims, report), self.batch_size)
        )
        while batches:
            if self.stopping() or self.clock() - started_at > self.lease / 2:
                self._plan_again(_all(batches), timedelta(0), "no time", report)
                break
            after = self._send_batch(batches.popleft(), report)
            if isinstance(after, timedelta):
                self._plan_again(_all(batches), after, "the provider asked for a pause", report)
                break
            batches.extendleft(reversed(after))
        log.info("deliveries.sent", **report.counts)
        return report

    def _build_emails(self, claims: Sequence[DeliveryClaim], report: SendReport) -> list[OutgoingDelivery]:
        """Return the claimed deliveries as parcels; what cannot be made is recorded and left out."""
        now = self.clock()
        deliveries, skipped, broken = [], [], []
        with self.database.read() as session:
            for delivery, person in Delivery.with_subscribers(session, claims):
                claim = DeliveryClaim(delivery.id, delivery.attempt)
                try:
                    deliveries.append(self.email_builder.build(session, delivery, person, now))
                except NothingToSendError:
                    skipped.append(claim)
                except SQLAlchemyError:
                    raise
                except Exception as error:  # noqa: BLE001 - one that cannot be made costs nobody else theirs
                    log.error("delivery.not_made", delivery=delivery.id, error=type(error).__name__)
                    broken.append(claim)
        if skipped or broken:
            with self.database.write() as session:
                report.add(DeliveryState.SKIPPED, self._skip(session, skipped))
                report.add(DeliveryState.FAILED, Delivery.mark_failed(session, broken, "could not be made"))
        return deliveries

    @staticmethod
    def _skip(session: Session, claims: Sequence[DeliveryClaim]) -> int:
        """Skip what has nothing to say; where that stood in place of a day's prompt, the prompt comes after all."""
        for delivery, person in Delivery.with_subscribers(session, claims):
            if delivery.kind in IN_PLACE_OF_PROMPT:
                make_prompt_due(session, person, delivery.ready_at)
        return Delivery.mark_skipped(session, claims, "nothing to say")

    def _send_batch(
        self, batch: Sequence[OutgoingDelivery], report: SendReport
    ) -> timedelta | Sequence[Sequence[OutgoingDelivery]]:
        """Send one call and record its outcome; return how long to pause, or the smaller calls to make in its place."""
        match self._outcome(batch):
            case Accepted(provider_id):
                self._record_sent(batch, provider_id, report)
            case Unknown(reason):
                with self.database.write() as session:
                    report.add(DeliveryState.UNKNOWN, Delivery.mark_unknown(session, _claims(batch), reason))
            case RetryLater(wait, reason):
                self._plan_again(batch, wait, reason, report)
                return wait
            case BatchTooLarge(reason) if len(batch) > 1:
                self.batch_size = max(1, len(batch) // 2)
                log.warning("provider.smaller_batches", size=self.batch_size, reason=reason)
                return _halves(batch)
            case Refused() if len(batch) > 1:
                return _halves(batch)
            case Refused(reason) | BatchTooLarge(reason):
                with self.database.write() as session:
                    report.add(DeliveryState.FAILED, Delivery.mark_failed(session, _claims(batch), reason[:64]))
        return ()

    def _outcome(self, batch: Sequence[OutgoingDelivery]) -> SendOutcome:
        try:
            return self.mailer.send(batch[0].email, [delivery.recipient for delivery in batch])
        except ProviderMisconfigured as error:
            log.error("provider.misconfigured", error=str(error))
            return RetryLater(WAIT_WHEN_MISCONFIGURED, "the provider's settings are wrong")
        except ValueError as error:
            log.error("delivery.not_sendable", error=type(error).__name__)
            return Refused("could not be composed")

    def _record_sent(self, batch: Sequence[OutgoingDelivery], provider_id: str, report: SendReport) -> None:
        now = self.clock()
        asked = {delivery.delivery.id: delivery.delivery.subscriber_id for delivery in batch if _is_question(delivery)}
        with self.database.write() as session:
            columns = _sent_text_columns(session, batch[0], now)
            Subscriber.lock_all(session, asked.values())  # before the deliveries, as whoever erases a person does
            sent = Delivery.mark_sent(session, _claims(batch), provider_id=provider_id, sent_at=now, **columns)
            Subscriber.count_unanswered(session, [asked[id_] for id_ in sent if id_ in asked])
        report.add(DeliveryState.SENT, len(sent))

    def _plan_again(
        self, deliveries: Sequence[OutgoingDelivery], wait: timedelta, reason: str, report: SendReport
    ) -> None:
        if not deliveries:
            return
        ready_at = self.clock() + wait
        with self.database.write() as session:
            number = Delivery.plan_again(session, _claims(deliveries), ready_at=ready_at, reason=reason[:64])
        report.add(DeliveryState.PLANNED, number)
        if not wait:
            report.left += [delivery.delivery.id for delivery in deliveries]


def _into_batches(deliveries: Iterable[OutgoingDelivery], batch_size: int) -> list[list[OutgoingDelivery]]:
    """Return parcels in calls: alike prompts together, everything else alone, single mails first.

    What one person asked for does not wait behind a thousand prompts.
    """
    batches: dict[str, list[OutgoingDelivery]] = {}
    singles = []
    for delivery in deliveries:
        if delivery.batch is None:
            singles.append([delivery])
        else:
            batches.setdefault(delivery.batch, []).append(delivery)
    sliced = [
        batch[start : start + batch_size] for batch in batches.values() for start in range(0, len(batch), batch_size)
    ]
    return singles + sliced


def _halves(batch: Sequence[OutgoingDelivery]) -> tuple[Sequence[OutgoingDelivery], Sequence[OutgoingDelivery]]:
    """Return a refused batch in two, so that in the end one bad address costs nobody else their email."""
    middle = len(batch) // 2
    return batch[:middle], batch[middle:]


def _all(batches: Iterable[Sequence[OutgoingDelivery]]) -> list[OutgoingDelivery]:
    return [delivery for batch in batches for delivery in batch]


def _is_question(delivery: OutgoingDelivery) -> bool:
    """Say whether an email is one of those whose silence counts."""
    return delivery.delivery.kind == DeliveryKind.PROMPT


def _claims(deliveries: Iterable[OutgoingDelivery]) -> list[DeliveryClaim]:
    return [DeliveryClaim(delivery.delivery.id, delivery.delivery.attempt) for delivery in deliveries]


def _sent_text_columns(session: Session, delivery: OutgoingDelivery, now: datetime) -> dict[str, bytes | None]:
    """Return what to record of an email's text: of a batch its hash, of a private one its own lines, sealed.

    What a batch said is kept once, so that its quotation is recognised; nothing private is in it.
    """
    if delivery.batch is None:
        return {"sealed_content": delivery.sealed_content}
    email = delivery.email
    digest = text_digest(email)
    SentText.store(session, digest=digest, subject=email.subject, text=email.text, html=email.html, now=now)
    return {"sent_text": digest}


def text_digest(email: OutgoingEmail) -> bytes:
    """Return the hash under which an email's text is kept."""
    return hashlib.sha256(f"{email.subject}\x00{email.text}\x00{email.html}".encode()).digest()
