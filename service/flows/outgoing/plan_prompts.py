"""Planning the prompts that are due, chunk by chunk, with the next times in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy.orm import Session

from service.core.frequency import SlowDown
from service.core.library.prompts import Library, Prompt
from service.core.library.rotation import History, choose, ranking
from service.core.schedule import Days, Schedule, Slot, next_slot, slot_at
from service.core.slots import digest_slot
from service.flows.people import frequency
from service.models import Delivery, DeliveryKind, NewDelivery, Subscriber, SubscriberStatus

PROMPT_LATEST = timedelta(hours=12)
NOTICE_LATEST = timedelta(days=7)
DIGEST_KINDS = (DeliveryKind.DIGEST, DeliveryKind.QUIET_MONTH, DeliveryKind.YEAR)
IN_PLACE_OF_PROMPT = (*DIGEST_KINDS, DeliveryKind.STEP_FOLLOW_UP)

# A schedule as it stands on a row: (days, minute of the day, zone).
Key = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class PlannedChunk:
    """What one chunk of planning made: the people it passed over included in `seen`."""

    delivery_ids: list[int]
    seen: int


def plan_due_prompts(session: Session, library: Library, *, now: datetime, limit: int) -> PlannedChunk:
    """Return what was planned for up to `limit` people whose prompt is due at `now`.

    A prompt more than twelve hours late is let go: whoever was missed for longer gets the one of the last twelve
    hours, if their schedule has one there, or else their next one at its time. Somebody whose rest is over is active
    again from this moment. After long silence one notice goes in a prompt's place, and they are written to less often.
    """
    people = Subscriber.due_for_prompt(session, now, limit)
    times = DueTimes(now)
    due = {person.id: times.due(person) for person in people}
    away = _with_another_email(session, people, due)
    choice = PromptChooser(library)
    prompts, changes, notices, notices_due = [], [], [], []
    for person in people:
        slot = due[person.id]
        change = _plain_change(person, times.next(person))
        is_asked = slot.at <= now and person.id not in away
        if is_asked and (stage := frequency.slow_down_stage_due(person)):
            notices.append(new_notice(person, stage, slot, now))
            notices_due.append(_slowed_change(person, stage, times))
            continue
        if is_asked:
            prompt = choice(person, slot.on)
            prompts.append(new_prompt(person.id, prompt, slot, now))
            change["history"] = History.parse(person.history).adding(prompt.id, slot.on).text
            change["prompts_sent"] = person.prompts_sent + 1
        changes.append(change)
    made = Delivery.plan(session, prompts) + Delivery.plan(session, notices)
    Subscriber.update_many(session, changes)
    Subscriber.update_many(session, notices_due)
    return PlannedChunk(made, len(people))


def new_prompt(subscriber_id: int, prompt: Prompt, slot: Slot, now: datetime) -> NewDelivery:
    """Return the delivery of a prompt for a slot."""
    return NewDelivery(
        subscriber_id=subscriber_id,
        kind=DeliveryKind.PROMPT,
        slot=slot.on.isoformat(),
        prompt_id=prompt.id,
        ready_at=slot.at,
        expires_at=slot.at + PROMPT_LATEST,
        planned_at=now,
        enqueued_at=now,
    )


def new_notice(person: Subscriber, stage: SlowDown, slot: Slot, now: datetime) -> NewDelivery:
    """Return the delivery of the one email that says that questions come less often, in place of a slot's question."""
    return NewDelivery(
        subscriber_id=person.id,
        kind=DeliveryKind.NOTICE,
        slot=slot.on.isoformat(),
        detail=stage,
        ready_at=slot.at,
        expires_at=slot.at + NOTICE_LATEST,
        planned_at=now,
        enqueued_at=now,
    )


def make_prompt_due(session: Session, person: Subscriber, at: datetime) -> None:
    """Make a person's prompt of an instant due again, for the next tick to plan, if their schedule has one there."""
    locked = Subscriber.locked(session, person.id)
    if locked and locked.status == SubscriberStatus.ACTIVE and slot_at(locked.schedule, at).at == at:
        locked.next_prompt_at = at


class DueTimes:
    """Due and next times, computed once per distinct schedule of a chunk."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._due: Callable[[Key, datetime], Slot] = lru_cache(maxsize=None)(self._compute_due)
        self._next: Callable[[Key], datetime] = lru_cache(maxsize=None)(self._compute_next)
        self._schedules: dict[Key, Schedule] = {}

    def due(self, person: Subscriber) -> Slot:
        """Return the slot for which a person's prompt is due; it lies ahead where all that was missed is too late."""
        assert person.next_prompt_at is not None
        return self._due(self._key(person, person.days_mask), person.next_prompt_at)

    def next(self, person: Subscriber, days_mask: int | None = None) -> datetime:
        """Return when the person's next prompt is due, after now; on other days than theirs if they are given."""
        return self._next(self._key(person, days_mask or person.days_mask))

    def _key(self, person: Subscriber, days_mask: int) -> Key:
        key = (days_mask, person.send_minute, person.time_zone)
        if key not in self._schedules:
            self._schedules[key] = Schedule(Days(days_mask), person.send_time, person.zone)
        return key

    def _compute_due(self, key: Key, at: datetime) -> Slot:
        return slot_at(self._schedules[key], max(at, self.now - PROMPT_LATEST))

    def _compute_next(self, key: Key) -> datetime:
        return next_slot(self._schedules[key], self.now).at


class PromptChooser:
    """Chooses prompts; the day's ranking is made once per date and locale."""

    def __init__(self, library: Library) -> None:
        self.library = library

    @cached_property
    def _rankings(self) -> dict[tuple[date, str], tuple[Prompt, ...]]:
        return {}

    def __call__(self, person: Subscriber, on: date, *, light: bool = False) -> Prompt:
        """Return the prompt a person gets on a local date; a light one if they asked for that."""
        key = (on, person.locale)
        if key not in self._rankings:
            self._rankings[key] = ranking(self.library, on, person.locale)
        ranked = self._rankings[key]
        return choose(
            self.library,
            [prompt for prompt in ranked if prompt.is_light] or ranked if light else ranked,
            on,
            History.parse(person.history),
            muted=frozenset(person.muted_themes),
            sent=person.prompts_sent,
            answered=person.prompts_answered,
            last_answered_on=person.last_answered_on,
            joined_on=(person.confirmed_at or person.created_at).astimezone(person.zone).date(),
        )


def _plain_change(person: Subscriber, next_at: datetime) -> dict[str, Any]:
    return {
        "row_id": person.id,
        "status": SubscriberStatus.ACTIVE,
        "resting_until_on": None,
        "next_prompt_at": next_at,
        "history": person.history,
        "prompts_sent": person.prompts_sent,
    }


def _slowed_change(person: Subscriber, stage: SlowDown, times: DueTimes) -> dict[str, Any]:
    columns = frequency.slowed_columns(person, stage)
    next_at = None if stage is SlowDown.REST else times.next(person, columns["days_mask"])
    return {**columns, "next_prompt_at": next_at}


def _with_another_email(session: Session, people: Sequence[Subscriber], due: Mapping[int, Slot]) -> set[int]:
    """Return who has another email in place of a prompt: a digest, or the one about a step, unless it was skipped."""
    by_day: dict[date, list[int]] = {}
    for person in people:
        by_day.setdefault(due[person.id].on, []).append(person.id)
    found: set[int] = set()
    for on, ids in by_day.items():
        found |= Delivery.subscribers_with(session, ids, (DeliveryKind.STEP_FOLLOW_UP,), on.isoformat())
        if slot := digest_slot(on):
            found |= Delivery.subscribers_with(session, ids, DIGEST_KINDS, slot)
    return found
