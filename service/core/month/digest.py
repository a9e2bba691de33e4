"""The month's digest as a value: what it contains, in which order."""

from __future__ import annotations

import calendar
import json
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final, Self

from service.core.dates import RUN, month_name, ordinal, ordinals_listed
from service.core.library.prompts import DEFAULT_LOCALE
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
    from collections.abc import Callable, Iterable, Sequence

    from service.core.month.thread import Thread

CALENDAR_FROM_DAYS: Final = 4
MOST_WORDS: Final = 31
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Digest:
    """A month, by its first day, in the order in which it is read; `locale` is the question's language.

    The thread is never stored: a frozen copy does not have it.
    """

    month: date
    days: tuple[date, ...]
    words: tuple[str, ...] = field(repr=False)
    steps: tuple[TakenStep, ...]
    passages: tuple[Passage, ...]
    then_and_now: Passage | None
    question: str
    locale: str = DEFAULT_LOCALE
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

    def to_json(self) -> str:
        """Return the frozen copy, for sealing; without the thread."""
        kept = {name: value for name, value in asdict(self).items() if name != "thread"}
        return json.dumps({"format": _FORMAT, **kept}, default=date.isoformat, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the digest of a frozen copy.

        Raises:
            ValueError: the text is not such a copy; the message holds none of it.
        """
        try:
            return cls(**_thawed(json.loads(text)))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ValueError("not a frozen digest") from None


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


def _thawed(frozen: dict[str, Any]) -> dict[str, Any]:
    if frozen.pop("format") != _FORMAT:
        raise ValueError("unknown format")
    back = frozen["then_and_now"]
    return frozen | {
        "month": date.fromisoformat(frozen["month"]),
        "days": tuple(map(date.fromisoformat, frozen["days"])),
        "words": tuple(frozen["words"]),
        "steps": tuple(map(TakenStep.thawed, frozen["steps"])),
        "passages": tuple(map(Passage.thawed, frozen["passages"])),
        "then_and_now": None if back is None else Passage.thawed(back),
    }
