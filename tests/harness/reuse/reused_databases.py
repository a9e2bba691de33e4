"""Migrated PostgreSQL databases that one test after another uses: emptying one costs a hundredth of making one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from service.db import Base
from tests.harness.servers.servers import Postgres

TEMPLATE = "migrated"
# Every change of a table has a new transaction id, which the catalogue keeps; a change of rows leaves it as it was.
SCHEMA_VERSION = " UNION ALL ".join(
    f"SELECT '{catalogue}', count(*), max(xmin::text::bigint) FROM {catalogue}"
    for catalogue in ("pg_class", "pg_attribute", "pg_attrdef", "pg_constraint", "pg_index", "pg_proc", "pg_trigger")
)
END_OTHERS = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
RESTART_IDS = "SELECT setval(seqrelid, seqstart, false) FROM pg_sequence"


@dataclass
class ReusedDatabases:
    """Databases of one server, made as copies of a migrated one when they are first needed."""

    server: Postgres
    migrate: Callable[[str], None]
    _made: int = 0
    _free: dict[str, object] = field(default_factory=dict)

    @contextmanager
    def empty(self) -> Iterator[str]:
        """Yield the URL of a database with all tables and no rows, which no other test uses meanwhile.

        A test may do as it likes with its database. Afterwards the connections that are still open end, and all rows
        go; a database whose schema has changed goes as a whole.
        """
        name, version = self._free.popitem() if self._free else self._new()
        try:
            yield self.server.url(name)
        finally:
            if self._emptied(name, version):
                self._free[name] = version
            else:
                self.server.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _new(self) -> tuple[str, object]:
        if not self._made:
            self.server.run(f"CREATE DATABASE {TEMPLATE}")
            self.migrate(self.server.url(TEMPLATE))
        self._made += 1
        name = f"test_{self._made}"
        self.server.run(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
        with self._connected(name) as connection:
            return name, connection.execute(SCHEMA_VERSION.encode()).fetchall()

    def _emptied(self, name: str, version: object) -> bool:
        """Delete all rows; return whether the database is then as it was when it was made."""
        try:
            with self._connected(name) as connection:
                connection.execute(END_OTHERS)
                if connection.execute(SCHEMA_VERSION.encode()).fetchall() != version:
                    return False
                for table in reversed(Base.metadata.sorted_tables):
                    connection.execute(f'DELETE FROM "{table.name}"'.encode())
                connection.execute(RESTART_IDS)
        except psycopg.OperationalError:  # the test has dropped or locked it
            return False
        return True

    def _connected(self, name: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(host=str(self.server.folder), user="postgres", dbname=name, autocommit=True)
