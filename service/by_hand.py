"""Doing in this process, at a given instant, what the clock and the workers do by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from service.flows import signup
from service.flows.replies import Receiver
from service.flows.sending import Sender
from service.flows.ticking import tick
from service.runtime import Runtime


@dataclass(slots=True)
class HeldBell:
    """A doorbell that remembers what was rung for, so that this process can do it itself."""

    to_send: list[int] = field(default_factory=list)
    to_act: list[int] = field(default_factory=list)
    to_receive: list[int] = field(default_factory=list)

    def send(self, delivery_ids: Sequence[int]) -> None:
        """Remember deliveries."""
        self.to_send += delivery_ids

    def act(self, request_ids: Sequence[int]) -> None:
        """Remember requests."""
        self.to_act += request_ids

    def receive(self, reply_ids: Sequence[int]) -> None:
        """Remember mails."""
        self.to_receive += reply_ids

    def answers(self) -> bool:
        """Say that nothing stands between this bell and its hearer."""
        return True


class Hands:
    """Works off what a held bell remembers, in this process, until nothing is left."""

    def __init__(self, runtime: Runtime, bell: HeldBell) -> None:
        self.runtime, self.bell = runtime, bell
        self.sender: Sender = runtime.sender()
        self.receiver: Receiver = runtime.receiver()

    def work(self) -> dict[str, int]:
        """Return how many deliveries reached each state."""
        counts: dict[str, int] = {}
        while self.bell.to_act or self.bell.to_receive or self.bell.to_send:
            self._act_and_receive()
            ids, self.bell.to_send = self.bell.to_send, []
            for state, number in self.sender.send(ids).counts.items():
                counts[state] = counts.get(state, 0) + number
        return counts

    def close(self) -> None:
        """End the reading process."""
        self.receiver.reader.close()

    def _act_and_receive(self) -> None:
        requests, self.bell.to_act = self.bell.to_act, []
        for request_id in requests:
            with self.runtime.database.write() as session:
                planned = signup.act(session, self.runtime.keyring, request_id, self.runtime.clock())
            self.bell.send(planned)
        mails, self.bell.to_receive = self.bell.to_receive, []
        for reply_id in mails:
            self.bell.send(self.receiver.understand(reply_id))


def tick_by_hand(runtime: Runtime, *, at: datetime | None, send: bool) -> dict[str, int]:
    """Return what one tick at an instant planned and, with `send`, what became of it."""
    now = at or runtime.clock()
    if at is not None:
        runtime = replace(runtime, clock=lambda: now)
    done = tick(runtime.database, runtime.library, runtime.doorbell, now=now, chunk=runtime.settings.chunk_size)
    result = {"planned": done.planned, "rung again": done.rung_again, "unknown": done.unknown}
    if send and isinstance(runtime.doorbell, HeldBell):
        hands = Hands(runtime, runtime.doorbell)
        result |= hands.work()
        hands.close()
    return result
