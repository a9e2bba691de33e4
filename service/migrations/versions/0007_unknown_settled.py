"""Note when a delivery was handed over and asked about, and which installation a database is."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("called_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("deliveries", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("deliveries", sa.Column("repeats", sa.SmallInteger(), server_default="0", nullable=False))
    op.create_table(
        "installations",
        sa.Column("name", sa.String(length=8), nullable=False),
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("compared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_because", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_installations")),
    )
