"""How long a search of 10,000 entries takes on one core, and each page of a journal of 20 years, on both databases.

    python -m bench.journal [--entries 10000] [--bytes 1000] [--days 7300] [--seed 1]

The search is for a word that no entry has, so that all are read, and for two words that many have, which fills a page
early. The same run measures reading and opening all entries without a search, which is the least it can take. Half of
the made-up words have accents. Times are CPU seconds of this process, the best of five.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import insert

from bench.journal_pages import DAYS, measure_pages
from bench.planning import postgres_database, sqlite_database
from service.core.text.search_query import SearchQuery
from service.db import Database, random_id
from service.flows.people.journal.journal import open_text
from service.flows.people.journal.search import search
from service.models import Entry, Keyring, Subscriber
from tests.harness.people.members import member

NOW = datetime(2026, 5, 6, 7, 0, tzinfo=UTC)
WORDS = ("tea", "rain", "lilac", "step", "quiet", "kettle", "naïve", "café", "été", "Straße", "müde", "später", "niño")
ABSENT, PRESENT = "needle", "lilac cafe"
ROUNDS = 5


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--bytes", type=int, default=1_000)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    libraries = ", ".join(f"{name} {version(name)}" for name in ("sqlalchemy", "cryptography", "psycopg"))
    print(f"seed {options.seed}, {options.entries} entries of {options.bytes} bytes; {libraries}")
    print(f"Python {platform.python_version()}, {platform.machine()}")
    for name, database_at in (("SQLite", sqlite_database), ("PostgreSQL", postgres_database)):
        with database_at() as database:
            keyring = Keyring.load(database, (bytes(32),), NOW)
            person = _fill(database, keyring, options)
            opening = _best(lambda: _open_all(database, keyring, person))  # noqa: B023 - called at once
            for label, words in (("a word of no entry", ABSENT), ("two words of many", PRESENT)):
                seconds = _best(lambda: _search(database, keyring, person, words))  # noqa: B023 - called at once
                print(f"{name:<11}{label:<20}{seconds * 1000:7.0f} ms   ", end="")
                print(f"opening all {opening * 1000:5.0f} ms   ratio {seconds / opening:.2f}")
        with database_at() as database, tempfile.TemporaryDirectory() as folder:
            measure_pages(name, database, Path(folder), days=options.days, seed=options.seed)


def _best(call: Callable[[], object]) -> float:
    seconds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        call()
        seconds.append(time.process_time() - began)
    return min(seconds)


def _open_all(database: Database, keyring: Keyring, person: Subscriber) -> int:
    key = keyring.key_of(person)
    with database.read() as session:
        rows = Entry.newest_first(session, person.id, date.min, date.max)
        return sum(len(open_text(key, row)) for row in rows)


def _search(database: Database, keyring: Keyring, person: Subscriber, words: str) -> int:
    query = SearchQuery.parse(words)
    if query is None:
        raise SystemExit("no query: the figure would mean nothing")
    with database.read() as session:
        found = search(session, keyring, person, query).entries
    if bool(found) != (words == PRESENT):
        raise SystemExit(f"found {len(found)} entries: the figure would mean nothing")
    return len(found)


def _fill(database: Database, keyring: Keyring, options: argparse.Namespace) -> Subscriber:
    """Store a person with entries on as many days; return them."""
    chance = random.Random(options.seed)  # noqa: S311 - made-up words, the same each time
    with database.write() as session:
        person = member(session, keyring)
        key = keyring.key_of(person)
        rows = []
        for number in range(options.entries):
            entry_id, text = random_id(), ""
            while len(text.encode()) < options.bytes:
                text += " ".join(chance.choices(WORDS, k=9)) + ". "
            sealed = key.seal_text(text, place=f"entries.words:{entry_id}", random=os.urandom)
            on = NOW.date() - timedelta(days=number)
            rows.append({"id": entry_id, "subscriber_id": person.id, "written_on": on, "created_at": NOW})
            rows[-1] |= {"source": "mail", "sealed_words": sealed, "is_kept_out": False}
        session.execute(insert(Entry), rows)
        session.expunge(person)
    return person


if __name__ == "__main__":
    main()
