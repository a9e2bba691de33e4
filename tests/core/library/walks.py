"""Made-up people and what they get over the days, by the shipped library."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache

from service.config import ROOT
from service.core.library.prompts import Library, Prompt
from service.core.library.rotation import History, choose, ranking

FOLDER = ROOT / "templates" / "prompts"
LIBRARY = Library.parse((str(path), path.read_text("utf-8")) for path in FOLDER.rglob("*.md"))
DAILY = frozenset(range(7))
NO_THEME: frozenset[str] = frozenset()


@cache
def ranked(on: date, locale: str) -> tuple[Prompt, ...]:
    return ranking(LIBRARY, on, locale)


@dataclass
class Walk:
    """One person's days: the weekdays of their questions, their muted themes, and the prompts they answer."""

    joined_on: date
    rhythm: frozenset[int] = DAILY
    muted: frozenset[str] = NO_THEME
    answers_every: int = 3
    locale: str = "en-GB"
    sent: list[tuple[date, Prompt]] = field(default_factory=list)
    answered: int = 0
    last_answered_on: date | None = None
    history: History = field(default_factory=History)

    def days(self, count: int) -> Walk:
        for number in range(count):
            on = self.joined_on + timedelta(days=number)
            if on.weekday() in self.rhythm:
                self.receive(on)
        return self

    def receive(self, on: date) -> Prompt:
        prompt = choose(
            LIBRARY,
            ranked(on, self.locale),
            on,
            History.parse(self.history.text),
            muted=self.muted,
            sent=len(self.sent),
            answered=self.answered,
            last_answered_on=self.last_answered_on,
            joined_on=self.joined_on,
        )
        self.history = self.history.adding(prompt.id, on)
        self.sent.append((on, prompt))
        if self.answers_every and len(self.sent) % self.answers_every == 0:
            self.answered += 1
            self.last_answered_on = on
        return prompt

    @property
    def prompts(self) -> list[Prompt]:
        return [prompt for _, prompt in self.sent]


def gaps(sent: Iterable[tuple[date, Prompt]]) -> list[int]:
    """Return the days between each two times that the same prompt was read."""
    last: dict[str, date] = {}
    found = []
    for on, prompt in sent:
        if prompt.id in last:
            found.append((on - last[prompt.id]).days)
        last[prompt.id] = on
    return found
