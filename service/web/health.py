"""Health checks and metrics."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, jsonify, request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy.exc import SQLAlchemyError

from service.config import LOOPBACK
from service.flows.outgoing.tick import CLOCK
from service.models import Delivery, DeliveryState, Heartbeat, Reply
from service.runtime import Runtime
from service.web.context import get_runtime

LATEST_TICK = timedelta(seconds=120)

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Say that this process answers."""
    return jsonify(alive=True)


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Say whether the database and the queue answer and the clock has ticked in the last two minutes."""
    runtime = get_runtime()
    parts = {"database": False, "queue": runtime.job_queue.is_reachable(), "clock": False}
    try:
        with runtime.database.read() as session:
            ticked_at = Heartbeat.last_at(session, CLOCK)
        parts["database"] = True
        parts["clock"] = ticked_at is not None and runtime.clock() - ticked_at < LATEST_TICK
    except SQLAlchemyError:
        pass  # the answer says so
    ready = all(parts.values())
    return jsonify(ready=ready, **parts), 200 if ready else 503


@blueprint.get("/metrics")
def metrics() -> Response:
    """Return the figures for Prometheus to a caller with the token, or on a local site to this machine."""
    runtime = get_runtime()
    if not _may_measure(runtime):
        abort(404)
    registry = CollectorRegistry()
    registry.register(_Figures(runtime))
    return Response(generate_latest(registry), mimetype="text/plain; version=0.0.4")


class _Figures:
    """Counts of what is open, read from the database when they are asked for: so every process tells the same."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def collect(self) -> Iterator[Metric]:
        """Yield the figures."""
        with self.runtime.database.read() as session:
            open_now = Delivery.count_by_state(session)
            waiting = Reply.count_waiting(session)
            ticked_at = Heartbeat.last_at(session, CLOCK)
        refused = self.runtime.job_queue.count_refused()
        deliveries = GaugeMetricFamily("smallsteps_deliveries", "Deliveries that are not finished.", labels=["state"])
        for state in (DeliveryState.PLANNED, DeliveryState.CLAIMED, DeliveryState.UNKNOWN):
            deliveries.add_metric([state.value], open_now.get(state, 0))
        yield deliveries
        yield GaugeMetricFamily("smallsteps_replies_waiting", "Mails that are not understood yet.", value=waiting)
        if refused is not None:
            yield CounterMetricFamily("smallsteps_jobs_refused", "Jobs in the queue that were not ours.", value=refused)
        if ticked_at is not None:
            yield GaugeMetricFamily(
                "smallsteps_clock_ticked_seconds", "When the clock last ticked, in epoch time.", ticked_at.timestamp()
            )


def _may_measure(runtime: Runtime) -> bool:
    token = runtime.settings.metrics_token
    given = request.headers.get("Authorization", "")
    if token:
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    # Behind a proxy on the same machine every request comes from this machine: a public site needs the token.
    settings = runtime.settings
    is_local = settings.trusted_proxies == 0 and urlsplit(settings.base_url).hostname in LOOPBACK
    return is_local and _is_loopback(request.remote_addr) and urlsplit(request.host_url).hostname in LOOPBACK


def _is_loopback(address: str | None) -> bool:
    return address is not None and ip_address(address).is_loopback
