"""What one revision does to rows, and the people and times of the rows that the tests use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

Row = dict[str, Any]
Rows = dict[str, list[Row]]

AT = datetime(2026, 5, 1, 8, 30, tzinfo=UTC)
LATER = AT + timedelta(hours=5)
ON, LATER_ON = date(2026, 5, 1), date(2026, 6, 2)
ANA, BO, ENTRY = 7, 8, 9


@dataclass(frozen=True, slots=True)
class Change:
    """What one revision does to rows: names, then columns, then contents; `new_rows` are possible only after it."""

    renamed_tables: Mapping[str, str] = field(default_factory=dict)
    renamed_columns: Mapping[tuple[str, str], str] = field(default_factory=dict)
    dropped_columns: tuple[tuple[str, str], ...] = ()
    # By table and column: what a row of before gets, and what a row of this revision may hold.
    new_columns: Mapping[tuple[str, str], tuple[object, object]] = field(default_factory=dict)
    correct: Callable[[Rows], None] = lambda _: None
    new_rows: Mapping[str, list[Row]] = field(default_factory=dict)

    def apply(self, rows: Rows, *, to_new_rows: bool) -> None:
        """Change rows of the revision before into those of this one, as they are found or as it may hold them."""
        self._rename(rows)
        for (table, column), values in self.new_columns.items():
            for row in rows[table]:
                row[column] = values[to_new_rows]
        self.correct(rows)
        for table, new_rows in self.new_rows.items():
            rows.setdefault(table, []).extend(deepcopy(new_rows) if to_new_rows else [])

    def _rename(self, rows: Rows) -> None:
        for old, new in self.renamed_tables.items():
            rows[new] = rows.pop(old)
        for (table, old), new in self.renamed_columns.items():
            for row in rows[table]:
                row[new] = row.pop(old)
        for table, column in self.dropped_columns:
            for row in rows[table]:
                del row[column]
