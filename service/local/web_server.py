"""The command line of gunicorn, and its log without request data."""

from __future__ import annotations

import sys

from gunicorn.glogging import Logger

APPLICATION = "service.app:from_environment()"
WORKER_CLASS = "service.local.buffering_worker.BufferingWorker"
THREADS = 8
# An arriving request takes no thread, but one of the 1,024 files that a process may usually open.
CONNECTIONS = 800
# A request in progress at a stop has this long; the whole stop stays below the 25 s that the platform grants.
GRACEFUL_SECONDS = 20
# A worker whose loop is blocked for this long is replaced. Requests have their own limits: buffered_connection.py.
HUNG_SECONDS = 120
# gunicorn's log lines about requests contain the path (tokens) or the raw header (addresses).
ABOUT_A_REQUEST = ("Error handling request", "Invalid request", "Socket error processing request")


def web_command(bind: str) -> tuple[str, ...]:
    """Return the command that serves the pages at `bind` (HOST:PORT); WEB_CONCURRENCY sets its processes."""
    return (
        *(sys.executable, "-m", "gunicorn", APPLICATION),
        *("--bind", bind),
        *("--worker-class", WORKER_CLASS),
        *("--threads", str(THREADS)),
        *("--worker-connections", str(CONNECTIONS)),
        *("--timeout", str(HUNG_SECONDS)),
        *("--graceful-timeout", str(GRACEFUL_SECONDS)),
        *("--log-level", "warning"),
        *("--logger-class", f"{__name__}.{WordlessLogger.__name__}"),
        "--no-control-socket",
    )


class WordlessLogger(Logger):  # type: ignore[misc] # gunicorn ships no types
    """Gunicorn's error log, without the content of failed requests."""

    def exception(self, msg: object, *args: object, **kwargs: object) -> None:
        """Log an exception; for one in a request only its type."""
        if _is_about_a_request(msg):
            kind = sys.exc_info()[0]
            super().error("A request failed: %s", kind.__name__ if kind else "unknown")
        else:
            super().exception(msg, *args, **kwargs)

    def warning(self, msg: object, *args: object, **kwargs: object) -> None:
        """Log a warning; for an invalid request without its content."""
        if _is_about_a_request(msg):
            super().warning("A request could not be read.")
        else:
            super().warning(msg, *args, **kwargs)


def _is_about_a_request(msg: object) -> bool:
    return isinstance(msg, str) and msg.startswith(ABOUT_A_REQUEST)
