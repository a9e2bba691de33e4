"""Own questions, wishes about single questions, and entries that are deleted and may be put back for a day."""

import sqlalchemy as sa
from alembic import op

from service.db import UtcDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _owner() -> sa.Column[int]:
    return sa.Column("subscriber_id", BIG, sa.ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "own_questions",
        sa.Column("id", BIG, primary_key=True),
        _owner(),
        sa.Column("import_id", BIG, sa.ForeignKey("journal_imports.id", ondelete="SET NULL")),
        sa.Column("sealed_words", sa.LargeBinary, nullable=False),
        sa.Column("is_removed", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("asked_on", sa.Date),
        sa.Column("created_at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_own_questions_subscriber_id", "own_questions", ["subscriber_id"])
    op.create_table(
        "question_wishes",
        _owner(),
        sa.Column("prompt_id", sa.String(64), nullable=False),
        sa.Column("again_on", sa.Date),
        sa.PrimaryKeyConstraint("subscriber_id", "prompt_id"),
    )
    op.add_column("entries", sa.Column("deleted_at", UtcDateTime))
    op.create_index(
        "ix_entries_subscriber_id_written_on_deleted_at", "entries", ["subscriber_id", "written_on", "deleted_at"]
    )
    op.drop_index("ix_entries_subscriber_id_written_on", "entries")
    deleted = sa.text("deleted_at IS NOT NULL")
    op.create_index("ix_entries_deleted_at", "entries", ["deleted_at"], postgresql_where=deleted, sqlite_where=deleted)
