"""Planning the prompts that are due, in chunks: deliveries and the next due times in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy.orm import Session

from service.core.library.own_question import own_id_of
from service.core.library.prompts import Library, Prompt
from service.core.library.rotation import History, choose, ranking
from service.core.settings.frequency import SlowDown
from service.core.settings.quiet_dates import is_quiet
from service.core.settings.schedule import Days, Schedule, Slot, local_date, next_slot, slot_at
from service.core.slots import digest_slot
from service.flows.outgoing.planning.personal_questions import PersonalQuestions
from service.flows.people.settings import frequency
from service.models import Delivery, DeliveryKind, NewDelivery, QuietDate, Subscriber, SubscriberStatus
from service.models.letters import letter_deliveries

PROMPT_MAX_DELAY = timedelta(hours=12)
NOTICE_MAX_DELAY = timedelta(days=7)
_DAY = timedelta(days=1)
DIGEST_KINDS = (DeliveryKind.DIGEST, DeliveryKind.QUIET_MONTH, DeliveryKind.YEAR)
IN_PLACE_OF_PROMPT = (*DIGEST_KINDS, DeliveryKind.STEP_FOLLOW_UP)

# The columns of a subscriber's schedule: (days mask, minute of the day, time zone).
ScheduleKey = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class PlannedChunk:
    """The deliveries that one chunk planned; `seen` also counts the subscribers for whom nothing was planned."""

    delivery_ids: list[int]
    seen: int


def plan_due_prompts(session: Session, library: Library, *, now: datetime, limit: int) -> PlannedChunk:
    """Plan the prompts of up to `limit` subscribers that are due at `now`, and return what was planned.

    A prompt more than twelve hours late is not sent. After a longer outage a subscriber gets the prompt of the last
    twelve hours, if their schedule has one there, or else the next prompt at its usual time. A subscriber whose rest
    is over becomes active again; one who wants no questions gets no prompt then. On a quiet date nobody gets one.
    After a long silence one notice replaces the prompt, and prompts come less often. An own question, or one that a
    person wants again, comes in place of the library's.
    """
    people = Subscriber.due_for_prompt(session, now, limit)
    times = DueTimes(now)
    due = {person.id: times.due(person) for person in people}
    replaced = _ids_without_prompt(session, people, due)
    chooser = PromptChooser(library)
    personal = PersonalQuestions.load(session, library, [each.id for each in people if each.has_personal_questions])
    prompts, prompt_changes, notices, notice_changes = [], [], [], []
    for person in people:
        slot = due[person.id]
        change = _prompt_change(person, times.next(person) if person.wants_questions else None)
        is_due = person.wants_questions and slot.at <= now and person.id not in replaced
        if is_due and (stage := frequency.slow_down_stage_due(person)):
            notices.append(new_notice(person, stage, slot, now))
            notice_changes.append(_notice_change(person, stage, times))
            continue
        if is_due:
            prompt_id = personal.take(person.id, slot.on) if person.has_personal_questions else None
            prompt_id = prompt_id or chooser(person, slot.on, unwanted=personal.unwanted(person.id)).id
            prompts.append(new_prompt(person.id, prompt_id, slot, now))
            change |= _counted(person, prompt_id, slot.on)
        prompt_changes.append(change)
    planned = Delivery.plan(session, prompts) + Delivery.plan(session, notices)
    Subscriber.update_many(session, prompt_changes)
    Subscriber.update_many(session, notice_changes)
    return PlannedChunk(planned, len(people))


def new_prompt(subscriber_id: int, prompt_id: str, slot: Slot, now: datetime) -> NewDelivery:
    """Return the delivery of a prompt for a slot."""
    return NewDelivery(
        subscriber_id=subscriber_id,
        kind=DeliveryKind.PROMPT,
        slot=slot.on.isoformat(),
        prompt_id=prompt_id,
        ready_at=slot.at,
        expires_at=slot.at + PROMPT_MAX_DELAY,
        planned_at=now,
        enqueued_at=now,
    )


def new_notice(person: Subscriber, stage: SlowDown, slot: Slot, now: datetime) -> NewDelivery:
    """Return the delivery of the notice that replaces a slot's prompt and says that prompts come less often."""
    return NewDelivery(
        subscriber_id=person.id,
        kind=DeliveryKind.NOTICE,
        slot=slot.on.isoformat(),
        detail=stage,
        ready_at=slot.at,
        expires_at=slot.at + NOTICE_MAX_DELAY,
        planned_at=now,
        enqueued_at=now,
    )


def make_prompt_due(session: Session, person: Subscriber, at: datetime) -> None:
    """Make a subscriber's prompt due again at `at`, for the next tick to plan, if their schedule has a slot there."""
    locked = Subscriber.locked(session, person.id)
    if locked is None or locked.status != SubscriberStatus.ACTIVE or not locked.wants_questions:
        return
    if slot_at(locked.schedule, at).at == at:
        locked.next_prompt_at = at


class DueTimes:
    """Due slots and next times, computed once for each distinct schedule of a chunk."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._due: Callable[[ScheduleKey, datetime], Slot] = lru_cache(maxsize=None)(self._compute_due)
        self._next: Callable[[ScheduleKey], datetime] = lru_cache(maxsize=None)(self._compute_next)
        self._schedules: dict[ScheduleKey, Schedule] = {}

    def due(self, person: Subscriber) -> Slot:
        """Return the slot for which a prompt is due; one in the future if every missed slot is too late."""
        assert person.next_prompt_at is not None
        return self._due(self._key(person, person.days_mask), person.next_prompt_at)

    def next(self, person: Subscriber, days_mask: int | None = None) -> datetime:
        """Return the instant after now at which the next prompt is due; `days_mask` overrides the subscriber's days."""
        return self._next(self._key(person, days_mask or person.days_mask))

    def _key(self, person: Subscriber, days_mask: int) -> ScheduleKey:
        key = (days_mask, person.send_minute, person.time_zone)
        if key not in self._schedules:
            self._schedules[key] = Schedule(Days(days_mask), person.send_time, person.zone)
        return key

    def _compute_due(self, key: ScheduleKey, at: datetime) -> Slot:
        return slot_at(self._schedules[key], max(at, self.now - PROMPT_MAX_DELAY))

    def _compute_next(self, key: ScheduleKey) -> datetime:
        return next_slot(self._schedules[key], self.now).at


class PromptChooser:
    """Chooses prompts; the ranking of the library is computed once for each date and locale."""

    def __init__(self, library: Library) -> None:
        self.library = library

    @cached_property
    def _rankings(self) -> dict[tuple[date, str], tuple[Prompt, ...]]:
        return {}

    def __call__(self, person: Subscriber, on: date, *, light: bool = False, unwanted: Collection[str] = ()) -> Prompt:
        """Return the prompt for a subscriber on a local date, none of the `unwanted` ids; with `light`, a light one."""
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
            unwanted=unwanted,
            sent=person.prompts_sent,
            answered=person.prompts_answered,
            last_answered_on=person.last_answered_on,
            joined_on=(person.confirmed_at or person.created_at).astimezone(person.zone).date(),
        )


def _prompt_change(person: Subscriber, next_at: datetime | None) -> dict[str, Any]:
    return {
        "row_id": person.id,
        "status": SubscriberStatus.ACTIVE,
        "resting_until_on": None,
        "next_prompt_at": next_at,
        "history": person.history,
        "prompts_sent": person.prompts_sent,
    }


def _counted(person: Subscriber, prompt_id: str, on: date) -> dict[str, Any]:
    """Return the columns that note a prompt of the library as sent; own questions change nothing in its sequence."""
    if own_id_of(prompt_id) is not None:
        return {}
    history = History.parse(person.history).adding(prompt_id, on).text
    return {"history": history, "prompts_sent": person.prompts_sent + 1}


def _notice_change(person: Subscriber, stage: SlowDown, times: DueTimes) -> dict[str, Any]:
    columns = frequency.slowed_columns(person, stage)
    next_at = None if stage is SlowDown.REST else times.next(person, columns["days_mask"])
    return {**columns, "next_prompt_at": next_at}


def _ids_without_prompt(session: Session, people: Sequence[Subscriber], due: Mapping[int, Slot]) -> set[int]:
    """Return the ids of subscribers whose day is a quiet date, or has another email in the place of a prompt."""
    found = _ids_with_replacing_email(session, people, due)
    with_dates = [person for person in people if person.has_quiet_dates]
    if not with_dates:
        return found
    spans = QuietDate.spans_of(session, [person.id for person in with_dates])
    found |= {id_ for id_, quiet in spans.items() if is_quiet(due[id_].on, quiet)}
    return found | _ids_with_postponed_email(session, with_dates, due)


def _ids_with_postponed_email(session: Session, people: Sequence[Subscriber], due: Mapping[int, Slot]) -> set[int]:
    """Return the ids of subscribers who get on this day what waited for the end of their quiet dates."""
    zones = {person.id: person.zone for person in people}
    times = [due[id_].at for id_ in zones]
    found = Delivery.times_between(session, [*zones], IN_PLACE_OF_PROMPT, min(times) - _DAY, max(times) + _DAY)
    return {id_ for id_, at in found if local_date(at, zones[id_]) == due[id_].on}


def _ids_with_replacing_email(session: Session, people: Sequence[Subscriber], due: Mapping[int, Slot]) -> set[int]:
    """Return the ids of subscribers whose prompt is replaced by a digest, a letter or a step's follow-up."""
    by_day: dict[date, list[int]] = {}
    for person in people:
        by_day.setdefault(due[person.id].on, []).append(person.id)
    ids_with_email = _ids_with_email_of_the_day(session, people, due)
    for on, ids in by_day.items():
        if slot := digest_slot(on):
            ids_with_email |= Delivery.subscribers_with(session, ids, DIGEST_KINDS, slot)
    return ids_with_email


def _ids_with_email_of_the_day(session: Session, people: Sequence[Subscriber], due: Mapping[int, Slot]) -> set[int]:
    """Return the ids of subscribers who get a step's follow-up or a letter on the local date of their prompt."""
    if not people:
        return set()
    zones = {person.id: person.zone for person in people}
    times = [slot.at for slot in due.values()]
    slots = {on.isoformat() for on in {slot.on for slot in due.values()}}
    found = letter_deliveries.with_letter_or_follow_up(
        session, [*zones], slots, first=min(times) - _DAY, last=max(times) + _DAY
    )
    return {
        id_
        for id_, slot, at in found
        if (local_date(at, zones[id_]) if slot is None else date.fromisoformat(slot)) == due[id_].on
    }
