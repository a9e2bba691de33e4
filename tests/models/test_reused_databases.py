"""The tests' own databases: each test finds all tables, and nothing of the test before it."""

from __future__ import annotations

from sqlalchemy import text

from service.db import Database
from service.models import Counter
from tests.harness.reuse.reused_databases import ReusedDatabases

TALLY = {("mails", "held"): 2}


def test_a_database_that_was_used_before_is_empty_again(reused_databases: ReusedDatabases) -> None:
    with reused_databases.empty() as used:
        database = Database.at(used)
        with database.write() as session:
            Counter.add(session, TALLY)
        left_open = database.engine.connect()
        assert left_open.scalar(text("SELECT count(*) FROM counters")) == len(TALLY)
    with reused_databases.empty() as again:
        assert again == used
        left_open.invalidate()
        with database.engine.connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM counters")) == 0
        left_open.close()
        database.engine.dispose()


def test_a_database_whose_schema_a_test_has_changed_is_not_used_again(reused_databases: ReusedDatabases) -> None:
    with reused_databases.empty() as used:
        database = Database.at(used)
        with database.engine.begin() as connection:
            connection.execute(text("ALTER TABLE entries ALTER sealed_words SET STORAGE EXTERNAL"))
        database.engine.dispose()
    with reused_databases.empty() as other:
        assert other != used
