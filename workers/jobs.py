"""The jobs: each hands its ids to one flow and rings for what that leaves."""

from __future__ import annotations

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


@contained
def act(request_ids: list[int]) -> None:
    """Act on these requests for mail."""
    runtime = process.parts().runtime
    for request_id in request_ids:
        with runtime.database.write() as session:
            planned = signup.act(session, runtime.keyring, request_id, runtime.clock())
        runtime.doorbell.send(planned)


@contained
def receive(reply_ids: list[int]) -> None:
    """Understand these mails."""
    parts = process.parts()
    for reply_id in reply_ids:
        parts.runtime.doorbell.send(parts.receiver.understand(reply_id))
