"""How every process logs."""

from __future__ import annotations

import logging
import os
import sys

import structlog


def set_up_logging(level: str) -> None:
    """Log structured lines to standard error: JSON, or plain text on a terminal; ids, never words."""
    on_terminal = sys.stderr.isatty() or os.environ.get("LOG_FORMAT") == "plain"
    renderer = structlog.dev.ConsoleRenderer(colors=False) if on_terminal else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
