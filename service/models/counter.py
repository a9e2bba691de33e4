"""The table of counters: how often something has happened since the first start, for the metrics."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import BigInteger, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from service.counts import Counts
from service.db import Base, Database, insert_into


class Counter(Base):
    """A number that only grows, by its name and one fixed label."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    label: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)

    @classmethod
    def add(cls, session: Session, counted: Mapping[tuple[str, str], int]) -> None:
        """Add to counters, by name and label; in the same order in every transaction, so that none deadlocks."""
        for (name, label), number in sorted(counted.items()):
            insert = insert_into(session, cls).values(name=name, label=label, value=number)
            values = {"value": cls.value + insert.excluded.value}
            session.execute(insert.on_conflict_do_update(index_elements=["name", "label"], set_=values))

    @classmethod
    def write_all(cls, database: Database, counts: Counts) -> None:
        """Add what a process has counted, in a transaction of its own.

        Raises:
            SQLAlchemyError: it could not be written now; nothing is lost while the process lives.
        """
        with counts.to_write() as counted:
            if counted:
                with database.write() as session:
                    cls.add(session, counted)

    @classmethod
    def read_all(cls, session: Session) -> dict[tuple[str, str], int]:
        """Return every counter by name and label."""
        rows = session.execute(select(cls.name, cls.label, cls.value).order_by(cls.name, cls.label))
        return {(row[0], row[1]): row[2] for row in rows}
