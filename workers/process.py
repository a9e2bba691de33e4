"""What a worker process holds for its whole life: the parts, made once, and whether it was told to stop."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from service.flows.replies import Receiver
from service.flows.sending import Sender
from service.runtime import Runtime

_stop = threading.Event()


@dataclass(frozen=True, slots=True)
class Parts:
    """The running parts, and what the jobs do with them; the sender keeps its connection to the provider."""

    runtime: Runtime
    sender: Sender
    receiver: Receiver


_held: list[Parts] = []


def hold(runtime: Runtime) -> Parts:
    """Keep these parts for every job of this process, in place of any before."""
    _stop.clear()
    _held[:] = [Parts(runtime, runtime.sender(stopping=stopping), runtime.receiver())]
    return _held[0]


def parts() -> Parts:
    """Return this process's parts."""
    assert _held, "a worker holds its parts before its first job"
    return _held[0]


def stopping() -> bool:
    """Say whether this process was told to stop: nothing may be claimed any more."""
    return _stop.is_set()


def stop() -> None:
    """Tell this process to stop after the call under way."""
    _stop.set()
