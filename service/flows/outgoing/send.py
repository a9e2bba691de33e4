"""Sending: claim, compose, hand over, record. A call to the provider never stands inside a transaction."""

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
        calls: deque[Sequence[OutgoingDelivery]] = deque(_calls(self._packed(claims, report), self.batch_size))
        while calls:
            if self.stopping() or self.clock() - started_at > self.lease / 2:
                self._put_back(_all(calls), timedelta(0), "no time", report)
                break
            after = self._hand_over(calls.popleft(), report)
            if isinstance(after, timedelta):
                self._put_back(_all(calls), after, "the provider asked for a pause", report)
                break
            calls.extendleft(reversed(after))
        log.info("deliveries.sent", **report.counts)
        return report

    def _packed(self, claims: Sequence[DeliveryClaim], report: SendReport) -> list[OutgoingDelivery]:
        """Return the claimed deliveries as parcels; what cannot be made is recorded and left out."""
        now = self.clock()
        parcels, skipped, broken = [], [], []
        with self.database.read() as session:
            for delivery, person in Delivery.with_subscribers(session, claims):
                claim = DeliveryClaim(delivery.id, delivery.attempt)
                try:
                    parcels.append(self.email_builder.build(session, delivery, person, now))
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
        return parcels

    @staticmethod
    def _skip(session: Session, claims: Sequence[DeliveryClaim]) -> int:
        """Skip what has nothing to say; where that stood in place of a day's prompt, the prompt comes after all."""
        for delivery, person in Delivery.with_subscribers(session, claims):
            if delivery.kind in IN_PLACE_OF_PROMPT:
                make_prompt_due(session, person, delivery.ready_at)
        return Delivery.mark_skipped(session, claims, "nothing to say")

    def _hand_over(
        self, call: Sequence[OutgoingDelivery], report: SendReport
    ) -> timedelta | Sequence[Sequence[OutgoingDelivery]]:
        """Send one call and record its outcome; return how long to pause, or the smaller calls to make in its place."""
        match self._outcome(call):
            case Accepted(provider_id):
                self._record_sent(call, provider_id, report)
            case Unknown(reason):
                with self.database.write() as session:
                    report.add(DeliveryState.UNKNOWN, Delivery.mark_unknown(session, _claims(call), reason))
            case RetryLater(wait, reason):
                self._put_back(call, wait, reason, report)
                return wait
            case BatchTooLarge(reason) if len(call) > 1:
                self.batch_size = max(1, len(call) // 2)
                log.warning("provider.smaller_batches", size=self.batch_size, reason=reason)
                return _halves(call)
            case Refused() if len(call) > 1:
                return _halves(call)
            case Refused(reason) | BatchTooLarge(reason):
                with self.database.write() as session:
                    report.add(DeliveryState.FAILED, Delivery.mark_failed(session, _claims(call), reason[:64]))
        return ()

    def _outcome(self, call: Sequence[OutgoingDelivery]) -> SendOutcome:
        try:
            return self.mailer.send(call[0].email, [parcel.recipient for parcel in call])
        except ProviderMisconfigured as error:
            log.error("provider.misconfigured", error=str(error))
            return RetryLater(WAIT_WHEN_MISCONFIGURED, "the provider's settings are wrong")
        except ValueError as error:
            log.error("delivery.not_sendable", error=type(error).__name__)
            return Refused("could not be composed")

    def _record_sent(self, call: Sequence[OutgoingDelivery], provider_id: str, report: SendReport) -> None:
        now = self.clock()
        asked = {parcel.delivery.id: parcel.delivery.subscriber_id for parcel in call if _is_question(parcel)}
        with self.database.write() as session:
            said = _keep_said(session, call[0], now)
            Subscriber.hold(session, asked.values())  # before the deliveries, as whoever erases a person does
            sent = Delivery.mark_sent(session, _claims(call), provider_id=provider_id, sent_at=now, **said)
            Subscriber.count_unanswered(session, [asked[id_] for id_ in sent if id_ in asked])
        report.add(DeliveryState.SENT, len(sent))

    def _put_back(self, parcels: Sequence[OutgoingDelivery], wait: timedelta, reason: str, report: SendReport) -> None:
        if not parcels:
            return
        ready_at = self.clock() + wait
        with self.database.write() as session:
            number = Delivery.put_back(session, _claims(parcels), ready_at=ready_at, reason=reason[:64])
        report.add(DeliveryState.PLANNED, number)
        if not wait:
            report.left += [parcel.delivery.id for parcel in parcels]


def _calls(parcels: Iterable[OutgoingDelivery], batch_size: int) -> list[list[OutgoingDelivery]]:
    """Return parcels in calls: alike prompts together, everything else alone, single mails first.

    What one person asked for does not wait behind a thousand prompts.
    """
    batches: dict[str, list[OutgoingDelivery]] = {}
    singles = []
    for parcel in parcels:
        if parcel.batch is None:
            singles.append([parcel])
        else:
            batches.setdefault(parcel.batch, []).append(parcel)
    sliced = [
        batch[start : start + batch_size] for batch in batches.values() for start in range(0, len(batch), batch_size)
    ]
    return singles + sliced


def _halves(call: Sequence[OutgoingDelivery]) -> tuple[Sequence[OutgoingDelivery], Sequence[OutgoingDelivery]]:
    """Return a refused batch in two, so that in the end one bad address costs nobody else their email."""
    middle = len(call) // 2
    return call[:middle], call[middle:]


def _all(calls: Iterable[Sequence[OutgoingDelivery]]) -> list[OutgoingDelivery]:
    return [parcel for call in calls for parcel in call]


def _is_question(parcel: OutgoingDelivery) -> bool:
    """Say whether an email is one of those whose silence counts."""
    return parcel.delivery.kind == DeliveryKind.PROMPT


def _claims(parcels: Iterable[OutgoingDelivery]) -> list[DeliveryClaim]:
    return [DeliveryClaim(parcel.delivery.id, parcel.delivery.attempt) for parcel in parcels]


def _keep_said(session: Session, parcel: OutgoingDelivery, now: datetime) -> dict[str, bytes | None]:
    """Return what to record of an email's text: of a batch its hash, of a private one its own lines, sealed.

    What a batch said is kept once, so that its quotation is recognised; nothing private is in it.
    """
    if parcel.batch is None:
        return {"sealed_content": parcel.sealed_content}
    email = parcel.email
    digest = text_digest(email)
    SentText.keep(session, digest=digest, subject=email.subject, text=email.text, html=email.html, now=now)
    return {"sent_text": digest}


def text_digest(email: OutgoingEmail) -> bytes:
    """Return the hash under which an email's text is kept."""
    return hashlib.sha256(f"{email.subject}\x00{email.text}\x00{email.html}".encode()).digest()
