"""One log line per request: the route's name, the status and the duration; no path and no address."""

from __future__ import annotations

import time
from http import HTTPStatus

import structlog
from flask import Flask, Response, g, request

PROBE = "health.healthz"  # platforms request it every few seconds

log = structlog.get_logger()


def keep(app: Flask) -> None:
    """Log every request of this app, except successful liveness probes."""

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def write(response: Response) -> Response:
        if request.endpoint == PROBE and response.status_code == HTTPStatus.OK:
            return response
        taken = round((time.perf_counter() - g.started) * 1000, 1) if "started" in g else None
        log.info("request", route=request.endpoint, method=request.method, status=response.status_code, ms=taken)
        return response
