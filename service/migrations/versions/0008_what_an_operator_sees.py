"""Counters for the metrics, an index of old deliveries, and no due times for people who are not written to."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

DROPPED = "month > 0 AND kind NOT IN ('digest', 'year', 'quiet_month')"
DUE_TIMES = "status IN ('active', 'resting') OR (next_prompt_at IS NULL AND next_digest_at IS NULL)"


def upgrade() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("label", sa.String(32), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "label", name=op.f("pk_counters")),
    )
    op.create_index(
        "ix_deliveries_dropped",
        "deliveries",
        ["month"],
        unique=False,
        postgresql_where=sa.text(DROPPED),
        sqlite_where=sa.text(DROPPED),
    )
    _keep_stopped_people_stopped()


def _keep_stopped_people_stopped() -> None:
    op.execute(
        "UPDATE subscribers SET next_prompt_at = NULL, next_digest_at = NULL "
        "WHERE status NOT IN ('active', 'resting') AND (next_prompt_at IS NOT NULL OR next_digest_at IS NOT NULL)"
    )
    if op.get_bind().dialect.name != "sqlite":
        op.create_check_constraint(op.f("ck_subscribers_due_times"), "subscribers", sa.text(DUE_TIMES))
        return
    # SQLite adds a constraint only by copying the table, and dropping the first copy would delete all that refers to
    # its rows. A trigger refuses the same writes.
    columns = {"INSERT": "", "UPDATE": " OF status, next_prompt_at, next_digest_at"}
    for event, of in columns.items():
        op.execute(
            f"CREATE TRIGGER subscribers_due_times_{event.lower()} BEFORE {event}{of} ON subscribers "
            "WHEN NEW.status NOT IN ('active', 'resting') "
            "AND (NEW.next_prompt_at IS NOT NULL OR NEW.next_digest_at IS NOT NULL) "
            "BEGIN SELECT RAISE(ABORT, 'only active and resting subscribers have due times'); END"
        )
