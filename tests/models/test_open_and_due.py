"""What every tick and every look at the metrics asks costs in proportion to what is open or due, not to all rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from service.db import Database
from service.models import Delivery, Subscriber
from service.models.outgoing.deliveries import delivery_claims

NOW = datetime(2026, 5, 13, 9, 0, tzinfo=UTC)
QUERIES: dict[str, tuple[Callable[[Session], object], str]] = {
    "what is due": (
        lambda session: Delivery.find_unqueued(session, NOW, timedelta(seconds=45), 10),
        "ix_deliveries_open",
    ),
    "claims to plan again": (delivery_claims.plan_lapsed_again, "ix_deliveries_open"),
    "claims that become unknown": (delivery_claims.mark_lapsed_unknown, "ix_deliveries_open"),
    "numbers by state": (Delivery.open_by_state, "ix_deliveries_open"),
    "people due for a prompt": (
        lambda session: Subscriber.due_for_prompt(session, NOW, 10),
        "ix_subscribers_next_prompt_at",
    ),
    "people due for a digest": (
        lambda session: Subscriber.due_for_digest(session, NOW, 10),
        "ix_subscribers_next_digest_at",
    ),
}


@pytest.mark.parametrize("name", QUERIES)
def test_what_is_open_or_due_is_found_by_its_index(database: Database, name: str) -> None:
    asked: list[tuple[str, Any]] = []

    def note(*call: Any) -> None:
        _, _, statement, parameters, _, _ = call
        if "deliveries" in statement or "subscribers" in statement:
            asked.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    ask, index = QUERIES[name]
    with database.write() as session:
        ask(session)
    event.remove(database.engine, "before_cursor_execute", note)
    is_sqlite = database.engine.dialect.name == "sqlite"
    with database.engine.begin() as connection:
        if not is_sqlite:  # an empty table is scanned unless that is forbidden
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        [(statement, parameters)] = asked
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        plan = [*connection.exec_driver_sql(f"{explain} {statement}", parameters)]
    assert index in " ".join(map(str, plan))
