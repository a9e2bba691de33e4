"""The jobs: each hands its ids to one flow and rings for what that leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from service.flows import signup
from workers import process
from workers.contained import contained


@contained
def send(delivery_ids: list[int]) -> None:
    """Send these deliveries."""
    parts = process.parts()
    report = parts.sender.send(delivery_ids)
    if report.left and not process.stopping():
        parts.runtime.doorbell.send(report.left)


def act(request_ids: list[int]) -> None:
    """Act on these requests for mail, each by itself."""
    _each(_act, request_ids)


def receive(reply_ids: list[int]) -> None:
    """Understand these mails, each by itself: one that fails costs the others nothing."""
    _each(_receive, reply_ids)


@contained
def _act(request_ids: list[int]) -> None:
    (request_id,) = request_ids
    runtime = process.parts().runtime
    with runtime.database.write() as session:
        planned = signup.act(session, runtime.keyring, request_id, runtime.clock())
    runtime.doorbell.send(planned)


@contained
def _receive(reply_ids: list[int]) -> None:
    (reply_id,) = reply_ids
    parts = process.parts()
    parts.runtime.doorbell.send(parts.receiver.understand(reply_id))


def _each(job: Callable[[list[int]], None], ids: Iterable[int]) -> None:
    """Do a job for one id after the other; told to stop, leave the rest to the sweep."""
    for id_ in ids:
        if process.stopping():
            return
        job([id_])
