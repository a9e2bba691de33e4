"""Engines, sessions, column types and ids, the same for SQLite and PostgreSQL."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    TypeDecorator,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.engine import Connection
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

try:  # a build without the WAL-reset bug (decision 0005); on other platforms the interpreter's own
    import pysqlite3.dbapi2 as sqlite
except ImportError:
    import sqlite3 as sqlite

BUSY_TIMEOUT_MS = 15_000
LONGEST_BUSY_SLEEP_SECONDS = 0.11
ID_BITS = 63
MIGRATIONS = Path(__file__).parent / "migrations"
READING = {"reading": True}

# On SQLite an INTEGER primary key is the row id itself, one tree instead of two.
Id = BigInteger().with_variant(Integer(), "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC instant; refuses naive ones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant in UTC, without its zone where the database has none."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant must be aware")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the instant, aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The base of all tables: predictable constraint names and UTC instants."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime()}  # noqa: RUF012 - SQLAlchemy reads it from the class


@dataclass(frozen=True, slots=True)
class Database:
    """One database: `write` opens a short transaction, `read` a session for reading."""

    engine: Engine
    _writing: sessionmaker[Session]
    _reading: sessionmaker[Session]

    @classmethod
    def at(cls, url: str) -> Database:
        """Return the database at a SQLAlchemy URL (sqlite:/// or postgresql://)."""
        engine = make_engine(url)
        return cls(
            engine,
            sessionmaker(engine, expire_on_commit=False),
            sessionmaker(engine.execution_options(**READING), expire_on_commit=False, autoflush=False),
        )

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open one transaction that commits at the end; keep network calls out of it."""
        with self._writing.begin() as session:
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session for reading only."""
        with self._reading() as session:
            yield session

    def let_others_write(self) -> None:
        """Wait between two of many transactions until others have had their turn; needed on SQLite alone.

        A transaction that waits for SQLite's one writer looks again after 100 ms at most (sqliteDefaultBusyCallback),
        and would hardly ever find it free between transactions that follow each other.
        """
        if self.engine.dialect.name == "sqlite":
            time.sleep(LONGEST_BUSY_SLEEP_SECONDS)

    def clear_deleted(self, table: str) -> None:
        """Remove what was deleted from the database's files, as far as it is this database's to do.

        On SQLite deleted rows are overwritten, and the write-ahead log, which has them still, is emptied here. On
        PostgreSQL the deleted rows of one small table are removed; those of the others follow by autovacuum.
        """
        if self.engine.dialect.name == "sqlite":
            with closing(self.engine.raw_connection()) as raw:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        with self.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(f"VACUUM {table}")


def make_engine(url: str) -> Engine:
    """Return an engine whose errors never show parameters (words and addresses travel as parameters)."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, module=sqlite, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.drivername in {"postgresql", "postgres"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    return create_engine(parsed, hide_parameters=True, pool_pre_ping=True)


def migrate(engine: Engine, revision: str = "head") -> None:
    """Upgrade the tables to a revision; running it again changes nothing."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    command.upgrade(config, revision)


def database_now(session: Session) -> datetime:
    """Return the database's own time, by which leases are measured on every machine."""
    if session.get_bind().dialect.name == "sqlite":
        stamp = session.scalar(text("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')"))
        return datetime.fromisoformat(str(stamp)).replace(tzinfo=UTC)
    now: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    return now.astimezone(UTC)


def insert_into(session: Session, table: type[Base]) -> postgresql.Insert | sqlite_dialect.Insert:
    """Return an insert in this database's dialect, with `on_conflict_do_nothing`."""
    if session.get_bind().dialect.name == "sqlite":
        return sqlite_dialect.insert(table)
    return postgresql.insert(table)


def random_id() -> int:
    """Return a random positive 63-bit id."""
    return secrets.randbits(ID_BITS) or 1


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where _begin_sqlite says, not where the driver guesses
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "foreign_keys=ON",
        "secure_delete=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
