"""The year's digest as a value: what it contains, in which order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from service.core.dates import RUN, month_name, months_listed
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
    thinned,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

MONTHS_OF_A_YEAR: Final = 12
MOST_PASSAGES: Final = 6
MOST_WORDS: Final = 24
MOST_STEPS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Year(OwnWords):
    """A year, with the first day of each month that has words."""

    year: int
    months: tuple[date, ...]

    @property
    def months_sentence(self) -> str:
        """Name the months without counting them: "You wrote in March, May and August to December."."""
        if len(self.months) == MONTHS_OF_A_YEAR:
            return f"You wrote in every month of {self.year}."
        first, last = self.months[0], self.months[-1]
        if len(self.months) >= RUN and last.month - first.month == len(self.months) - 1:
            return f"You wrote from {month_name(first)} to {month_name(last)}."
        return f"You wrote in {months_listed(self.months)}."

    @classmethod
    def _period_of(cls, stored: Mapping[str, Any]) -> dict[str, Any]:
        return {"months": tuple(map(date.fromisoformat, stored["months"]))}


def make_year(
    year: int,
    entries: Iterable[DigestEntry],
    question: str,
    *,
    locale: str = DEFAULT_LOCALE,
    steps: Sequence[TakenStep] = (),
) -> Year | None:
    """Return the year in a person's own words, or None if nothing was written in it.

    The rules are those of the month: up to six passages, each of another month, and of very many words and steps an
    even selection. Keeping one entry out does not change the other passages, unless two say the same.
    """
    of_year = sorted(
        (entry for entry in entries if entry.written_on.year == year), key=lambda entry: (entry.written_on, entry.id)
    )
    if not of_year:
        return None
    return Year(
        year=year,
        months=tuple(sorted({entry.written_on.replace(day=1) for entry in of_year})),
        words=chosen_words(of_year, MOST_WORDS),
        steps=tuple(step.shortened for step in thinned(steps, MOST_STEPS)),
        passages=_passages(quotable(of_year, steps), shuffling(str(year))),
        question=question,
        locale=locale,
    )


def _passages(entries: Iterable[DigestEntry], order: Callable[[object], bytes]) -> tuple[Passage, ...]:
    """Return one passage each of up to six months, in order of date."""
    by_month: dict[int, Passage] = {}
    for entry in fresh_first(sorted(entries, key=lambda entry: order(entry.id))):
        if entry.written_on.month not in by_month and (passage := Passage.of(entry, order)) is not None:
            by_month[entry.written_on.month] = passage
    months = sorted(by_month, key=lambda month: order(("month", month)))[:MOST_PASSAGES]
    return tuple(by_month[month] for month in sorted(months))
