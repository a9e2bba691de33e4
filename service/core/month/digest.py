"""The month's digest as a value: what it contains, in which order."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

from service.core.dates import RUN, month_name, ordinal, ordinals_listed
from service.core.library.prompts import DEFAULT_LOCALE
from service.core.month.own_words import OwnWords
from service.core.month.resurfacing import (
    DigestEntry,
    Passage,
    TakenStep,
    chosen_words,
    fresh_first,
    quotable,
    shuffling,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from service.core.month.thread import Thread

CALENDAR_FROM_DAYS: Final = 4
MOST_WORDS: Final = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest(OwnWords):
    """A month, by its first day, with the days that have words. The thread is never stored."""

    NOT_STORED: ClassVar[frozenset[str]] = frozenset({"thread"})

    month: date
    days: tuple[date, ...]
    then_and_now: Passage | None
    thread: Thread | None = None

    @property
    def days_sentence(self) -> str:
        """Name the days without counting them: "You wrote on the 2nd, 5th and 9th."."""
        if len(self.days) == calendar.monthrange(self.month.year, self.month.month)[1]:
            return f"You wrote on every day of {month_name(self.month)}."
        first, last = self.days[0], self.days[-1]
        if len(self.days) >= RUN and (last - first).days == len(self.days) - 1:
            return f"You wrote from the {ordinal(first.day)} to the {ordinal(last.day)}."
        return f"You wrote on the {ordinals_listed(self.days)}."

    @property
    def next_month(self) -> date:
        """Return the first day of the month after."""
        return (self.month + timedelta(days=31)).replace(day=1)

    @property
    def quoted(self) -> tuple[Passage, ...]:
        """Return all the person's passages, the one from a year before last."""
        return (*self.passages, *((self.then_and_now,) if self.then_and_now else ()))

    @property
    def thread_days(self) -> str:
        """Name the days on which the thread came back: "3rd, 9th and 20th"."""
        return ordinals_listed(self.thread.days) if self.thread else ""

    @property
    def weeks(self) -> tuple[tuple[int, ...], ...]:
        """Return the month's weeks from Monday, 0 for days outside it; an empty list when few days have words."""
        if len(self.days) < CALENDAR_FROM_DAYS:
            return ()
        return tuple(map(tuple, calendar.Calendar().monthdayscalendar(self.month.year, self.month.month)))

    @property
    def written(self) -> frozenset[int]:
        """Return the days of the month that have words."""
        return frozenset(day.day for day in self.days)

    @classmethod
    def _period_of(cls, stored: Mapping[str, Any]) -> dict[str, Any]:
        back = stored["then_and_now"]
        return {
            "month": date.fromisoformat(stored["month"]),
            "days": tuple(map(date.fromisoformat, stored["days"])),
            "then_and_now": None if back is None else Passage.from_stored(back),
        }


def make_digest(
    month: date,
    entries: Iterable[DigestEntry],
    question: str,
    *,
    locale: str = DEFAULT_LOCALE,
    steps: Sequence[TakenStep] = (),
    year_before: Iterable[DigestEntry] = (),
    thread: Thread | None = None,
) -> Digest | None:
    """Return the digest of the month that begins on `month`, or None if nothing was written in it.

    Passages come only from replies to prompts marked `resurface`, never from the theme "hurt" nor from entries that
    the person kept out. A text is split into sentences and is not examined otherwise. Equal arguments give equal
    digests. Entries of other months are ignored. One entry of `year_before`, the same month a year earlier, may come
    back under the same rules. The entry that chose one of the `steps` is not quoted as well.
    """
    of_month = _of(month, entries)
    if not of_month:
        return None
    ids = ",".join(str(entry.id) for entry in of_month)
    order = shuffling(f"{month.isoformat()}:{ids}")
    return Digest(
        month=month,
        days=tuple(sorted({entry.written_on for entry in of_month})),
        words=chosen_words(of_month, MOST_WORDS),
        steps=tuple(step.shortened for step in steps),
        passages=_passages(quotable(of_month, steps), order),
        then_and_now=_look_back(_of(month.replace(year=month.year - 1), year_before), order),
        question=question,
        locale=locale,
        thread=thread,
    )


def _of(month: date, entries: Iterable[DigestEntry]) -> list[DigestEntry]:
    of_month = [entry for entry in entries if entry.written_on.replace(day=1) == month]
    return sorted(of_month, key=lambda entry: (entry.written_on, entry.id))


def _passages(entries: Sequence[DigestEntry], order: Callable[[object], bytes]) -> tuple[Passage, ...]:
    """Return up to four passages in order of date, of different days as far as there are enough."""
    shuffled = fresh_first(sorted(entries, key=lambda entry: order(entry.id)))
    wanted = 2 if len(shuffled) <= 4 else 3 if len(shuffled) <= 9 else 4  # noqa: PLR2004  (two to four, with the month)
    days: set[date] = set()
    fresh: list[DigestEntry] = []
    again: list[DigestEntry] = []
    for entry in shuffled:
        (again if entry.written_on in days else fresh).append(entry)
        days.add(entry.written_on)
    chosen: list[Passage] = []
    for entry in (*fresh, *again):
        if len(chosen) < wanted and (passage := Passage.of(entry, order)) is not None:
            chosen.append(passage)
    return tuple(sorted(chosen, key=lambda passage: (passage.written_on, passage.entry_id)))


def _look_back(entries: Iterable[DigestEntry], order: Callable[[object], bytes]) -> Passage | None:
    """Return a passage of one of these entries; the month seeds the choice, so that it varies."""
    shuffled = sorted((entry for entry in entries if entry.may_return), key=lambda entry: order(entry.id))
    found = (Passage.of(entry, order) for entry in shuffled)
    return next((passage for passage in found if passage is not None), None)
