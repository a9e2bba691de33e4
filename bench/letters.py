"""What planning a letter costs: one letter to 100,000 people who confirmed letters, on PostgreSQL and on SQLite.

    python -m bench.letters [--people 100000] [--database postgresql|sqlite] [--seed 1]

It ticks as the clock does until the letter is planned for everybody, each at their own hour, and checks that everybody
has exactly one delivery. A tick plans some chunks only, so that no question waits behind a whole letter. Times are of
one process on this machine; the CPU time is without the database server's.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Final

from sqlalchemy import distinct, func, select, update

from bench.planning import NOW, fill, postgres_database, sqlite_database
from service.db import Database, random_id
from service.flows.outgoing.tick import tick
from service.job_queue import InMemoryQueue
from service.models import Delivery, DeliveryKind, Letter, LetterSource, LetterState, LetterTiming, Subscriber
from service.template_files import load_library

LIMIT_SECONDS: Final = 60.0
CHUNK: Final = 1000
DATABASES: Final[Mapping[str, Callable[[], AbstractContextManager[Database]]]] = {
    "postgresql": postgres_database,
    "sqlite": sqlite_database,
}


def main() -> None:
    """Print a line for each database; exit code 1 if PostgreSQL takes longer than the limit."""
    options = _options()
    seconds = {name: _seconds(name, options.people, options.seed) for name in options.database or DATABASES}
    if seconds.get("postgresql", 0.0) >= LIMIT_SECONDS:
        raise SystemExit(1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--database", action="append", choices=[*DATABASES], default=[])
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _seconds(name: str, people: int, seed: int) -> float:
    library, queue = load_library(), InMemoryQueue()
    with DATABASES[name]() as database:
        fill(database, people, 0, random.Random(seed))  # noqa: S311 - made-up people, the same each time
        letter_id = _letter(database)
        ticks, longest, began, cpu_began = 0, 0.0, time.perf_counter(), time.process_time()
        while not _is_planned(database, letter_id):
            tick_began = time.perf_counter()
            tick(database, library, queue, now=NOW, chunk=CHUNK)
            longest = max(longest, time.perf_counter() - tick_began)
            ticks += 1
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu_began
        _check(database, people)
    verdict = "within" if seconds < LIMIT_SECONDS else "OVER"
    print(
        f"{name:<11} a letter to {people} people: {seconds:5.1f} s ({verdict} {LIMIT_SECONDS:.0f} s) "
        f"in {ticks} ticks, the longest {longest:.2f} s; {cpu:.1f} s of this process's own CPU time",
        flush=True,
    )
    return seconds


def _letter(database: Database) -> int:
    """Give everybody a confirmed wish for letters, and schedule one that is due; return its id."""
    confirmed_at = NOW - timedelta(days=30)
    with database.write() as session:
        session.execute(update(Subscriber).values(wants_letters=True, letters_confirmed_at=confirmed_at))
        letter = Letter(
            id=random_id(),
            slug="ice",
            title="Ice",
            source=LetterSource.DESK,
            content="The pond froze.",
            state=LetterState.SCHEDULED,
            timing=LetterTiming.OWN_HOUR,
            starts_on=(NOW + timedelta(days=1)).date(),
            starts_at=NOW,
            frozen_at=NOW,
            created_at=NOW,
            edited_at=NOW,
        )
        session.add(letter)
        session.flush()
        return letter.id


def _is_planned(database: Database, letter_id: int) -> bool:
    with database.read() as session:
        return session.get_one(Letter, letter_id).planned_at is not None


def _check(database: Database, people: int) -> None:
    with database.read() as session:
        is_letter = Delivery.kind == DeliveryKind.LETTER
        rows = session.scalar(select(func.count()).where(is_letter))
        readers = session.scalar(select(func.count(distinct(Delivery.subscriber_id))).where(is_letter))
    if (rows, readers) != (people, people):
        raise SystemExit(f"{rows} emails for {readers} of {people} people: the figure would mean nothing")


if __name__ == "__main__":
    main()
