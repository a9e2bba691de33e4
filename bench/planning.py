"""What a tick costs: 10,000 due out of 200,000 subscribers, on SQLite and on PostgreSQL.

    python -m bench.planning [--people 200000] [--due 10000] [--seed 1]

The same run also plans the same number of due people out of a tenth of the subscribers, since the cost of a tick
should depend on the people due and not on all subscribers. Times are of one process on this machine; compare ratios.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from service.core.settings.schedule import Rhythm
from service.db import Database, migrate
from service.flows.outgoing.tick import tick
from service.job_queue import InMemoryQueue
from service.models import Subscriber, SubscriberStatus, WrappedDataKey
from service.process_guards import exempt_from_collection
from service.template_files import load_library
from tests.harness.servers.servers import running_postgres

NOW = datetime(2026, 5, 6, 7, 0, tzinfo=UTC)  # 08:00 in London
ZONES = ("Europe/London", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney")
LIMIT_SECONDS = 5.0
ROWS = 5000


def main() -> None:
    """Print the table."""
    options = _options()
    print(f"seed {options.seed}, {options.due} due")
    for name, database_at in (("SQLite", sqlite_database), ("PostgreSQL", postgres_database)):
        small = _seconds(database_at, options.people // 10, options.due, options.seed)
        large = _seconds(database_at, options.people, options.due, options.seed)
        verdict = "within" if large < LIMIT_SECONDS else "OVER"
        print(f"{name:<11} of {options.people:>7}: {large:5.2f} s ({verdict} {LIMIT_SECONDS:.0f} s)   ", end="")
        print(f"of {options.people // 10:>6}: {small:5.2f} s   ratio {large / small:.2f}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--due", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _seconds(database_at: Callable[[], AbstractContextManager[Database]], people: int, due: int, seed: int) -> float:
    library, queue = load_library(), InMemoryQueue()
    exempt_from_collection()  # as the clock does
    with database_at() as database:
        fill(database, people, due, random.Random(seed))  # noqa: S311 - made-up people, the same each time
        began = time.perf_counter()
        done = tick(database, library, queue, now=NOW, chunk=1000)
        seconds = time.perf_counter() - began
        if done.planned != due or len(set(queue.deliveries)) != due:
            raise SystemExit(f"planned {done.planned} of {due}: the figure would mean nothing")
        return seconds


def fill(database: Database, people: int, due: int, chance: random.Random) -> None:
    """Add made-up people, of whom the first `due` are due."""
    rows = []
    for number in range(people):
        is_due = number < due
        next_at = NOW if is_due else NOW + timedelta(minutes=chance.randrange(30, 7 * 24 * 60))
        rows.append(
            {
                "id": chance.getrandbits(62) + 1,
                "address_hash": chance.randbytes(32),
                "sealed_address": chance.randbytes(50),
                "status": SubscriberStatus.ACTIVE,
                "days_mask": Rhythm.DAILY.days.mask if is_due else Rhythm.THREE.days.mask,
                "send_minute": 480 if is_due else chance.randrange(48) * 30,
                "time_zone": ZONES[0] if is_due else chance.choice(ZONES),
                "next_prompt_at": next_at,
                "next_digest_at": NOW + timedelta(days=26),
                "prompts_sent": 30,
                "prompts_answered": 10,
                "created_at": NOW - timedelta(days=60),
                "confirmed_at": NOW - timedelta(days=60),
            }
        )
    chance.shuffle(rows)
    for start in range(0, people, ROWS):
        with database.write() as session:
            chunk = rows[start : start + ROWS]
            session.execute(insert(Subscriber), chunk)
            keys = [{"subscriber_id": row["id"], "wrapped": chance.randbytes(65)} for row in chunk]
            session.execute(insert(WrappedDataKey), keys)


@contextmanager
def sqlite_database() -> Iterator[Database]:
    """Yield a migrated database in a file."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _migrated(f"sqlite:///{Path(folder) / 'bench.db'}")


@contextmanager
def postgres_database() -> Iterator[Database]:
    """Yield a migrated database on a server of its own."""
    with running_postgres() as server:
        server.run("CREATE DATABASE bench")
        yield from _migrated(server.url("bench"))


def _migrated(url: str) -> Iterator[Database]:
    database = Database.at(url)
    migrate(database.engine)
    yield database
    database.engine.dispose()


if __name__ == "__main__":
    main()
