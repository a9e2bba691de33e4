"""The prompt of a day: a ranking of the library, and the first prompt that a person's own rules allow.

The library lies on a circle in the order of its keys, and the day's ranking begins where that day stands on it.
A person whose rules turn one prompt down takes a neighbour and is back with everybody else a few days later, so
that people share prompts, whenever they joined, and one call to the provider carries many of them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Self

from service.core.library.prompts import key_of
from service.core.tokens import DAY_ZERO

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

# A round takes fewer days than there are prompts, so that a daily person finds one unseen in each neighbourhood.
# Rounds grow in wide steps: one more prompt in the library moves nobody's place on the circle.
_ROUND_DAYS: Final = (10, 15, 20, 30, 45, 65, 90, 130, 200, 300, 450, 700)
_PROMPTS_A_DAY: Final = 1.2
_DRIFT: Final = 1 / 16  # of a round: the same neighbours do not meet at every round
_CIRCLE: Final = 1 << 32
_REPEAT_STEP_DAYS: Final = 15

_ENTRY: Final = struct.Struct(">IH")  # a prompt's key and a day number: eight characters of base64

# What is given up when nothing fits, the lowest first. Each outweighs all below it.
_NOT_LIGHT: Final = 1
_REPEATED: Final = 2  # for each step of 15 days that the last time is too recent, or each day below 30: at most 30
_GRATEFUL_AGAIN: Final = 64
_SAME_KIND: Final = 128
_SAME_THEME: Final = 256
_REPEATED_SOON: Final = 512
_TOO_DEEP: Final = 1024
_MUTED: Final = 2048


@dataclass(frozen=True, slots=True)
class History:
    """The prompts of a person's last 180 days, and the very last one however old: (key, day number), oldest first."""

    entries: tuple[tuple[int, int], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the history that `text` wrote down.

        Raises:
            ValueError: it was not written by `text`.
        """
        try:
            packed = base64.b64decode(text, validate=True)
            return cls(tuple(_ENTRY.iter_unpack(packed)))
        except (binascii.Error, struct.error, ValueError) as error:
            raise ValueError("this is not a history of prompts") from error

    @property
    def text(self) -> str:
        """The history in ASCII, eight characters a prompt: at most 1,440 for one prompt a day."""
        return base64.b64encode(b"".join(_ENTRY.pack(*entry) for entry in self.entries)).decode()

    def adding(self, prompt_id: str, on: date) -> Self:
        """Return the history with this prompt as its last one, without what no rule asks about any more."""
        key, today = key_of(prompt_id), _day_number(on)
        kept = [entry for entry in self.entries if entry[0] != key and today - entry[1] < NO_REPEAT_DAYS]
        return type(self)((*kept, (key, today)))


def ranking(library: Library, on: date, locale: str) -> tuple[Prompt, ...]:
    """Return what may come on a day, the best choice first: a function of the library, the date and the locale alone.

    Follow-ups are left out; they are asked once, about one step, and never come by themselves.
    """
    prompts = [prompt for prompt in library.for_locale(locale) if prompt.kind != "follow-up"]
    round_days = _round_days(len(prompts))
    today = _day_number(on)
    return tuple(sorted(prompts, key=lambda prompt: _comes_on(prompt, today, round_days)))


def choose(
    library: Library,
    ranking: Sequence[Prompt],
    on: date,
    history: History,
    *,
    muted: Collection[str],
    sent: int,
    answered: int,
    last_answered_on: date | None,
    joined_on: date,
) -> Prompt:
    """Return the prompt for a person on a local date: the first of the ranking that breaks none of their rules.

    The first six sent are the fixed six. Where no prompt keeps every rule, the rules give way in this order, each
    only when all before it do not suffice: a light one after 14 silent days; 180 days without a repeat, in steps of
    15 down to 30; gratitude at most weekly; no kind twice running; no theme twice running; 30 days without a repeat
    (then the one longest ago); the depth rules; and muted themes, so only for somebody who has muted every one.

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
        deep_allowed: bool,
        silent: bool,
    ) -> Self:
        """Return the rules that follow from the history; a prompt no longer in the library counts for none."""
        today = _day_number(on)
        had = dict(history.entries)
        deep_on = grateful_on = -SILENT_DAYS
        for key, day in history.entries:
            prompt = library.by_key(key)
            if prompt is None:
                continue
            if prompt.lighter is not None:  # the same email carried its lighter twin
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
            deepest=DEEP if may_be_deep else DEEP - 1,
            gratitude_allowed=today - grateful_on >= GRATITUDE_APART_DAYS,
            light_wanted=silent,
        )

    def broken_by(self, prompt: Prompt) -> int:
        """Return the weight of the rules that a prompt breaks, nothing for a prompt that fits."""
        weight = self._repeated(prompt)
        if prompt.theme in self.muted:
            weight += _MUTED
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
        """Return how much too recent a prompt is, by its last time or its lighter twin's."""
        days = [self.had.get(key) for key in (prompt.key, prompt.lighter and key_of(prompt.lighter)) if key]
        day = max((day for day in days if day is not None), default=None)
        if day is None or self.today - day >= NO_REPEAT_DAYS:
            return 0
        age = self.today - day
        if age < SHORTEST_REPEAT_DAYS:
            return _REPEATED_SOON + _REPEATED * (SHORTEST_REPEAT_DAYS - age)
        return _REPEATED * -(-(NO_REPEAT_DAYS - age) // _REPEAT_STEP_DAYS)


def _day_number(on: date) -> int:
    """Return the days since the project's day zero, as reply addresses count them."""
    return (on - DAY_ZERO).days


def _round_days(prompts: int) -> int:
    """Return how many days the ranking takes to come round a library of this size."""
    fitting = [days for days in _ROUND_DAYS if days * _PROMPTS_A_DAY <= prompts]
    return fitting[-1] if fitting else _ROUND_DAYS[0]


def _comes_on(prompt: Prompt, today: int, round_days: int) -> float:
    """Return the day number, today or later, on which a prompt next stands first on the circle."""
    place = prompt.key / _CIRCLE
    turn = int(today / round_days - place) - 1
    while (comes_on := round_days * (turn + place + _drift(prompt, turn))) < today:
        turn += 1
    return comes_on


def _drift(prompt: Prompt, turn: int) -> float:
    """Return how far from its place, in rounds, a prompt stands in one turn of the circle."""
    digest = hashlib.sha256(f"{prompt.id} {turn}".encode()).digest()
    return (int.from_bytes(digest[:4], "big") / _CIRCLE - 0.5) * _DRIFT
