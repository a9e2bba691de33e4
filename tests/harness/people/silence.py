"""A person who never answers: what each tick plans for them, and what the provider accepts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.core.library.prompts import Library
from service.db import Database
from service.flows.outgoing.planning.plan_digests import plan_due_digests
from service.flows.outgoing.planning.plan_prompts import plan_due_prompts
from service.models import Delivery, DeliveryKind, Subscriber
from service.models.outgoing.deliveries.delivery_state import DeliveryState

# What was planned, in order: (kind, the stage of a notice, local date).
Planned = tuple[str, str | None, str]


@dataclass
class Silence:
    """One person, and the instants at which something is due to them."""

    database: Database
    library: Library
    person_id: int

    def person(self) -> Subscriber:
        with self.database.read() as session:
            return session.get_one(Subscriber, self.person_id)

    def plan(self, now: datetime) -> list[Planned]:
        """Plan what is due to them at an instant, and mark it as accepted by the provider."""
        with self.database.write() as session:
            plan_due_digests(session, now=now, limit=10)
            made = plan_due_prompts(session, self.library, now=now, limit=10).delivery_ids
            return self._taken(session, made)

    def go_on(self, until: datetime) -> list[Planned]:
        """Go through the instants at which something is due; return all that was planned before `until`."""
        planned: list[Planned] = []
        while (due := self.person().next_prompt_at) is not None and due < until:
            planned += self.plan(due)
            assert self.person().next_prompt_at != due, "nothing came of an instant at which something was due"
        return planned

    def _taken(self, session: Session, ids: Sequence[int]) -> list[Planned]:
        rows = session.scalars(select(Delivery).where(Delivery.id.in_(ids))).all()
        for row in rows:
            row.state = DeliveryState.SENT
            if row.kind == DeliveryKind.PROMPT:
                Subscriber.count_unanswered(session, [row.subscriber_id])
        return [(row.kind, row.detail, row.slot) for row in rows]


def kinds(planned: Sequence[Planned]) -> list[str]:
    """Return what was planned as words: "prompt", or the stage of a notice."""
    return [detail or kind for kind, detail, _ in planned]
