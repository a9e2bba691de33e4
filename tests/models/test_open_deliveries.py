"""What every tick and every look at the metrics asks costs in proportion to what is open, not to what was ever sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from service.db import Database
from service.models import Delivery
from service.models.outgoing import delivery_claims

NOW = datetime(2026, 5, 13, 9, 0, tzinfo=UTC)
QUERIES: dict[str, Callable[[Session], object]] = {
    "what is due": lambda session: Delivery.find_unqueued(session, NOW, timedelta(seconds=45), 10),
    "claims to plan again": delivery_claims.plan_lapsed_again,
    "claims that become unknown": delivery_claims.mark_lapsed_unknown,
    "numbers by state": Delivery.open_by_state,
}


@pytest.mark.parametrize("name", QUERIES)
def test_open_deliveries_are_found_by_their_index(database: Database, name: str) -> None:
    asked: list[tuple[str, Any]] = []

    def note(*call: Any) -> None:
        _, _, statement, parameters, _, _ = call
        if "deliveries" in statement:
            asked.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    with database.write() as session:
        QUERIES[name](session)
    event.remove(database.engine, "before_cursor_execute", note)
    is_sqlite = database.engine.dialect.name == "sqlite"
    with database.engine.begin() as connection:
        if not is_sqlite:  # an empty table is scanned unless that is forbidden
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        [(statement, parameters)] = asked
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        plan = [*connection.exec_driver_sql(f"{explain} {statement}", parameters)]
    assert "ix_deliveries_open" in " ".join(map(str, plan))
