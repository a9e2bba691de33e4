"""How large the batches are when 100,000 people get their prompts, and how long choosing takes.

    python -m bench.rotation [--people 100000] [--days 30] [--locale en-GB] [--seed 1]

Prints the mean size of the provider call that carries a prompt, counted per recipient (a call of 500 counts 500
times), with at most 1,000 recipients a call; the share of recipients in calls of fewer than 50; and the choices a
second. The mix: 60% on Mondays, Wednesdays and Fridays, 20% on Sundays, 20% daily; 70% at 08:00, the others spread
over the half hours; zones by population; a tenth new (joined in the last 30 days or during the run), a tenth with a
muted theme. The others joined on any day of the last 400 and are followed from that day on. A fifth each answers every
second, third, fifth or tenth prompt, or fell silent after three.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from service.core.library.prompts import THEMES, Library, Prompt
from service.core.library.rotation import History, choose, ranking

PROMPTS = Path(__file__).parents[1] / "templates" / "prompts"
MOST_A_CALL = 1000
SMALL_CALL = 50
FIRST_DAY = date(2027, 3, 1)
FOLLOWED_DAYS = 400
NEW_DAYS = 30
EIGHT = 16  # in half hours
NEW = MUTED = 0.1
ANSWERS_EVERY = (2, 3, 5, 10, 0)
FELL_SILENT_AFTER = 3
AT_EIGHT = 0.7
RHYTHMS = {"three": ((0, 2, 4), 0.6), "sundays": ((6,), 0.2), "daily": (tuple(range(7)), 0.2)}
# Millions of people, rounded, by the zones most of them live in (United Nations, World Population Prospects 2024).
ZONES = {
    "Asia/Kolkata": 1450,
    "Asia/Shanghai": 1420,
    "Asia/Jakarta": 500,
    "Africa/Lagos": 480,
    "Europe/Paris": 400,
    "Africa/Nairobi": 420,
    "America/New_York": 250,
    "Asia/Karachi": 300,
    "America/Sao_Paulo": 260,
    "Asia/Dhaka": 220,
    "Africa/Johannesburg": 250,
    "America/Mexico_City": 170,
    "Asia/Tokyo": 175,
    "Asia/Manila": 150,
    "Africa/Cairo": 165,
    "Europe/Moscow": 180,
    "America/Bogota": 130,
    "America/Chicago": 110,
    "Europe/London": 80,
    "Asia/Tehran": 90,
    "Asia/Yangon": 54,
    "America/Los_Angeles": 65,
    "Africa/Accra": 110,
    "Asia/Tashkent": 75,
    "America/Denver": 30,
    "Asia/Kathmandu": 30,
    "Australia/Sydney": 22,
    "Pacific/Auckland": 5,
}


@dataclass(frozen=True, slots=True)
class Cohort:
    """The properties that decide a person's prompts: people of one cohort always get the same ones."""

    rhythm: str
    joined_on: date
    muted: frozenset[str]
    answers_every: int


@dataclass(slots=True)
class Standing:
    """The state of a cohort: the prompts they were sent, and how they answered."""

    history: History = field(default_factory=History)
    sent: int = 0
    answered: int = 0
    last_answered_on: date | None = None

    def advance(self, prompt: Prompt, on: date, answers_every: int) -> None:
        """Record a prompt, and an answer if one is due."""
        self.history = self.history.adding(prompt.id, on)
        self.sent += 1
        if self.sent % answers_every == 0 if answers_every else self.sent <= FELL_SILENT_AFTER:
            self.answered += 1
            self.last_answered_on = on


@dataclass(frozen=True, slots=True)
class SimulatedSubscriber:
    """A subscriber: a cohort, a zone and a time of day in half hours."""

    cohort: Cohort
    zone: str
    half_hour: int


def main() -> None:
    """Run the simulation and print its figures."""
    parser = argparse.ArgumentParser(description="Measure batches and choosing.")
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--locale", default="en-GB")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    library = Library.parse((str(path), path.read_text("utf-8")) for path in PROMPTS.rglob("*.md"))
    chance = random.Random(options.seed)  # noqa: S311 -- made-up people, no secrets
    people = list(_people(options.people, chance, options.days))
    calls: Counter[tuple[datetime, str]] = Counter()
    choices = seconds = 0.0
    by_cohort: dict[Cohort, list[SimulatedSubscriber]] = {}
    for person in people:
        by_cohort.setdefault(person.cohort, []).append(person)
    standings = {cohort: Standing() for cohort in by_cohort}
    for number in range(-FOLLOWED_DAYS, options.days):
        on = FIRST_DAY + timedelta(days=number)
        chosen, count, took = _one_day(library, standings, on, options.locale)
        choices += count
        seconds += took
        if number >= 0:
            for cohort, prompt in chosen.items():
                for person in by_cohort[cohort]:
                    calls[_instant(on, person.zone, person.half_hour), prompt.id] += 1
    _report(calls, len(people), len(by_cohort), choices / seconds)


def _people(count: int, chance: random.Random, days: int) -> Iterator[SimulatedSubscriber]:
    """Yield people of the mix above."""
    others = [half_hour for half_hour in range(48) if half_hour != EIGHT]
    rhythms = chance.choices(list(RHYTHMS), [share for _, share in RHYTHMS.values()], k=count)
    zones = chance.choices(list(ZONES), list(ZONES.values()), k=count)
    for rhythm, zone in zip(rhythms, zones, strict=True):
        is_new = chance.random() < NEW
        since = chance.randrange(-days, NEW_DAYS) if is_new else chance.randrange(NEW_DAYS, FOLLOWED_DAYS)
        cohort = Cohort(
            rhythm=rhythm,
            joined_on=FIRST_DAY - timedelta(days=since + 1),
            muted=frozenset({chance.choice(THEMES)}) if chance.random() < MUTED else frozenset(),
            answers_every=chance.choice(ANSWERS_EVERY),
        )
        yield SimulatedSubscriber(cohort, zone, EIGHT if chance.random() < AT_EIGHT else chance.choice(others))


def _one_day(
    library: Library, standings: dict[Cohort, Standing], on: date, locale: str
) -> tuple[dict[Cohort, Prompt], int, float]:
    """Return the prompt of each due cohort, the number of choices, and the seconds they took."""
    today = ranking(library, on, locale)
    chosen = {}
    seconds = 0.0
    for cohort, standing in standings.items():
        if on < cohort.joined_on or on.weekday() not in RHYTHMS[cohort.rhythm][0]:
            continue
        started = time.perf_counter()
        prompt = choose(
            library,
            today,
            on,
            standing.history,
            muted=cohort.muted,
            sent=standing.sent,
            answered=standing.answered,
            last_answered_on=standing.last_answered_on,
            joined_on=cohort.joined_on,
        )
        seconds += time.perf_counter() - started
        standing.advance(prompt, on, cohort.answers_every)
        chosen[cohort] = prompt
    return chosen, len(chosen), seconds


@cache
def _instant(on: date, zone: str, half_hour: int) -> datetime:
    """Return the instant of a local half hour, in UTC."""
    local = datetime(on.year, on.month, on.day, half_hour // 2, half_hour % 2 * 30, tzinfo=ZoneInfo(zone))
    return local.astimezone(UTC)


def _report(calls: Counter[tuple[datetime, str]], people: int, cohorts: int, choices_a_second: float) -> None:
    """Print the figures."""
    sizes: list[int] = []
    for count in calls.values():
        full, rest = divmod(count, MOST_A_CALL)
        sizes += [MOST_A_CALL] * full + [rest] * bool(rest)
    recipients = sum(sizes)
    print(f"people {people:,} in {cohorts:,} cohorts; {recipients:,} prompts in {len(sizes):,} calls")
    print(f"mean call per recipient {sum(size * size for size in sizes) / recipients:.0f}")
    print(f"recipients in calls under {SMALL_CALL}: {sum(s for s in sizes if s < SMALL_CALL) / recipients:.1%}")
    print(f"choices a second {choices_a_second:,.0f}; 10,000 take {10_000 / choices_a_second:.2f} s")


if __name__ == "__main__":
    main()
