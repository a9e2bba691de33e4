"""What a worker process holds for its whole life: the parts, made once, and whether it was told to stop."""

from __future__ import annotations

import threading
from functools import cache

from service.config import load_settings
from service.flows.replies import Receiver
from service.flows.sending import Sender
from service.runtime import Runtime, make_runtime, set_up_logging

_stop = threading.Event()


@cache
def runtime() -> Runtime:
    """Return this process's parts."""
    settings = load_settings()
    set_up_logging(settings.log_level)
    return make_runtime(settings)


@cache
def sender() -> Sender:
    """Return this process's sender; it keeps its connection to the provider."""
    return runtime().sender(stopping=stopping)


@cache
def receiver() -> Receiver:
    """Return this process's receiver."""
    return runtime().receiver()


def stopping() -> bool:
    """Say whether this process was told to stop: nothing may be claimed any more."""
    return _stop.is_set()


def stop() -> None:
    """Tell this process to stop after the call under way."""
    _stop.set()
