"""The objects that a worker process keeps for its whole life, and its stop signal."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from service.flows.incoming.replies.process import ReplyProcessor
from service.flows.outgoing.sending.send import Sender
from service.job_queue import BackgroundJob
from service.runtime import BackgroundWork, Runtime

_stop = threading.Event()


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """The objects that the jobs use; the sender keeps its connection to the provider."""

    runtime: Runtime
    sender: Sender
    reply_processor: ReplyProcessor
    background_work: Mapping[BackgroundJob, BackgroundWork]


_held: list[WorkerParts] = []


def hold(runtime: Runtime) -> WorkerParts:
    """Create and store the parts for every job of this process, in place of earlier ones."""
    _stop.clear()
    sender, background_work = runtime.sender(stopping), runtime.background_work(stopping)
    _held[:] = [WorkerParts(runtime, sender, runtime.reply_processor(), background_work)]
    return _held[0]


def parts() -> WorkerParts:
    """Return this process's parts, with a library that was read within the last minute."""
    assert _held, "a worker holds its parts before its first job"
    _held[0].runtime.keep_library_fresh()
    return _held[0]


def stopping() -> bool:
    """Return whether this process was told to stop, so that nothing more may be claimed."""
    return _stop.is_set()


def stop() -> None:
    """Tell this process to stop after the current request to the provider."""
    _stop.set()
