"""The prompt of a day: a ranking of the library, and the first prompt in it that a person's own rules allow.

The prompts form a circle in the order of their keys, and each day's ranking starts at that day's point on it. A
person whose rules exclude a prompt gets one near it, and the same as everybody else again a few days later. People
therefore share prompts whenever they joined, and one request to the provider carries many of their emails.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Self

from service.core.access.tokens import DAY_ZERO
from service.core.library.prompts import key_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date

    from service.core.library.prompts import Library, Prompt

NO_REPEAT_DAYS: Final = 180
SHORTEST_REPEAT_DAYS: Final = 30
OPENING_PROMPTS: Final = 6
DEEP: Final = 3
DEEP_AFTER_SENT: Final = 10
DEEP_AFTER_ANSWERED: Final = 3
DEEP_APART_DAYS: Final = 14
GRATITUDE_APART_DAYS: Final = 7
SILENT_DAYS: Final = 14
FRIDAY: Final = 4

# A round takes fewer days than there are prompts, so that somebody with daily questions finds a new one each day.
# Rounds grow in wide steps, so that one more prompt in the library changes nobody's place on the circle.
_ROUND_DAYS: Final = (10, 15, 20, 30, 45, 65, 90, 130, 200, 300, 450, 700)
_PROMPTS_A_DAY: Final = 1.2
_DRIFT: Final = 1 / 16  # of a round, so that the order differs from round to round
_CIRCLE: Final = 1 << 32
_REPEAT_STEP_DAYS: Final = 15

_ENTRY: Final = struct.Struct(">IH")  # a prompt's key and a day number: eight characters of base64

# The rules that are dropped when nothing fits, the lowest first. Each weighs more than all below it together.
_NOT_LIGHT: Final = 1
_REPEATED: Final = 2  # for each step of 15 days that the last time is too recent, or each day below 30; at most 30
_GRATEFUL_AGAIN: Final = 64
_SAME_KIND: Final = 128
_SAME_THEME: Final = 256
_REPEATED_SOON: Final = 512
_TOO_DEEP: Final = 1024
_MUTED: Final = 2048
_UNWANTED: Final = 4096


@dataclass(frozen=True, slots=True)
class History:
    """The prompts of a person's last 180 days, and always the last one: (key, day number), oldest first."""

    entries: tuple[tuple[int, int], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the history that `text` wrote down.

        Raises:
            ValueError: the text was not written by `text`.
        """
        try:
            packed = base64.b64decode(text, validate=True)
            return cls(tuple(_ENTRY.iter_unpack(packed)))
        except (binascii.Error, struct.error, ValueError) as error:
            raise ValueError("this is not a history of prompts") from error

    @property
    def text(self) -> str:
        """The history in ASCII, eight characters for each prompt: at most 1,440 at one prompt a day."""
        return base64.b64encode(b"".join(_ENTRY.pack(*entry) for entry in self.entries)).decode()

    def adding(self, prompt_id: str, on: date) -> Self:
        """Return the history with this prompt added, without the prompts too old for any rule."""
        key, today = key_of(prompt_id), _day_number(on)
        kept = [entry for entry in self.entries if entry[0] != key and today - entry[1] < NO_REPEAT_DAYS]
        return type(self)((*kept, (key, today)))


def ranking(library: Library, on: date, locale: str) -> tuple[Prompt, ...]:
    """Return the prompts for a day, the best choice first; only the library, the date and the locale decide.

    Follow-ups are left out, since each is asked once about one step, and so is what does not come on this date. A
    prompt with a season is once the first within it.
    """
    prompts = library.rotating(locale, on)
    round_days = _round_days(len(prompts))
    today = _day_number(on)
    return tuple(sorted(prompts, key=lambda prompt: _comes_in(library, prompt, today, round_days)))


def next_turn_on(library: Library, prompt: Prompt, after: date) -> date | None:
    """Return the next local date, after `after`, on which a prompt's turn comes: it is then at the top of the ranking.

    More prompts than one may have their turn on a day. None if it does not come within the next two rounds: it is
    retired, or its season is over.
    """
    round_days = _round_days(len(library.rotating(prompt.locale, after)))
    changes = [_day_number(timing.valid_from) for timing in library.timings(prompt.id)]
    first = today = _day_number(after) + 1
    while today < first + 2 * round_days:
        day = int(_comes_in(library, prompt, today, round_days))
        change = next((change for change in changes if today < change <= day), None)
        if change is None and library.comes_on(prompt, found := DAY_ZERO + timedelta(days=day)):
            return found
        today = change or day + 1
    return None


def choose(
    library: Library,
    ranking: Sequence[Prompt],
    on: date,
    history: History,
    *,
    muted: Collection[str],
    unwanted: Collection[str] = (),
    sent: int,
    answered: int,
    last_answered_on: date | None,
    joined_on: date,
) -> Prompt:
    """Return the prompt for a person on a local date: the first of the ranking that breaks none of their rules.

    `muted` are themes, `unwanted` are ids of prompts. The first six sent are the fixed six. Where every prompt breaks a
    rule, rules are dropped in this order, each only when dropping those before it is not enough: a light prompt after
    14 silent days; 180 days without a repeat, in steps of 15 down to 30; gratitude at most weekly; no kind twice in a
    row; no theme twice in a row; 30 days without a repeat (then the prompt sent longest ago); the depth rules; muted
    themes, so only for somebody who has muted all of them; and unwanted prompts, so only if nothing else is left.

    Raises:
        ValueError: the ranking is empty.
    """
    if not ranking:
        raise ValueError("there is no prompt to choose from; add some to templates/prompts")
    silent_since = max(joined_on, last_answered_on or joined_on)
    rules = _Rules.of(
        library,
        on,
        history,
        muted=muted,
        unwanted=unwanted,
        deep_allowed=sent >= DEEP_AFTER_SENT and answered >= DEEP_AFTER_ANSWERED,
        silent=on - silent_since >= timedelta(days=SILENT_DAYS),
    )
    opening = library.first_six(ranking[0].locale) if sent < OPENING_PROMPTS else ()
    for prompt in (*opening, *ranking):
        if not rules.broken_by(prompt):
            return prompt
    return min(ranking, key=rules.broken_by)


@dataclass(frozen=True, slots=True)
class _Rules:
    """What one person's history and settings allow on one day."""

    today: int
    had: Mapping[int, int]
    last: Prompt | None
    muted: Collection[str]
    unwanted: Collection[str]
    deepest: int
    gratitude_allowed: bool
    light_wanted: bool

    @classmethod
    def of(
        cls,
        library: Library,
        on: date,
        history: History,
        *,
        muted: Collection[str],
        unwanted: Collection[str],
        deep_allowed: bool,
        silent: bool,
    ) -> Self:
        """Return the rules that follow from the history; prompts no longer in the library are ignored."""
        today = _day_number(on)
        had = dict(history.entries)
        deep_on = grateful_on = -SILENT_DAYS
        for key, day in history.entries:
            prompt = library.by_key(key)
            if prompt is None:
                continue
            if prompt.lighter is not None:  # its lighter prompt was in the same email
                twin = key_of(prompt.lighter)
                had[twin] = max(day, had.get(twin, day))
            if prompt.depth == DEEP:
                deep_on = day
            if prompt.gratitude:
                grateful_on = day
        last = library.by_key(history.entries[-1][0]) if history.entries else None
        may_be_deep = (
            deep_allowed
            and not silent
            and on.weekday() != FRIDAY
            and today - deep_on >= DEEP_APART_DAYS
            and (last is None or last.depth != DEEP)
        )
        return cls(
            today=today,
            had=had,
            last=last,
            muted=muted,
            unwanted=unwanted,
            deepest=DEEP if may_be_deep else DEEP - 1,
            gratitude_allowed=today - grateful_on >= GRATITUDE_APART_DAYS,
            light_wanted=silent,
        )

    def broken_by(self, prompt: Prompt) -> int:
        """Return the weight of the rules that a prompt breaks, 0 for a prompt that fits."""
        weight = self._repeated(prompt)
        if prompt.theme in self.muted:
            weight += _MUTED
        if prompt.id in self.unwanted or prompt.lighter in self.unwanted:
            weight += _UNWANTED
        if prompt.depth > self.deepest:
            weight += _TOO_DEEP
        if self.last is not None:
            weight += _SAME_THEME * (prompt.theme == self.last.theme)
            weight += _SAME_KIND * (prompt.kind == self.last.kind)
        if prompt.gratitude and not self.gratitude_allowed:
            weight += _GRATEFUL_AGAIN
        if self.light_wanted and not prompt.is_light:
            weight += _NOT_LIGHT
        return weight

    def _repeated(self, prompt: Prompt) -> int:
        """Return how much too recently a prompt, or its lighter prompt, was sent."""
        days = [self.had.get(key) for key in (prompt.key, prompt.lighter and key_of(prompt.lighter)) if key]
        day = max((day for day in days if day is not None), default=None)
        if day is None or self.today - day >= NO_REPEAT_DAYS:
            return 0
        age = self.today - day
        if age < SHORTEST_REPEAT_DAYS:
            return _REPEATED_SOON + _REPEATED * (SHORTEST_REPEAT_DAYS - age)
        return _REPEATED * -(-(NO_REPEAT_DAYS - age) // _REPEAT_STEP_DAYS)


def _day_number(on: date) -> int:
    """Return the number of days since the project's day zero, which reply addresses use as well."""
    return (on - DAY_ZERO).days


def _round_days(prompts: int) -> int:
    """Return how many days the ranking takes to go once round a library of this size."""
    fitting = [days for days in _ROUND_DAYS if days * _PROMPTS_A_DAY <= prompts]
    return fitting[-1] if fitting else _ROUND_DAYS[0]


def _comes_in(library: Library, prompt: Prompt, today: int, round_days: int) -> float:
    """Return the day number, today or later, on which a prompt is next the first, in its season if it has one."""
    timing = library.timing(prompt.id, DAY_ZERO + timedelta(days=today))
    if timing is not None and timing.season is not None:
        first, last = (_day_number(day) for day in timing.season)
        comes_on = first + int((last - first + 1) * (prompt.key / _CIRCLE))
        if comes_on >= today:
            return comes_on  # a whole number, so before all others whose turn comes on that day
    return _comes_on(prompt, today, round_days)


def _comes_on(prompt: Prompt, today: int, round_days: int) -> float:
    """Return the day number, today or later, on which a prompt is next the first of the ranking."""
    place = prompt.key / _CIRCLE
    turn = int(today / round_days - place) - 1
    while (comes_on := round_days * (turn + place + _drift(prompt, turn))) < today:
        turn += 1
    return comes_on


def _drift(prompt: Prompt, turn: int) -> float:
    """Return how far, in rounds, a prompt is from its place in one round."""
    digest = hashlib.sha256(f"{prompt.id} {turn}".encode()).digest()
    return (int.from_bytes(digest[:4], "big") / _CIRCLE - 0.5) * _DRIFT
