"""Reading the entries and steps of a month or a year, for digests and their pages."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from sqlalchemy.orm import Session

from service.core.library.prompts import Library, Prompt
from service.core.month.digest import Digest, make_digest
from service.core.month.resurfacing import DigestEntry, TakenStep
from service.core.month.thread import Thread, find_thread
from service.core.month.year import Year, make_year
from service.core.settings.quiet_dates import is_quiet
from service.core.slots import YEAR_GOES_ON
from service.flows.people.journal.steps import taken_between
from service.flows.people.settings.quiet_dates import spans_of
from service.models import Delivery, DeliveryKind, Entry, Keyring, Subscriber, open_content
from service.models.people.journal.entry import IMPORTED

_DAY = timedelta(days=1)
# The question about a month or a year must not ask about a single day.
_ABOUT_A_DAY = re.compile(
    r"\b(?:this (?:week|morning|evening)|today|tonight|tomorrow|coming days|since you woke|heute|morgen|diese Woche)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class DigestReader:
    """Opens what digests are made of; the `ordinary_words` (casefolded) are never the thread of a month."""

    keyring: Keyring = field(repr=False)
    library: Library = field(repr=False)
    ordinary_words: Collection[str] = field(repr=False)

    def month(self, session: Session, person: Subscriber, month: date) -> Digest | None:
        """Return the digest of a month (its first day), or None if nothing was written in it."""
        entries = self._entries(session, person, month, last_day_of(month))
        if not entries:
            return None
        question = quiet_question(self.library, person.locale, month)
        return make_digest(
            month,
            entries,
            question.question,
            locale=question.locale,
            steps=self._steps(session, person, month, last_day_of(month)),
            year_before=self._year_before(session, person, month) if person.wants_look_backs else (),
            thread=self._thread(session, person, month, entries) if person.wants_thread else None,
        )

    def year(self, session: Session, person: Subscriber, year: int) -> Year | None:
        """Return the digest of a year, or None if nothing was written in it."""
        first, last = date(year, 1, 1), date(year, 12, 31)
        entries = self._entries(session, person, first, last)
        if not entries:
            return None
        steps = self._steps(session, person, first, last)
        question = year_question(self.library, person.locale, year)
        return make_year(year, entries, question.question, locale=question.locale, steps=steps)

    def without_removed_entries(self, session: Session, person: Subscriber, frozen: Digest) -> Digest | None:
        """Return a stored digest without entries that were deleted or kept out since; None if the month has none.

        The thread is not in the stored copy: it is found again.
        """
        current = self.month(session, person, frozen.month)
        if current is None:
            return None
        quoted = [Entry.find(session, person.id, passage.entry_id) for passage in frozen.quoted]
        spans = spans_of(session, person)
        remaining_ids = {
            entry.id for entry in quoted if entry and not entry.is_kept_out and not is_quiet(entry.written_on, spans)
        }
        look_back = frozen.then_and_now
        return replace(
            frozen,
            days=tuple(day for day in frozen.days if day in current.days) or current.days,
            words=tuple(words for words in frozen.words if words in current.words),
            steps=tuple(step for step in frozen.steps if step in current.steps),
            passages=tuple(passage for passage in frozen.passages if passage.entry_id in remaining_ids),
            then_and_now=look_back if look_back and look_back.entry_id in remaining_ids else None,
            thread=current.thread,
        )

    def with_thread(self, session: Session, person: Subscriber, frozen: Digest) -> Digest:
        """Return a stored digest with the thread that its email had, as far as its entries still exist."""
        if not person.wants_thread:
            return frozen
        entries = self._entries(session, person, frozen.month, last_day_of(frozen.month))
        return replace(frozen, thread=self._thread(session, person, frozen.month, entries))

    def _thread(
        self, session: Session, person: Subscriber, month: date, entries: Sequence[DigestEntry]
    ) -> Thread | None:
        earlier = self._entries(session, person, _same_month_last_year(month), month - _DAY)
        return find_thread(entries, earlier, self.ordinary_words)

    def _year_before(self, session: Session, person: Subscriber, month: date) -> list[DigestEntry]:
        first = _same_month_last_year(month)
        return self._entries(session, person, first, last_day_of(first))

    def _steps(self, session: Session, person: Subscriber, first: date, last: date) -> tuple[TakenStep, ...]:
        """Return the steps taken between two dates, but for those taken on a quiet date."""
        spans = spans_of(session, person)
        taken = taken_between(session, self.keyring, person, first, last)
        return tuple(step for step in taken if not is_quiet(step.taken_on, spans))

    def _entries(self, session: Session, person: Subscriber, first: date, last: date) -> list[DigestEntry]:
        """Return the entries between two dates; the words of quiet dates do not come back, as if they were kept out."""
        key, spans = self.keyring.key_of(person), spans_of(session, person)
        return [
            DigestEntry(
                id=entry.id,
                written_on=entry.written_on,
                words=key.open_text(entry.sealed_words, place=f"entries.words:{entry.id}"),
                prompt=self.library.get(entry.prompt_id or ""),
                kept_out=entry.is_kept_out or is_quiet(entry.written_on, spans),
                is_imported=entry.source == IMPORTED,
            )
            for entry in Entry.for_digests(session, person.id, first, last)
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
    """Return the open question of a month: a light one that may come when it goes, the same for every subscriber."""
    light = _light_questions(library, locale, last_day_of(month) + _DAY)
    return light[(month.year * 12 + month.month) % len(light)]


def year_question(library: Library, locale: str, year: int) -> Prompt:
    """Return the open question of a year; it is half the list away from the questions of December and January."""
    light = _light_questions(library, locale, date(year + 1, *YEAR_GOES_ON))
    return light[(year * 12 + 12 + len(light) // 2) % len(light)]


def last_day_of(month: date) -> date:
    """Return the last day of the month that begins on `month`."""
    return month.replace(day=monthrange(month.year, month.month)[1])


def _light_questions(library: Library, locale: str, on: date) -> list[Prompt]:
    """Return the light questions that may come on a date, or all of the files if the writers have retired each."""
    return _light(library.rotating(locale, on)) or _light(library.for_locale(locale))


def _light(prompts: Iterable[Prompt]) -> list[Prompt]:
    return [
        prompt
        for prompt in prompts
        if prompt.depth == 1
        and prompt.kind == "question"
        and prompt.theme != "hurt"
        and not prompt.asks_for_step
        and not _ABOUT_A_DAY.search(prompt.question)
    ]


def _same_month_last_year(month: date) -> date:
    return month.replace(year=month.year - 1)
