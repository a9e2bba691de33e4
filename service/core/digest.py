"""The month in a person's own words, as a value: what stands in it, and in which order."""

from __future__ import annotations

import calendar
import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from service.core.dates import RUN, month_name, ordinal, ordinals_listed
from service.core.sentences import one_line, passage_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

CALENDAR_FROM_DAYS: Final = 4
LONGEST_WORDS: Final = 48
MOST_WORDS: Final = 31
LONGEST_STEP: Final = 120
_FORMAT: Final = 1


class Asked(Protocol):
    """What a digest needs to know of the prompt that an entry answers."""

    @property
    def kind(self) -> str: ...  # noqa: D102  (the library's own words)

    @property
    def theme(self) -> str: ...  # noqa: D102

    @property
    def resurface(self) -> bool: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class DigestEntry:
    """One entry as the digest sees it; `prompt` is None for what nobody asked for."""

    id: int
    written_on: date
    words: str = field(repr=False)
    prompt: Asked | None = None
    kept_out: bool = False

    @property
    def may_return(self) -> bool:
        """Whether its words may be shown again unasked: the prompt allows it, and nobody has taken it back."""
        return (
            self.prompt is not None
            and not self.kept_out
            and self.prompt.resurface
            and self.prompt.theme != "hurt"
            and self.prompt.kind != "follow-up"
        )


@dataclass(frozen=True, slots=True)
class Passage:
    """Whole sentences of one entry."""

    entry_id: int
    written_on: date
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TakenStep:
    """A small step the person chose and took."""

    words: str = field(repr=False)
    taken_on: date


@dataclass(frozen=True, slots=True)
class Digest:
    """A month, by its first day, in the order in which it is read."""

    month: date
    days: tuple[date, ...]
    words: tuple[str, ...] = field(repr=False)
    steps: tuple[TakenStep, ...]
    passages: tuple[Passage, ...]
    then_and_now: Passage | None
    question: str

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
    def weeks(self) -> tuple[tuple[int, ...], ...]:
        """Return the month's weeks from Monday, 0 for days outside it; nothing when few days were written."""
        if len(self.days) < CALENDAR_FROM_DAYS:
            return ()
        return tuple(map(tuple, calendar.Calendar().monthdayscalendar(self.month.year, self.month.month)))

    @property
    def written(self) -> frozenset[int]:
        """Return the days of the month on which something was written."""
        return frozenset(day.day for day in self.days)

    def to_json(self) -> str:
        """Return the frozen copy, for sealing."""
        return json.dumps({"format": _FORMAT, **asdict(self)}, default=date.isoformat, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the digest of a frozen copy.

        Raises:
            ValueError: the text is not one; the message holds none of it.
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
    steps: Sequence[TakenStep] = (),
    look_back: DigestEntry | None = None,
) -> Digest | None:
    """Return the digest of the month that begins on `month`, or None if nothing was written in it.

    Passages come only from replies to prompts marked `resurface`, never from the theme "hurt" nor
    from entries kept out; a text is cut at its sentences and not otherwise looked into. Equal
    arguments give equal digests. Entries of other months are passed over; `look_back` is an
    entry of a year before, under the same rules.
    """
    of_month = [entry for entry in entries if entry.written_on.replace(day=1) == month]
    of_month.sort(key=lambda entry: (entry.written_on, entry.id))
    if not of_month:
        return None
    order = _shuffling(month, of_month)
    welcome = [entry for entry in of_month if entry.may_return]
    back = _passage(look_back, order) if look_back is not None and look_back.may_return else None
    return Digest(
        month=month,
        days=tuple(sorted({entry.written_on for entry in of_month})),
        words=_chosen_words(welcome),
        steps=tuple(TakenStep(_cut(one_line(step.words), LONGEST_STEP), step.taken_on) for step in steps),
        passages=_passages([entry for entry in welcome if not _is_words(entry)], order),
        then_and_now=back,
        question=question,
    )


def _is_words(entry: DigestEntry) -> bool:
    return entry.prompt is not None and entry.prompt.kind == "words" and len(_as_words(entry.words)) <= LONGEST_WORDS


def _as_words(text: str) -> str:
    lines = (one_line(line).strip(",;· ") for line in text.splitlines())
    return ", ".join(line for line in lines if line)


def _chosen_words(entries: Sequence[DigestEntry]) -> tuple[str, ...]:
    """Return the three-word replies in order, evenly thinned where there are very many."""
    words = [_as_words(entry.words) for entry in entries if _is_words(entry)]
    words = [each for each in words if each]
    if len(words) > MOST_WORDS:
        words = [words[place * len(words) // MOST_WORDS] for place in range(MOST_WORDS)]
    return tuple(words)


def _shuffling(month: date, entries: Sequence[DigestEntry]) -> Callable[[object], bytes]:
    """Return a sort key that looks random, and is the same whenever the month is composed again."""
    ids = ",".join(str(entry.id) for entry in entries)
    seed = hashlib.sha256(f"{month.isoformat()}:{ids}".encode())

    def key(thing: object) -> bytes:
        keyed = seed.copy()
        keyed.update(repr(thing).encode())
        return keyed.digest()

    return key


def _passages(entries: Sequence[DigestEntry], order: Callable[[object], bytes]) -> tuple[Passage, ...]:
    """Return up to four passages in order of date, of different days while there are enough of them."""
    shuffled = sorted(entries, key=lambda entry: order(entry.id))
    wanted = 2 if len(shuffled) <= 4 else 3 if len(shuffled) <= 9 else 4  # noqa: PLR2004  (two to four, with the month)
    days: set[date] = set()
    fresh: list[DigestEntry] = []
    again: list[DigestEntry] = []
    for entry in shuffled:
        (again if entry.written_on in days else fresh).append(entry)
        days.add(entry.written_on)
    chosen: list[Passage] = []
    for entry in (*fresh, *again):
        if len(chosen) < wanted and (passage := _passage(entry, order)) is not None:
            chosen.append(passage)
    return tuple(sorted(chosen, key=lambda passage: (passage.written_on, passage.entry_id)))


def _passage(entry: DigestEntry, order: Callable[[object], bytes]) -> Passage | None:
    text = passage_of(entry.words, lambda place: order((entry.id, place)))
    return None if text is None else Passage(entry.id, entry.written_on, text)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def _thawed(frozen: dict[str, Any]) -> dict[str, Any]:
    if frozen.pop("format") != _FORMAT:
        raise ValueError("unknown format")
    back = frozen["then_and_now"]
    return frozen | {
        "month": date.fromisoformat(frozen["month"]),
        "days": tuple(map(date.fromisoformat, frozen["days"])),
        "words": tuple(frozen["words"]),
        "steps": tuple(TakenStep(step["words"], date.fromisoformat(step["taken_on"])) for step in frozen["steps"]),
        "passages": tuple(map(_thawed_passage, frozen["passages"])),
        "then_and_now": None if back is None else _thawed_passage(back),
    }


def _thawed_passage(frozen: dict[str, Any]) -> Passage:
    return Passage(int(frozen["entry_id"]), date.fromisoformat(frozen["written_on"]), frozen["text"])
