"""Prompts that writers add at the desk, and the dates from which prompts come in a season, or no more."""

import sqlalchemy as sa
from alembic import op

from service.db import UtcDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "own_prompts",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("prompt_id", sa.String(64), nullable=False),
        sa.Column("locale", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("theme", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("minutes", sa.SmallInteger, nullable=False),
        sa.Column("depth", sa.SmallInteger, nullable=False),
        sa.Column("lighter", sa.String(64)),
        sa.Column("resurface", sa.Boolean, nullable=False),
        sa.Column("gratitude", sa.Boolean, nullable=False),
        sa.Column("asks_for_step", sa.Boolean, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("added_at", UtcDateTime),
        sa.UniqueConstraint("prompt_id", name=op.f("uq_own_prompts_prompt_id")),
    )
    op.create_table(
        "prompt_changes",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("prompt_id", sa.String(64), nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("first_on", sa.Date),
        sa.Column("last_on", sa.Date),
        sa.Column("is_retired", sa.Boolean, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.UniqueConstraint("prompt_id", "valid_from", name=op.f("uq_prompt_changes_prompt_id_valid_from")),
    )
