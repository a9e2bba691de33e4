"""Health checks: whether this process is alive and ready; for monitors, the status and metrics of the service."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, jsonify, request
from prometheus_client import CollectorRegistry, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from service.config import LOOPBACK
from service.models import Heartbeat
from service.runtime import Runtime
from service.web.context import get_runtime
from service.web.monitoring.metrics import ServiceMetrics
from service.web.monitoring.status import read_status

# A stranger may request this as often as they like: this long after a successful write, no other is made.
WRITE_HOLDS = timedelta(seconds=5)
_WRITTEN_AT = "monitoring.written_at"

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Answer that this process is alive."""
    return jsonify(alive=True)


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Answer whether this process can read and write the database, which is all that a page or a webhook needs."""
    is_ready = _can_write(get_runtime())
    return jsonify(ready=is_ready, database=is_ready), 200 if is_ready else 503


@blueprint.get("/status")
def status() -> tuple[Response, int]:
    """Return the state of the whole service as JSON, with the code 503 if anything needs attention."""
    runtime = get_runtime()
    _require_access(runtime)
    found = read_status(runtime, is_writable=_can_write(runtime))
    return jsonify(found.as_json()), 503 if found.problems else 200


@blueprint.get("/metrics")
def metrics() -> Response:
    """Return the metrics for Prometheus to a caller with the token, or on a local site to this machine."""
    runtime = get_runtime()
    _require_access(runtime)
    registry = CollectorRegistry()
    registry.register(ServiceMetrics(runtime))
    return Response(generate_latest(registry), mimetype="text/plain; version=0.0.4")


def _can_write(runtime: Runtime) -> bool:
    """Return whether a transaction of this process commits; it deletes the row that it writes."""
    now = runtime.clock()
    written_at: datetime | None = current_app.extensions.get(_WRITTEN_AT)
    name = f"probe-{secrets.token_hex(4)}"
    try:
        if written_at is not None and timedelta(0) <= now - written_at < WRITE_HOLDS:
            with runtime.database.read() as session:
                Heartbeat.last_at(session, name)
            return True
        with runtime.database.write() as session:
            Heartbeat.record(session, name, now)
            Heartbeat.remove(session, name)
    except SQLAlchemyError:
        return False  # the response reports it
    current_app.extensions[_WRITTEN_AT] = now
    return True


def _require_access(runtime: Runtime) -> None:
    if not _may_measure(runtime):
        abort(404)


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
