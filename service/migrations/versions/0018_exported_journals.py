"""Exported journals: each one that a person takes away as a file."""

import sqlalchemy as sa
from alembic import op

from service.db import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    op.create_table(
        "journal_exports",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("subscriber_id", BIG, sa.ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False),
        sa.Column("form", sa.String(8), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("stored_as", sa.String(80)),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("parts_done", "parts")),
        *(sa.Column(name, sa.SmallInteger, nullable=False) for name in ("attempts", "failures")),
        *(sa.Column(name, UtcDateTime) for name in ("lease_until", "enqueued_at")),
        sa.Column("created_at", UtcDateTime, nullable=False),
        *(sa.Column(name, UtcDateTime) for name in ("finished_at", "kept_until")),
    )
    op.create_index("ix_journal_exports_subscriber_id", "journal_exports", ["subscriber_id"])
    op.create_index(
        "ix_journal_exports_waiting",
        "journal_exports",
        ["created_at"],
        postgresql_where=WAITING,
        sqlite_where=WAITING,
    )
    op.create_index("ix_journal_exports_kept_until", "journal_exports", ["kept_until"])
