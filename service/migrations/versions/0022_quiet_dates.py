"""Quiet dates: days of every year on which somebody wants no question and no words brought back."""

import sqlalchemy as sa
from alembic import op

from service.db import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "quiet_dates",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("subscriber_id", BIG, sa.ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False),
        sa.Column("first_day", sa.SmallInteger, nullable=False),
        sa.Column("last_day", sa.SmallInteger, nullable=False),
        sa.Column("sealed_label", sa.LargeBinary),
        sa.Column("created_at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_quiet_dates_subscriber_id", "quiet_dates", ["subscriber_id"])
