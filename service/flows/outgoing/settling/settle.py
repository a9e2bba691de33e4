"""Settling deliveries in doubt by the provider's record: they were sent if it has them, and are planned again if not.

The record is read by time and matched by our delivery ids, so that one reading settles thousands. It lags: an absence
counts only some time after the request, and only if the same record has an email that is known to be sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from operator import attrgetter

import structlog

from service.clock import Clock
from service.db import Database
from service.flows.outgoing.settling.evidence import EVENTS_A_TRANSACTION, record_events, weigh
from service.mail.outbound.mailer import ProviderMisconfigured, ProviderRecord, ProviderUnreachable
from service.models import Keyring, WriterMail
from service.models.outgoing.deliveries import delivery_evidence
from service.models.outgoing.deliveries.delivery_evidence import UnknownDelivery

FIRST_ASKED_AFTER = timedelta(minutes=2)
ASKED_AGAIN_WITHIN = timedelta(hours=1)
A_DAY = timedelta(days=1)
CLOCKS_DIFFER_BY = timedelta(minutes=15)
TAKEN_WITHIN = timedelta(minutes=15)
# A known email proves nothing about the record hours earlier, which the provider may have deleted.
LONGEST_WINDOW = timedelta(hours=1)
LOOKED_BACK = timedelta(days=30)  # the longest that the provider keeps events (Mailgun, Events)
REFUSED_WAIT = timedelta(minutes=15)
UNREACHABLE_WAIT = timedelta(minutes=1)
UNKNOWN_A_RUN = 50_000
IDS_A_TRANSACTION = 1_000

log = structlog.get_logger()


@dataclass(slots=True)
class SettleReport:
    """What a run settled; `held` are those that may have been lost but are not sent again, and `problem` says why."""

    asked: int = 0
    sent: int = 0
    planned_again: list[int] = field(default_factory=list)
    held: int = 0
    problem: str = ""


@dataclass(slots=True)
class _Window:
    """A period in which the provider accepted these deliveries, if it accepted them at all."""

    begin: datetime
    end: datetime
    unknown: list[UnknownDelivery]


@dataclass(slots=True)
class Settler:
    """Settles deliveries and mails to writers in doubt; `settle_after` a request, an absence counts."""

    database: Database
    keyring: Keyring
    provider: ProviderRecord
    clock: Clock
    settle_after: timedelta
    _not_before: datetime | None = field(default=None, init=False)

    def settle(self, ids: Sequence[int] | None = None) -> SettleReport:
        """Look up in the record the deliveries that are due, or these deliveries now; return what was settled."""
        now, report = self.clock(), SettleReport()
        if ids is None and self._not_before and now < self._not_before:
            return report
        with self.database.read() as session:
            unknown = delivery_evidence.find_unknown(session, UNKNOWN_A_RUN)
            unknown += WriterMail.find_unknown(session, UNKNOWN_A_RUN)
        unknown.sort(key=attrgetter("called_at"))
        named = None if ids is None else frozenset(ids)
        wanted = [one for one in unknown if (self._is_due(one, now) if named is None else one.id in named)]
        try:
            for window in _windows(wanted, now):
                self._settle_window(window, now, report)
        except ProviderMisconfigured as error:
            report.problem = f"the provider's record cannot be read, so nothing is sent again by itself: {error}"
            self._not_before = now + REFUSED_WAIT
        except ProviderUnreachable as error:
            report.problem = f"the provider's record could not be read to its end: {error}"
            self._not_before = now + UNREACHABLE_WAIT
        if report.asked or report.problem:
            again = len(report.planned_again)
            write = log.warning if report.problem else log.info
            write("deliveries.settled", sent=report.sent, planned_again=again, held=report.held, problem=report.problem)
        return report

    def _is_due(self, unknown: UnknownDelivery, now: datetime) -> bool:
        """Return whether to look a delivery up: after two minutes, each time its age has doubled, and later daily."""
        age = now - unknown.called_at
        if unknown.asked_at is None:
            return age >= FIRST_ASKED_AFTER
        age_when_asked = unknown.asked_at - unknown.called_at
        if age_when_asked < self.settle_after <= age:
            return True
        at_most = ASKED_AGAIN_WITHIN if age < A_DAY else A_DAY
        return age < LOOKED_BACK and now - unknown.asked_at >= min(age_when_asked, at_most)

    def _settle_window(self, window: _Window, now: datetime, report: SettleReport) -> None:
        report.asked += len(window.unknown)
        found = False
        for evidence in record_events(
            self.database, self.keyring, self.provider.find_events(window.begin, window.end), now
        ):
            report.sent += evidence.settled
            found = found or bool(evidence.taken or evidence.writer_mails)
        absent = {one.id for one in window.unknown if now - one.called_at >= self.settle_after}
        # An empty record proves nothing: it may be another domain's, or not reach back so far.
        believed = not absent or found or reaches_back_to(window.begin, self.database, self.keyring, self.provider)
        if not believed:
            report.held += len(absent)
            report.problem = "no email that is known to be sent was found in the provider's record"
        for start in range(0, len(window.unknown), IDS_A_TRANSACTION):
            part = [one.id for one in window.unknown[start : start + IDS_A_TRANSACTION]]
            with self.database.write() as session:
                if believed:
                    report.planned_again += delivery_evidence.plan_absent(session, set(part) & absent)
                    WriterMail.plan_absent(session, set(part) & absent)
                delivery_evidence.note_asked(session, part, now)
                WriterMail.note_asked(session, part, now)


def reaches_back_to(instant: datetime, database: Database, keyring: Keyring, provider: ProviderRecord) -> bool:
    """Return whether the provider's record has an email from before an instant that is known to be sent.

    Raises:
        ProviderUnreachable, ProviderMisconfigured: the record could not be read.
    """
    newest_first = provider.find_events(instant - LOOKED_BACK, instant, newest_first=True)
    events = [*islice(newest_first, EVENTS_A_TRANSACTION)]
    with database.read() as session:
        evidence = weigh(session, keyring, events)
    return bool(evidence.taken or evidence.writer_mails)


def _windows(unknown: Sequence[UnknownDelivery], now: datetime) -> list[_Window]:
    """Return the periods to read for these deliveries; those of requests close together are merged."""
    windows: list[_Window] = []
    for one in unknown:
        begin, end = one.called_at - CLOCKS_DIFFER_BY, min(one.called_at + TAKEN_WITHIN, now)
        if windows and begin <= windows[-1].end and end - windows[-1].begin <= LONGEST_WINDOW:
            windows[-1].end = max(windows[-1].end, end)
            windows[-1].unknown.append(one)
        else:
            windows.append(_Window(begin, end, [one]))
    return windows
