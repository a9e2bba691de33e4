"""The last run of the doctor, and its test mails."""

import sqlalchemy as sa
from alembic import op

from service.db import UtcDateTime

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "doctor_runs",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("failures", sa.Text, nullable=False),
    )
    op.create_table(
        "round_trips",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("sent_at", UtcDateTime, nullable=False),
        sa.Column("event_at", UtcDateTime),
        sa.Column("arrived_at", UtcDateTime),
    )
    op.create_index("ix_round_trips_sent_at", "round_trips", ["sent_at"])
