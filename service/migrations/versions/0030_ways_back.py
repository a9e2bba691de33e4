"""Drafts of entries, and photos that are removed and may be put back for a day."""

import sqlalchemy as sa
from alembic import op

from service.db import UtcDateTime

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "entry_drafts",
        sa.Column("entry_id", BIG, sa.ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("sealed_words", sa.LargeBinary, nullable=False),
        sa.Column("saved_at", UtcDateTime, nullable=False),
    )
    op.add_column("photos", sa.Column("removed_at", UtcDateTime))
    removed = sa.text("removed_at IS NOT NULL")
    op.create_index("ix_photos_removed_at", "photos", ["removed_at"], postgresql_where=removed, sqlite_where=removed)
