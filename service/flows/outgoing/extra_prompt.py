"""Planning an extra question that somebody asked for, up to three a day."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from service.core.library.prompts import Library
from service.core.library.rotation import History
from service.core.schedule import local_date
from service.flows.outgoing.plan_prompts import PromptChooser
from service.models import Delivery, DeliveryKind, NewDelivery, Subscriber

MOST_A_DAY = 3


def plan_extra_prompt(
    session: Session, library: Library, person: Subscriber, now: datetime, *, light: bool
) -> list[int]:
    """Plan another question for now, a light one if so wished; return it, or nothing after the third of a local day.

    It keeps the person's rules as every question does, and counts as one they had. It goes to whoever asked, resting
    and stopped people too.
    """
    today = local_date(now, person.zone)
    slots = [f"{today}/{number}" for number in range(1, MOST_A_DAY + 1)]
    free = [slot for slot in slots if Delivery.find(session, person.id, DeliveryKind.ANOTHER, slot) is None]
    if not free:
        return []
    prompt = PromptChooser(library)(person, today, light=light)
    extra = NewDelivery(
        subscriber_id=person.id,
        kind=DeliveryKind.ANOTHER,
        slot=free[0],
        prompt_id=prompt.id,
        ready_at=now,
        planned_at=now,
        enqueued_at=now,
    )
    planned = Delivery.plan(session, [extra])
    if planned:
        person.history = History.parse(person.history).adding(prompt.id, today).text
        person.prompts_sent += 1
    return planned
