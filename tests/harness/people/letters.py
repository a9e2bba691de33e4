"""Letters and their readers, from the draft to the post office."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from service.core.settings.schedule import Days
from service.flows.outgoing.letters import letter_states
from service.flows.outgoing.letters.letter_drafts import LetterDraft, make_draft
from service.flows.outgoing.letters.letter_scheduling import LetterTime, Straightaway, schedule
from service.flows.outgoing.tick import tick
from service.models import Delivery, DeliveryKind, Letter, LetterPause, Subscriber
from tests.harness.people.members import member
from tests.harness.people.people import NOW
from tests.harness.sending import SendingHarness

NEVER_ASKED = Days.of(6)
A_MONTH_AGO = NOW - timedelta(days=30)
TEXT = "The pond has frozen.\n\n## What I saw\n\nTwo herons, [and a fox](https://blog.example.org/fox)."


class LettersHarness:
    """Letters, the people who want them, and the sending of both."""

    def __init__(self, sending: SendingHarness) -> None:
        self.sending, self.runtime, self.clock = sending, sending.runtime, sending.clock

    straightaway = Straightaway()

    def move_to(self, at: datetime) -> None:
        """Move the clock to an instant."""
        self.clock.move(at - self.clock())

    def reader(self, address: str, **columns: Any) -> Subscriber:
        values = {"wants_letters": True, "letters_confirmed_at": A_MONTH_AGO, "days": NEVER_ASKED, **columns}
        with self.runtime.database.write() as session:
            return member(session, self.runtime.keyring, address, looking_from=self.clock(), **values)

    def draft(self, title: str = "Ice", content: str = TEXT, **more: Any) -> int:
        with self.runtime.database.write() as session:
            return make_draft(session, LetterDraft(title=title, content=content, **more), self.clock()).id

    def schedule(self, letter_id: int, when: LetterTime) -> None:
        with self.runtime.database.write() as session:
            schedule(session, self.runtime.email_context(), letter_id, when, self.clock())

    def scheduled(self, when: LetterTime | None = None) -> int:
        letter_id = self.draft()
        self.schedule(letter_id, when or Straightaway())
        return letter_id

    def tick(self) -> int:
        """Plan, and return how many deliveries were planned."""
        runtime, queue = self.runtime, self.sending.queue
        return tick(runtime.database, runtime.library, queue, now=self.clock(), chunk=2).planned

    def send_due(self) -> dict[str, int]:
        """Tick, and send what was enqueued."""
        self.tick()
        ids, self.sending.queue.deliveries = self.sending.queue.deliveries, []
        return self.sending.send(ids).counts if ids else {}

    def state(self, letter_id: int) -> str:
        with self.runtime.database.read() as session:
            return session.get_one(Letter, letter_id).state

    def times(self) -> dict[int, datetime]:
        """Return when each person gets their letter."""
        with self.runtime.database.read() as session:
            query = select(Delivery).where(Delivery.kind == DeliveryKind.LETTER)
            return {row.subscriber_id: row.ready_at for row in session.scalars(query)}

    def pause(self, letter_id: int) -> None:
        with self.runtime.database.write() as session:
            assert letter_states.pause(session, letter_id, LetterPause.BY_HAND, self.clock())

    def resume(self, letter_id: int) -> None:
        with self.runtime.database.write() as session:
            assert letter_states.resume(session, letter_id, self.clock())
