"""Planning an extra prompt that a subscriber asked for: another one, or a lighter one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from service.core.library.prompts import Library
from service.core.library.rotation import History
from service.core.settings.schedule import local_date
from service.flows.outgoing.planning.personal_questions import PersonalQuestions
from service.flows.outgoing.planning.plan_prompts import PromptChooser
from service.models import Delivery, DeliveryKind, NewDelivery, Subscriber

MAX_PER_DAY = 3


def plan_extra_prompt(
    session: Session, library: Library, person: Subscriber, now: datetime, *, light: bool
) -> list[int]:
    """Plan an extra prompt for now and return its id, or nothing after the third of a local day.

    It follows the subscriber's rules and counts in their history like any other prompt. Subscribers who rest or have
    stopped get it too, because they asked for it.
    """
    today = local_date(now, person.zone)
    slots = [f"{today}/{number}" for number in range(1, MAX_PER_DAY + 1)]
    free = [slot for slot in slots if Delivery.find(session, person.id, DeliveryKind.ANOTHER, slot) is None]
    if not free:
        return []
    unwanted = PersonalQuestions.load(session, library, [person.id]).unwanted(person.id)
    prompt = PromptChooser(library)(person, today, light=light, unwanted=unwanted)
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
