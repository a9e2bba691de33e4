"""Writing: the earlier wording of an entry, descriptions of photos, and drafts."""

import sqlalchemy as sa
from alembic import op

from service.db import UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "earlier_wordings",
        sa.Column("entry_id", BIG, sa.ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("sealed_words", sa.LargeBinary, nullable=False),
        sa.Column("kept_until", UtcDateTime, nullable=False),
    )
    op.create_index("ix_earlier_wordings_kept_until", "earlier_wordings", ["kept_until"])
    op.add_column("photos", sa.Column("sealed_description", sa.LargeBinary))
    op.create_table(
        "drafts",
        sa.Column("subscriber_id", BIG, sa.ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("written_on", sa.Date, primary_key=True),
        sa.Column("sealed_words", sa.LargeBinary, nullable=False),
        sa.Column("saved_at", UtcDateTime, nullable=False),
    )
