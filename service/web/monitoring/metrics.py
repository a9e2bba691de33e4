"""The metrics of the service for Prometheus, read from the database so that every web process reports the same.

Each query reads open rows or a small table, so none gets slower with the number of past emails.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy.exc import SQLAlchemyError

from service.core.sending.domain_results import PauseReason
from service.flows.outgoing.sending.provider_requests import CALLS
from service.flows.outgoing.tick import CLOCK
from service.models import (
    Counter,
    Delivery,
    DeliveryState,
    DomainPause,
    Heartbeat,
    HoldReason,
    Installation,
    WriterMail,
)
from service.models.incoming import reply_claims
from service.models.outgoing.deliveries.delivery_outcomes import COUNTER as DELIVERIES
from service.models.outgoing.deliveries.delivery_outcomes import REPEATS
from service.runtime import Runtime
from service.web.monitoring.status import part_status
from service.web.monitoring.webhook_counts import COUNTER as WEBHOOKS
from service.web.monitoring.webhook_counts import WEBHOOK

OPEN_STATES: Final = (DeliveryState.PLANNED, DeliveryState.CLAIMED, DeliveryState.UNKNOWN)
UNSETTLED_STATES: Final = (*OPEN_STATES, DeliveryState.FAILED)


@dataclass(frozen=True, slots=True)
class _Readings:
    """The values read in one transaction; `oldest` are counts and oldest instants by state."""

    open_deliveries: Mapping[str, tuple[int, datetime]]
    waiting_replies: tuple[int, datetime | None]
    heartbeats: Mapping[str, datetime]
    counters: Mapping[tuple[str, str], int]
    paused_domains: Mapping[str, int]
    held_because: str | None
    writer_mails: Mapping[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class ServiceMetrics:
    """A collector for `prometheus_client`."""

    runtime: Runtime

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics; if the database does not answer, only that and the queue's metrics."""
        readings = self._read()
        yield GaugeMetricFamily(
            "smallsteps_database_up", "Whether the database can be read.", value=readings is not None
        )
        yield from self._queue_figures()
        if readings is not None:
            now = self.runtime.clock()
            yield from _open_figures(readings, now)
            yield from _process_figures(readings, now)
            yield _paused_figure(readings.paused_domains)
            yield _held_figure(readings.held_because)
            yield _writer_mails_figure(readings.writer_mails)
            yield from _counters(readings.counters)

    def _read(self) -> _Readings | None:
        try:
            with self.runtime.database.read() as session:
                return _Readings(
                    Delivery.open_by_state(session),
                    reply_claims.count_waiting(session),
                    Heartbeat.read_all(session),
                    Counter.read_all(session),
                    DomainPause.count_by_reason(session),
                    Installation.current(session).held_because,
                    WriterMail.count_unsettled(session),
                )
        except SQLAlchemyError:
            return None  # the metrics report it

    def _queue_figures(self) -> Iterator[Metric]:
        waiting, refused = self.runtime.job_queue.count_waiting(), self.runtime.job_queue.count_refused()
        if waiting is not None:
            jobs = GaugeMetricFamily("smallsteps_queue_jobs", "Jobs that wait in a queue.", labels=["queue"])
            for queue, number in waiting.items():
                jobs.add_metric([queue], number)
            yield jobs
        if refused is not None:
            yield CounterMetricFamily("smallsteps_jobs_refused", "Jobs in the queue that were not ours.", value=refused)


def _open_figures(readings: _Readings, now: datetime) -> Iterator[Metric]:
    numbers = GaugeMetricFamily("smallsteps_deliveries", "Deliveries that are not finished.", labels=["state"])
    ages = GaugeMetricFamily(
        "smallsteps_deliveries_oldest_seconds", "How long ago the oldest of them became due.", labels=["state"]
    )
    for state in OPEN_STATES:
        number, oldest_at = readings.open_deliveries.get(state, (0, now))
        numbers.add_metric([state.value], number)
        ages.add_metric([state.value], _age(oldest_at, now))
    waiting, received_at = readings.waiting_replies
    yield numbers
    yield ages
    yield GaugeMetricFamily("smallsteps_replies_waiting", "Mails that are not understood yet.", value=waiting)
    yield GaugeMetricFamily(
        "smallsteps_replies_oldest_seconds",
        "How long ago the oldest of them came in.",
        value=_age(received_at or now, now),
    )


def _process_figures(readings: _Readings, now: datetime) -> Iterator[Metric]:
    alive = GaugeMetricFamily("smallsteps_processes_alive", "Processes with a heartbeat of now.", labels=["kind"])
    for kind, part in part_status(readings.heartbeats, now).items():
        alive.add_metric([kind], part.alive)
    yield alive
    for name, what in ((CLOCK, "clock"), (WEBHOOK, "webhook")):
        at = readings.heartbeats.get(name)
        if at is not None:
            help_text = f"How long ago the last {'tick' if what == 'clock' else 'webhook with a good signature'} was."
            yield GaugeMetricFamily(f"smallsteps_{what}_age_seconds", help_text, value=_age(at, now))


def _paused_figure(paused: Mapping[str, int]) -> Metric:
    domains = GaugeMetricFamily(
        "smallsteps_domains_paused", "Recipient domains that get no questions for now.", labels=["reason"]
    )
    for reason in PauseReason:
        domains.add_metric([reason.value], paused.get(reason, 0))
    return domains


def _held_figure(held_because: str | None) -> Metric:
    held = GaugeMetricFamily(
        "smallsteps_sending_held", "Whether all sending is held, by the reason.", labels=["reason"]
    )
    for reason in HoldReason:
        held.add_metric([reason.value], reason == held_because)
    return held


def _writer_mails_figure(unsettled: Mapping[str, int]) -> Metric:
    mails = GaugeMetricFamily("smallsteps_writer_mails", "Mails to the writers that are not settled.", labels=["state"])
    for state in UNSETTLED_STATES:
        mails.add_metric([state.value], unsettled.get(state, 0))
    return mails


def _counters(counters: Mapping[tuple[str, str], int]) -> Iterator[Metric]:
    families = {
        DELIVERIES: (
            CounterMetricFamily("smallsteps_outcomes", "Outcomes of deliveries.", labels=["state", "reason"]),
            2,
        ),
        CALLS: (CounterMetricFamily("smallsteps_provider_calls", "Requests to the provider.", labels=["outcome"]), 1),
        REPEATS: (
            CounterMetricFamily("smallsteps_repeats", "Emails that may have gone twice, at once.", labels=["kind"]),
            1,
        ),
        WEBHOOKS: (
            CounterMetricFamily("smallsteps_webhooks", "Posts to the webhooks.", labels=["webhook", "signature"]),
            2,
        ),
    }
    for (name, label), value in counters.items():
        if name in families:
            family, parts = families[name]
            values = label.split(".", parts - 1)
            family.add_metric(values + [""] * (parts - len(values)), value)
    for family, _ in families.values():
        yield family


def _age(at: datetime, now: datetime) -> float:
    """Return how many seconds ago an instant was, 0 for one in the future."""
    return max(0.0, (now - at).total_seconds())
