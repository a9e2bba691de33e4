"""Noticing that this database is an old copy: the provider's record then has emails that the database lacks.

Everything since the copy was made would be sent again. So after a pause the provider's record is compared first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.orm import Session

from service.clock import Clock
from service.db import Database, random_id
from service.flows.outgoing.feeds.auto_posts import pause_automatic_feeds
from service.flows.outgoing.letters.letter_states import pause_all
from service.flows.outgoing.planning.plan_writer_mail import plan_writer_mail
from service.flows.outgoing.settling.evidence import TakenEmail, record_events
from service.flows.outgoing.settling.settle import CLOCKS_DIFFER_BY, reaches_back_to
from service.mail.outbound.mailer import ProviderMisconfigured, ProviderRecord, ProviderUnreachable
from service.models import DeliveryKind, HoldReason, Installation, Keyring, LetterPause, NewDelivery, WriterMailKind
from service.models.outgoing.deliveries import delivery_evidence

PAUSE = timedelta(minutes=2)
# Every plan of the provider keeps events for a day at least (Mailgun, Events).
ALWAYS_KEPT = timedelta(days=1)
RECORD_LAGS_BY = timedelta(minutes=45)
COMPARED_AGAIN_EVERY = timedelta(minutes=5)

MEANINGS = {
    HoldReason.OPERATOR: "an operator said so",
    HoldReason.NOT_COMPARED: "the provider's record has not been compared with this database since a pause",
    HoldReason.OLD_COPY: "the provider took emails that this database knows nothing of: it is an old copy",
    HoldReason.CANNOT_KNOW: "nobody can know whether this is an old copy: the provider's record does not reach back",
}
REMEDIES = {
    HoldReason.OPERATOR: "smallsteps sending release",
    HoldReason.NOT_COMPARED: "none: it is compared as soon as the provider can be asked",
    HoldReason.OLD_COPY: "smallsteps deliveries reconcile, then smallsteps sending release",
    HoldReason.CANNOT_KNOW: "smallsteps sending release, once you know that nothing was sent in between",
}
_FOR_AN_OPERATOR = (HoldReason.OLD_COPY, HoldReason.CANNOT_KNOW)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Doubtful:
    """A period whose record may not be complete yet, so it is compared more than once."""

    begin: datetime
    end: datetime
    next_at: datetime


@dataclass(slots=True)
class OldCopyGuard:
    """Compares the provider's record with the database at the start, after a pause, and again while the record may lag.

    `is_local` is true for the post office on this machine, whose record may be emptied at any time.
    """

    database: Database
    keyring: Keyring
    provider: ProviderRecord
    clock: Clock
    is_local: bool
    _doubtful: _Doubtful | None = field(default=None, init=False)

    def start(self) -> None:
        """Hold sending if there was a pause, and schedule the comparison of the time before this start."""
        since, now = self._hold_after_pause()
        self._doubtful = _Doubtful(since, now, now)

    def tick(self) -> None:
        """Note that the database is in use, or hold sending after a pause; makes no request to the provider."""
        self._hold_after_pause()

    def compare(self) -> None:
        """Compare the periods that are due; hold or release sending accordingly, and log why."""
        now = self.clock()
        with self.database.read() as session:
            row = Installation.current(session)
        if row.held_because in _FOR_AN_OPERATOR:
            return
        if row.held_because == HoldReason.NOT_COMPARED or now - row.compared_at > PAUSE:
            self._compare(row.compared_at, now)
        elif self._doubtful and self._doubtful.next_at <= now:
            self._compare(self._doubtful.begin, self._doubtful.end)

    def _hold_after_pause(self) -> tuple[datetime, datetime]:
        """Hold sending if there was a pause; return the instant from which the record is not compared, and now."""
        now = self.clock()
        with self.database.write() as session:
            since = Installation.current(session).compared_at
            if now - since > PAUSE:
                Installation.hold(session, HoldReason.NOT_COMPARED, now)
            else:
                Installation.note_compared(session, now)
        return since, now

    def _compare(self, since: datetime, until: datetime) -> None:
        try:
            reason = self._find_reason(since, until)
            self._compare_again(since, until)
        except ProviderMisconfigured as error:
            log.warning("sending.not_compared", problem=str(error), consequence="an old copy cannot be noticed")
            reason = HoldReason.CANNOT_KNOW if until - since > ALWAYS_KEPT else None
            self._doubtful = None
        except ProviderUnreachable as error:
            log.warning("sending.not_compared", problem=str(error), consequence="after a pause, sending waits for it")
            self._compare_again(since, until)
            return
        if reason is HoldReason.CANNOT_KNOW and self.is_local:
            reason = None
        with self.database.write() as session:
            if reason is None:
                Installation.release(session, HoldReason.NOT_COMPARED)
                Installation.note_compared(session, until)
            else:
                hold_sending(session, self.keyring, reason, until)

    def _compare_again(self, since: datetime, until: datetime) -> None:
        now = self.clock()
        is_complete = now - until > RECORD_LAGS_BY
        self._doubtful = None if is_complete else _Doubtful(since, until, now + COMPARED_AGAIN_EVERY)

    def _find_reason(self, since: datetime, until: datetime) -> HoldReason | None:
        with self.database.read() as session:
            is_empty = not delivery_evidence.any_was_called_for(session)
        events = self.provider.find_events(since - CLOCKS_DIFFER_BY, until)
        if any(evidence.not_known for evidence in record_events(self.database, self.keyring, events, until)):
            return HoldReason.OLD_COPY
        if until - since <= ALWAYS_KEPT or is_empty:
            return None
        is_complete = reaches_back_to(since, self.database, self.keyring, self.provider)
        return None if is_complete else HoldReason.CANNOT_KNOW


def hold_sending(session: Session, keyring: Keyring, reason: HoldReason, now: datetime) -> None:
    """Let nothing be sent until an operator has acted, and tell the writers why, unless that is known already.

    Letters are paused too: some of their emails may have gone, so their writer decides about each of them. So are feeds
    whose posts go by themselves.
    """
    if not Installation.hold(session, reason, now):
        return
    pause_automatic_feeds(session)  # first, since a look locks feeds before letters too
    pause_all(session, LetterPause.OLD_COPY, now)
    meaning, remedy = MEANINGS[reason], REMEDIES[reason]
    log.error("sending.held", because=reason, meaning=meaning, remedy=remedy)
    values = {"since": f"{now:%Y-%m-%d %H:%M}", "meaning": meaning, "remedy": remedy}
    key = f"{reason}/{now:%Y-%m-%dT%H:%M}"
    plan_writer_mail(session, keyring, WriterMailKind.SENDING_HELD, values, key=key, now=now)


def release_by_operator(session: Session, now: datetime, *, anyway: bool) -> HoldReason | None:
    """Release sending, and return None; or return why it stays held, which `anyway` overrules.

    After a pause the provider's record is compared first, by the clock or the next worker that starts.
    """
    row = Installation.current(session)
    held_because, paused = row.held_because, now - row.compared_at > PAUSE
    if held_because is None:
        return None
    if held_because == HoldReason.OLD_COPY and not anyway:
        return HoldReason.OLD_COPY
    Installation.release(session)
    if paused and held_because != HoldReason.CANNOT_KNOW and not anyway:
        Installation.hold(session, HoldReason.NOT_COMPARED, now)
        return HoldReason.NOT_COMPARED
    Installation.note_compared(session, now)
    return None


@dataclass(frozen=True, slots=True)
class ReconcileReport:
    """How many emails the record shows that the database lacked: marked, added, and to people without a row."""

    since: datetime
    marked: int
    added: int
    strangers: int


def reconcile(
    database: Database, keyring: Keyring, provider: ProviderRecord, *, since: datetime, now: datetime, write: bool
) -> ReconcileReport:
    """Mark as sent what the provider's record shows since an instant; without `write` only count it.

    Raises:
        ProviderUnreachable, ProviderMisconfigured: the record could not be read to its end; what was read is marked.
    """
    marked = added = strangers = 0
    events = provider.find_events(since - CLOCKS_DIFFER_BY, now)
    for evidence in record_events(database, keyring, events, now, write=write):
        strangers += evidence.strangers
        known = {taken.known.id: taken.message_id for taken in evidence.not_known if taken.known}
        new = {(taken.subscriber_id, taken.kind, taken.slot): taken for taken in evidence.not_known if not taken.known}
        marked, added = marked + len(known), added + len(new)
        if write:
            with database.write() as session:
                delivery_evidence.mark_accepted(session, known, now, never_called=True)
                delivery_evidence.add_sent(session, [_sent_row(taken, now) for taken in new.values()])
    return ReconcileReport(since, marked, added, strangers)


def _sent_row(taken: TakenEmail, now: datetime) -> dict[str, Any]:
    """Return the row of an email that the provider accepted and this database lacks."""
    new = NewDelivery(
        subscriber_id=taken.subscriber_id,
        kind=DeliveryKind(taken.kind),
        slot=taken.slot,
        ready_at=taken.taken_at,
        planned_at=now,
        id=taken.delivery_id or random_id(),
    )
    return new.as_row() | delivery_evidence.sent_columns(taken.taken_at, taken.message_id)
