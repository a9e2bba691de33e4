"""Opening the entries of a month or a year, for digests and their pages."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from sqlalchemy.orm import Session

from service.core.library.prompts import Library, Prompt
from service.core.month.digest import Digest, make_digest
from service.core.month.resurfacing import DigestEntry
from service.core.month.thread import Thread, find_thread
from service.core.month.year import Year, make_year
from service.flows.people.steps import taken_between
from service.models import Delivery, DeliveryKind, Entry, Keyring, Subscriber, open_content

_DAY = timedelta(days=1)
# A question that goes with somebody into a month or a year is not about this evening.
_OF_A_DAY = re.compile(
    r"\b(?:this (?:week|morning|evening)|today|tonight|tomorrow|coming days|since you woke|heute|morgen|diese Woche)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class DigestReader:
    """Opens what digests are made of; the `ordinary` words (casefolded) are never a month's thread."""

    keyring: Keyring = field(repr=False)
    library: Library = field(repr=False)
    ordinary: Collection[str] = field(repr=False)

    def month(self, session: Session, person: Subscriber, month: date) -> Digest | None:
        """Return the digest of a month (its first day), or None if nothing was written in it."""
        entries = self._entries(session, person, month, last_of(month))
        if not entries:
            return None
        asked = quiet_question(self.library, person.locale, month)
        return make_digest(
            month,
            entries,
            asked.question,
            locale=asked.locale,
            steps=taken_between(session, self.keyring, person, month, last_of(month)),
            year_before=self._year_before(session, person, month) if person.wants_look_backs else (),
            thread=self._thread(session, person, month, entries) if person.wants_thread else None,
        )

    def year(self, session: Session, person: Subscriber, year: int) -> Year | None:
        """Return a year in a person's own words, or None if nothing was written in it."""
        first, last = date(year, 1, 1), date(year, 12, 31)
        entries = self._entries(session, person, first, last)
        if not entries:
            return None
        steps = taken_between(session, self.keyring, person, first, last)
        asked = year_question(self.library, person.locale, year)
        return make_year(year, entries, asked.question, locale=asked.locale, steps=steps)

    def still_standing(self, session: Session, person: Subscriber, frozen: Digest) -> Digest | None:
        """Return a digest as it was sent, less what its owner has deleted or kept out since; None if all is gone.

        The thread, which no frozen copy holds, is found again.
        """
        live = self.month(session, person, frozen.month)
        if live is None:
            return None
        quoted = [Entry.find(session, person.id, passage.entry_id) for passage in frozen.quoted]
        standing = {entry.id for entry in quoted if entry is not None and not entry.is_kept_out}
        back = frozen.then_and_now
        return replace(
            frozen,
            days=tuple(day for day in frozen.days if day in live.days) or live.days,
            words=tuple(words for words in frozen.words if words in live.words),
            steps=tuple(step for step in frozen.steps if step in live.steps),
            passages=tuple(passage for passage in frozen.passages if passage.entry_id in standing),
            then_and_now=back if back and back.entry_id in standing else None,
            thread=live.thread,
        )

    def with_thread(self, session: Session, person: Subscriber, frozen: Digest) -> Digest:
        """Return a digest with the thread that its email had, so far as its entries still stand."""
        if not person.wants_thread:
            return frozen
        entries = self._entries(session, person, frozen.month, last_of(frozen.month))
        return replace(frozen, thread=self._thread(session, person, frozen.month, entries))

    def _thread(
        self, session: Session, person: Subscriber, month: date, entries: Sequence[DigestEntry]
    ) -> Thread | None:
        earlier = self._entries(session, person, _a_year_before(month), month - _DAY)
        return find_thread(entries, earlier, self.ordinary)

    def _year_before(self, session: Session, person: Subscriber, month: date) -> list[DigestEntry]:
        first = _a_year_before(month)
        return self._entries(session, person, first, last_of(first))

    def _entries(self, session: Session, person: Subscriber, first: date, last: date) -> list[DigestEntry]:
        key = self.keyring.key_of(person)
        return [
            DigestEntry(
                id=entry.id,
                written_on=entry.written_on,
                words=key.open_text(entry.sealed_words, place=f"entries.words:{entry.id}"),
                prompt=self.library.get(entry.prompt_id or ""),
                kept_out=entry.is_kept_out,
            )
            for entry in Entry.between(session, person.id, first, last)
        ]


def frozen_digest(keyring: Keyring, delivery: Delivery, person: Subscriber) -> Digest | None:
    """Return the digest as it was sent, or None if it was never sent."""
    text = open_content(keyring, person, delivery) if delivery.kind == DeliveryKind.DIGEST else None
    return None if text is None else Digest.from_json(text)


def frozen_year(keyring: Keyring, delivery: Delivery, person: Subscriber) -> Year | None:
    """Return the year's digest as it was sent, or None if it was never sent."""
    text = open_content(keyring, person, delivery) if delivery.kind == DeliveryKind.YEAR else None
    return None if text is None else Year.from_json(text)


def quiet_question(library: Library, locale: str, month: date) -> Prompt:
    """Return the one open question of a month: light, and the same for everybody."""
    light = _light_questions(library, locale)
    return light[(month.year * 12 + month.month) % len(light)]


def year_question(library: Library, locale: str, year: int) -> Prompt:
    """Return the one open question of a year, half the list away from those of the months around its end."""
    light = _light_questions(library, locale)
    return light[(year * 12 + 12 + len(light) // 2) % len(light)]


def last_of(month: date) -> date:
    """Return the last day of the month that begins on `month`."""
    return month.replace(day=monthrange(month.year, month.month)[1])


def _light_questions(library: Library, locale: str) -> list[Prompt]:
    light = [p for p in library.for_locale(locale) if p.depth == 1 and p.kind == "question" and p.theme != "hurt"]
    return [p for p in light if not p.asks_for_step and not _OF_A_DAY.search(p.question)]


def _a_year_before(month: date) -> date:
    return month.replace(year=month.year - 1)
