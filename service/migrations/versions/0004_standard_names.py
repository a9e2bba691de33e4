"""Rename columns and a table to the terms that the code uses, and drop a setting that had no effect."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("deliveries", "rung_at", "enqueued_at"),
    ("mail_requests", "rung_at", "enqueued_at"),
    ("mail_requests", "asked", "kind"),
    ("replies", "rung_at", "enqueued_at"),
    ("replies", "understood_at", "processed_at"),
    ("subscribers", "eased", "slow_down_stage"),
)


def upgrade() -> None:
    for table, old, new in _COLUMNS:
        op.alter_column(table, old, new_column_name=new)
    # Nobody was ever asked about letters, and none are sent: the tick in the settings had no effect.
    op.drop_column("subscribers", "wants_letters")
    op.drop_index("ix_spent_tokens_spent_at", table_name="spent_tokens")
    op.rename_table("spent_tokens", "webhook_tokens")
    op.create_index("ix_webhook_tokens_spent_at", "webhook_tokens", ["spent_at"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX pk_spent_tokens RENAME TO pk_webhook_tokens")
