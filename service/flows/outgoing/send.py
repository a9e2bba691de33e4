"""Sending deliveries: claim them, build their emails, send them in batches and record what happened.

No request to the provider is made inside a database transaction.
"""

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
from service.counts import Counts
from service.db import Database
from service.flows.outgoing.domain_pauses import LOOK_AGAIN_AFTER, hold_back
from service.flows.outgoing.email_builder import EmailBuilder, OutgoingDelivery
from service.flows.outgoing.email_context import NothingToSendError
from service.flows.outgoing.plan_prompts import IN_PLACE_OF_PROMPT, make_prompt_due
from service.mail.outbound.mailer import (
    Accepted,
    BatchTooLarge,
    Mailer,
    OutgoingEmail,
    ProviderMisconfigured,
    ProviderUnreachable,
    Refused,
    RetryLater,
    SendOutcome,
    SuppressionLists,
    Unknown,
)
from service.models import Delivery, DeliveryClaim, DeliveryKind, DeliveryState, SentText, Subscriber
from service.models.outgoing import delivery_claims

MISCONFIGURED_WAIT = timedelta(minutes=5)
UNREACHABLE_WAIT = timedelta(seconds=30)

CALLS = "provider calls"
CALL_LABELS: dict[type[SendOutcome], str] = {
    Accepted: "accepted",
    Unknown: "unknown",
    RetryLater: "retry_later",
    BatchTooLarge: "batch_too_large",
    Refused: "refused",
}

log = structlog.get_logger()


@dataclass(slots=True)
class SendReport:
    """How many deliveries of a job reached each state, and the ids of those to enqueue again at once."""

    counts: dict[str, int] = field(default_factory=dict)
    to_enqueue: list[int] = field(default_factory=list)

    def add(self, state: str, number: int) -> None:
        """Count deliveries that reached a state."""
        if number:
            self.counts[state] = self.counts.get(state, 0) + number


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
    stopping: Callable[[], bool] = lambda: False
    counts: Counts = field(default_factory=Counts, repr=False)

    def send(self, ids: Sequence[int]) -> SendReport:
        """Send these deliveries, except those that another worker has claimed or sent; return what happened to them.

        After half the lease, or when the worker must stop, the deliveries not sent yet are planned again.
        """
        report = SendReport()
        if self.stopping():
            report.to_enqueue = [*ids]
            return report
        started_at = self.clock()
        with self.database.write() as session:
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
        batches: deque[Sequence[OutgoingDelivery]] = deque(_batches(built, self.batch_size))
        while batches:
            if self.stopping() or self.clock() - started_at > self.lease / 2:
                self._plan_again(_flatten(batches), timedelta(0), "no time", report)
                break
            next_step = self._send_batch(batches.popleft(), report)
            if isinstance(next_step, timedelta):
                self._plan_again(_flatten(batches), next_step, "the provider asked for a pause", report)
                break
            batches.extendleft(reversed(next_step))

    def _release(self, claims: Sequence[DeliveryClaim]) -> None:
        """Plan again what a failing job has claimed and not handed over; the call under way stays in doubt."""
        try:
            with self.database.write() as session:
                delivery_claims.release(session, claims, "the job failed")
        except SQLAlchemyError as error:
            # The error that ended the job says more. The sweep does the same once the lease has passed.
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
        """Return what may go now; plan the others again for later, since their recipients' domain is paused."""
        ready, held = hold_back(self.database, self.email_builder.context.keyring, built, self.clock())
        self._plan_again(held, LOOK_AGAIN_AFTER, "the domain is paused", report)
        return ready

    def _send_batch(
        self, batch: Sequence[OutgoingDelivery], report: SendReport
    ) -> timedelta | Sequence[Sequence[OutgoingDelivery]]:
        """Send one batch and record the outcome; return how long to pause, or the smaller batches to send instead."""
        batch = self._hand_over(batch)
        if not batch:
            return ()
        match self._request(batch):
            case Accepted(provider_id):
                self._record_sent(batch, provider_id, report)
            case Unknown(reason):
                with self.database.write() as session:
                    report.add(DeliveryState.UNKNOWN, delivery_claims.mark_unknown(session, _claims(batch), reason))
            case RetryLater(wait, reason):
                self._plan_again(batch, wait, reason, report)
                return wait
            case BatchTooLarge(reason) if len(batch) > 1:
                self.batch_size = max(1, len(batch) // 2)
                log.warning("provider.smaller_batches", size=self.batch_size, reason=reason)
                return self._split(batch)
            case Refused() if len(batch) > 1:
                return self._split(batch)
            case Refused(reason) | BatchTooLarge(reason):
                with self.database.write() as session:
                    report.add(DeliveryState.FAILED, delivery_claims.mark_failed(session, _claims(batch), reason[:64]))
        return ()

    def _hand_over(self, batch: Sequence[OutgoingDelivery]) -> Sequence[OutgoingDelivery]:
        """Mark what the next request takes; return the deliveries that this worker still holds."""
        with self.database.write() as session:
            held = delivery_claims.hand_over(session, _claims(batch))
        return [outgoing for outgoing in batch if outgoing.delivery.id in held]

    def _split(self, batch: Sequence[OutgoingDelivery]) -> Sequence[Sequence[OutgoingDelivery]]:
        """Return a refused batch in two halves, so that in the end one bad address fails alone."""
        with self.database.write() as session:
            delivery_claims.withhold(session, _claims(batch))
        middle = len(batch) // 2
        return batch[:middle], batch[middle:]

    def _request(self, batch: Sequence[OutgoingDelivery]) -> SendOutcome:
        """Send a batch in one request to the provider; return the outcome, and count it."""
        outcome: SendOutcome
        try:
            self._lift_suppression(batch[0])
            outcome = self.mailer.send(batch[0].email, [outgoing.recipient for outgoing in batch])
            self.counts.add(CALLS, CALL_LABELS[type(outcome)])
        except ProviderUnreachable:
            return RetryLater(UNREACHABLE_WAIT, "the suppression could not be lifted")
        except ProviderMisconfigured as error:
            self.counts.add(CALLS, "misconfigured")
            log.error("provider.misconfigured", error=str(error))
            return RetryLater(MISCONFIGURED_WAIT, "the provider's settings are wrong")
        except ValueError as error:
            log.error("delivery.not_sendable", error=type(error).__name__)
            return Refused("could not be composed")
        return outcome

    def _lift_suppression(self, outgoing: OutgoingDelivery) -> None:
        """Make the provider deliver an email that somebody asked for, although its lists may bar the address.

        Raises:
            ProviderUnreachable: nothing is known to have changed, and the provider would drop the email.
        """
        if not outgoing.may_be_barred:
            return
        try:
            self.suppression_lists.lift_suppression(outgoing.recipient.address)
        except ProviderMisconfigured as error:
            # A key that may only send cannot do this. The address may still not be barred at the provider.
            log.error("provider.suppression_not_lifted", delivery=outgoing.delivery.id, error=str(error))

    def _record_sent(self, batch: Sequence[OutgoingDelivery], provider_id: str, report: SendReport) -> None:
        now = self.clock()
        subscriber_ids = {
            outgoing.delivery.id: outgoing.delivery.subscriber_id for outgoing in batch if _is_prompt(outgoing)
        }
        with self.database.write() as session:
            content = _content_columns(session, batch[0], now)
            # Lock subscribers before deliveries, in the same order as erasing a subscriber does: else both deadlock.
            Subscriber.lock_all(session, subscriber_ids.values())
            sent = delivery_claims.mark_sent(session, _claims(batch), provider_id=provider_id, sent_at=now, **content)
            Subscriber.count_unanswered(session, [subscriber_ids[id_] for id_ in sent if id_ in subscriber_ids])
        report.add(DeliveryState.SENT, len(sent))

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


def skip(session: Session, claims: Sequence[DeliveryClaim]) -> int:
    """Skip deliveries that have nothing to send; return how many were skipped.

    If one of them replaced a day's prompt, that prompt becomes due again.
    """
    for delivery, person in Delivery.with_subscribers(session, claims):
        if delivery.kind in IN_PLACE_OF_PROMPT:
            make_prompt_due(session, person, delivery.ready_at)
    return delivery_claims.mark_skipped(session, claims, "nothing to say")


def text_digest(email: OutgoingEmail) -> bytes:
    """Return the hash under which an email's text is stored."""
    return hashlib.sha256(f"{email.subject}\x00{email.text}\x00{email.html}".encode()).digest()


def _batches(deliveries: Iterable[OutgoingDelivery], batch_size: int) -> list[list[OutgoingDelivery]]:
    """Return the batches to send: deliveries with the same batch key together, every other one alone.

    Single emails come first: a person who asked for one does not wait for a thousand prompts.
    """
    by_key: dict[str, list[OutgoingDelivery]] = {}
    singles = []
    for outgoing in deliveries:
        if outgoing.batch_key is None:
            singles.append([outgoing])
        else:
            by_key.setdefault(outgoing.batch_key, []).append(outgoing)
    return singles + [
        alike[start : start + batch_size] for alike in by_key.values() for start in range(0, len(alike), batch_size)
    ]


def _flatten(batches: Iterable[Sequence[OutgoingDelivery]]) -> list[OutgoingDelivery]:
    return [outgoing for batch in batches for outgoing in batch]


def _is_prompt(outgoing: OutgoingDelivery) -> bool:
    """Return whether an email counts as unanswered until its subscriber shows activity."""
    return outgoing.delivery.kind == DeliveryKind.PROMPT


def _claims(deliveries: Iterable[OutgoingDelivery]) -> list[DeliveryClaim]:
    return [DeliveryClaim(outgoing.delivery.id, outgoing.delivery.attempt) for outgoing in deliveries]


def _content_columns(session: Session, outgoing: OutgoingDelivery, now: datetime) -> dict[str, bytes | None]:
    """Return the columns that record an email's text: its sealed private lines, or for a batch the hash of its text.

    The text of a batch is stored once, so that its quotation in a reply is recognised. It holds nothing private.
    """
    if outgoing.batch_key is None:
        return {"sealed_content": outgoing.sealed_content}
    email = outgoing.email
    digest = text_digest(email)
    SentText.store(session, digest=digest, subject=email.subject, text=email.text, html=email.html, now=now)
    return {"sent_text": digest}
