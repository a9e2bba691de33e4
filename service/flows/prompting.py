"""Planning: what is due becomes deliveries, chunk by chunk, with the next times in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy.orm import Session

from service.core.prompts import Library, Prompt
from service.core.rotation import History, choose, ranking
from service.core.schedule import Schedule, Slot, next_slot, slot_at
from service.models import Delivery, Kind, Status, Subscriber

PROMPT_LATEST = timedelta(hours=12)
YEAR_GOES_ON = (1, 2)  # the month's digest has the 1st, and a day brings one email
DIGEST_KINDS = (Kind.DIGEST, Kind.QUIET_MONTH, Kind.YEAR)

# A schedule as it stands on a row: (days, minute of the day, zone).
Key = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Planned:
    """What one chunk of planning made: the people it passed over included in `seen`."""

    delivery_ids: list[int]
    seen: int


def plan_due_prompts(session: Session, library: Library, *, now: datetime, limit: int) -> Planned:
    """Return what was planned for up to `limit` people whose prompt is due at `now`.

    A prompt more than twelve hours late is let go: whoever was missed for longer gets the one of the last twelve
    hours, if their schedule has one there, or else their next one at its time. Somebody whose rest is over is active
    again from this moment.
    """
    people = Subscriber.due_for_prompt(session, now, limit)
    times = Times(now)
    due = {person.id: times.due(person) for person in people}
    away = _with_digest(session, people, due)
    choice = Choice(library)
    rows, changes = [], []
    for person in people:
        slot = due[person.id]
        change = _plain_change(person, times.next(person))
        if slot.at <= now and person.id not in away:
            prompt = choice(person, slot.on)
            rows.append(prompt_row(person.id, prompt, slot, now))
            change["history"] = History.parse(person.history).adding(prompt.id, slot.on).text
            change["prompts_sent"] = person.prompts_sent + 1
        changes.append(change)
    made = Delivery.plan(session, rows)
    Subscriber.write_back(session, changes)
    return Planned(made, len(people))


def prompt_row(subscriber_id: int, prompt: Prompt, slot: Slot, now: datetime) -> dict[str, Any]:
    """Return the delivery of a prompt for a slot."""
    return {
        "subscriber_id": subscriber_id,
        "kind": Kind.PROMPT,
        "slot": slot.on.isoformat(),
        "prompt_id": prompt.id,
        "ready_at": slot.at,
        "expires_at": slot.at + PROMPT_LATEST,
        "planned_at": now,
        "rung_at": now,
    }


def owe_prompt(session: Session, person: Subscriber, at: datetime) -> None:
    """Make a person's prompt of an instant due again, for the next tick to plan, if their schedule has one there."""
    locked = Subscriber.locked(session, person.id)
    if locked and locked.status == Status.ACTIVE and slot_at(locked.schedule, at).at == at:
        locked.next_prompt_at = at


class Times:
    """Due and next times, computed once per distinct schedule of a chunk."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._due: Callable[[Key, datetime], Slot] = lru_cache(maxsize=None)(self._compute_due)
        self._next: Callable[[Key], datetime] = lru_cache(maxsize=None)(self._compute_next)
        self._schedules: dict[Key, Schedule] = {}

    def due(self, person: Subscriber) -> Slot:
        """Return the slot for which a person's prompt is due; it lies ahead where all that was missed is too late."""
        assert person.next_prompt_at is not None
        return self._due(self._key(person), person.next_prompt_at)

    def next(self, person: Subscriber) -> datetime:
        """Return when the person's next prompt is due, after now."""
        return self._next(self._key(person))

    def _key(self, person: Subscriber) -> Key:
        key = (person.days_mask, person.send_minute, person.time_zone)
        if key not in self._schedules:
            self._schedules[key] = person.schedule
        return key

    def _compute_due(self, key: Key, at: datetime) -> Slot:
        return slot_at(self._schedules[key], max(at, self.now - PROMPT_LATEST))

    def _compute_next(self, key: Key) -> datetime:
        return next_slot(self._schedules[key], self.now).at


class Choice:
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
        "status": Status.ACTIVE,
        "resting_until_on": None,
        "next_prompt_at": next_at,
        "history": person.history,
        "prompts_sent": person.prompts_sent,
    }


def _with_digest(session: Session, people: Sequence[Subscriber], due: Mapping[int, Slot]) -> set[int]:
    """Return who has a digest in place of a prompt: of the month, or of the year, unless it was skipped."""
    by_slot: dict[str, list[int]] = {}
    for person in people:
        slot = _digest_slot(due[person.id].on)
        if slot is not None:
            by_slot.setdefault(slot, []).append(person.id)
    return {id_ for slot, ids in by_slot.items() for id_ in Delivery.planned_kinds(session, ids, DIGEST_KINDS, slot)}


def _digest_slot(on: date) -> str | None:
    """Return the slot of the digest that goes on a local date: of the month, or on 2 January of the year before."""
    if on.day == 1:
        return month_before(on)
    return str(on.year - 1) if (on.month, on.day) == YEAR_GOES_ON else None


def month_before(first: date) -> str:
    """Return the month before the one that begins on `first`, as a digest's slot names it: "2026-05"."""
    return (first - timedelta(days=1)).strftime("%Y-%m")
