"""The month in a person's own words: when it is owed, and what it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from service.core.digest import Digest, DigestEntry, make_digest
from service.core.prompts import Library, Prompt
from service.core.schedule import Slot, next_month_slot
from service.flows.prompting import Planned, month_before
from service.models import Delivery, Entry, Keyring, Kind, Status, Subscriber

DIGEST_LATEST = timedelta(days=7)
SHORTEST_STAY = timedelta(days=10)
_DAY = timedelta(days=1)


def plan_due_digests(session: Session, *, now: datetime, limit: int) -> Planned:
    """Return what was planned for up to `limit` people whose local month has ended by `now`.

    Who wrote gets a digest; who did not gets one quiet question, once, and then none until they have written again;
    who joined under ten days before the 1st gets neither. A digest more than seven days late is let go.
    """
    people = Subscriber.due_for_digest(session, now, limit)
    due = {person.id: _due(person, now) for person in people}
    owed = [person for person in people if _is_owed(person, due[person.id], now)]
    rows = []
    for slot in sorted({month_before(due[person.id].on) for person in owed}):
        month = [person for person in owed if month_before(due[person.id].on) == slot]
        rows += _rows_of_month(session, month, due, slot, now)
    made = Delivery.plan(session, rows)
    changes: list[dict[str, Any]] = [
        {"row_id": person.id, "next_digest_at": next_month_slot(person.schedule, now).at} for person in people
    ]
    Subscriber.write_back(session, changes)
    return Planned(made, len(people))


def read_digest(session: Session, keyring: Keyring, library: Library, person: Subscriber, month: date) -> Digest | None:
    """Return the digest of a month (its first day), or None if nothing was written in it."""
    key = keyring.key_of(person)
    entries = [
        DigestEntry(
            id=entry.id,
            written_on=entry.written_on,
            words=key.open_text(entry.sealed_words, place=f"entries.words:{entry.id}"),
            prompt=library.get(entry.prompt_id or ""),
            kept_out=entry.is_kept_out,
        )
        for entry in Entry.between(session, person.id, month, last_of(month))
    ]
    return make_digest(month, entries, quiet_question(library, person.locale, month).question)


def still_standing(
    session: Session, keyring: Keyring, library: Library, person: Subscriber, frozen: Digest
) -> Digest | None:
    """Return a digest as it was sent, less what its owner has deleted or kept out since; None if all is gone."""
    live = read_digest(session, keyring, library, person, frozen.month)
    if live is None:
        return None
    standing = {entry.id for entry in Entry.between(session, person.id, date.min, date.max) if not entry.is_kept_out}
    back = frozen.then_and_now
    return replace(
        frozen,
        days=tuple(day for day in frozen.days if day in live.days) or live.days,
        words=tuple(words for words in frozen.words if words in live.words),
        passages=tuple(passage for passage in frozen.passages if passage.entry_id in standing),
        then_and_now=back if back and back.entry_id in standing else None,
    )


def quiet_question(library: Library, locale: str, month: date) -> Prompt:
    """Return the one open question of a month: light, and the same for everybody."""
    light = [p for p in library.for_locale(locale) if p.depth == 1 and p.kind == "question" and p.theme != "hurt"]
    return light[(month.year * 12 + month.month) % len(light)]


def last_of(month: date) -> date:
    """Return the last day of the month that begins on `month`."""
    return (month + timedelta(days=31)).replace(day=1) - _DAY


def _due(person: Subscriber, now: datetime) -> Slot:
    """Return the 1st for which a digest is due; it lies ahead where all that was missed is too late."""
    assert person.next_digest_at is not None
    earliest = max(person.next_digest_at, now - DIGEST_LATEST)
    return next_month_slot(person.schedule, earliest - timedelta(microseconds=1))


def _is_owed(person: Subscriber, slot: Slot, now: datetime) -> bool:
    joined_at = person.confirmed_at or person.created_at
    return (
        person.wants_digest
        and person.status in {Status.ACTIVE, Status.RESTING}
        and slot.at <= now
        and slot.on - joined_at.astimezone(person.zone).date() >= SHORTEST_STAY
    )


def _rows_of_month(
    session: Session, people: Sequence[Subscriber], due: dict[int, Slot], slot: str, now: datetime
) -> list[dict[str, Any]]:
    first = date.fromisoformat(f"{slot}-01")
    ids = [person.id for person in people]
    writers = Entry.writers_between(session, ids, first, last_of(first))
    quiet_already = Delivery.quiet_since_writing(session, ids)
    rows = []
    for person in people:
        if person.id in writers:
            rows.append(_row(person, Kind.DIGEST, slot, due[person.id], now))
        elif person.status == Status.ACTIVE and person.id not in quiet_already:
            rows.append(_row(person, Kind.QUIET_MONTH, slot, due[person.id], now))
    return rows


def _row(person: Subscriber, kind: Kind, slot: str, due: Slot, now: datetime) -> dict[str, Any]:
    return {
        "subscriber_id": person.id,
        "kind": kind,
        "slot": slot,
        "ready_at": due.at,
        "expires_at": due.at + DIGEST_LATEST,
        "planned_at": now,
        "rung_at": now,
    }
