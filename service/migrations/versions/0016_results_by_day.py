"""Keep what became of emails by day, for the rate of complaints within 30 days."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "result_days",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("results", sa.Integer(), nullable=False),
        sa.Column("complaints", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_result_days")),
    )
