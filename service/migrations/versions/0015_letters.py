"""Add letters, their pictures and what became of their emails; count letters within the hour apart."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LETTERS = "kind = 'letter'"


def upgrade() -> None:
    op.create_table(
        "letters",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("origin", sa.String(length=200), nullable=True),
        sa.Column("canonical_url", sa.Text(), nullable=True),
        sa.Column("format", sa.String(length=8), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("visible", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("is_touched", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("timing", sa.String(length=8), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("frozen", sa.Text(), nullable=True),
        sa.Column("frozen_digest", sa.String(length=32), nullable=True),
        sa.Column("cursor", sa.BigInteger(), nullable=True),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_because", sa.String(length=16), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letters")),
        sa.UniqueConstraint("key", name=op.f("uq_letters_key")),
        sa.UniqueConstraint("slug", name=op.f("uq_letters_slug")),
        sa.UniqueConstraint("source", "origin", name=op.f("uq_letters_source_origin")),
    )
    op.create_index("ix_letters_state_starts_at", "letters", ["state", "starts_at"], unique=False)
    op.create_table(
        "letter_pictures",
        sa.Column("id", ID, nullable=False),
        sa.Column("letter_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.String(length=16), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letters.id"], name=op.f("fk_letter_pictures_letter_id_letters"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_pictures")),
        sa.UniqueConstraint("letter_id", "name", name=op.f("uq_letter_pictures_letter_id_name")),
    )
    op.create_table(
        "letter_tallies",
        sa.Column("letter_id", ID, nullable=False),
        sa.Column("results", sa.Integer(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("addresses", sa.Integer(), nullable=False),
        sa.Column("complaints", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letters.id"], name=op.f("fk_letter_tallies_letter_id_letters"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("letter_id", name=op.f("pk_letter_tallies")),
    )
    op.add_column("deliveries", sa.Column("outcome", sa.String(length=24), nullable=True))
    op.create_index(
        "ix_deliveries_letter",
        "deliveries",
        ["reference"],
        unique=False,
        postgresql_where=sa.text(LETTERS),
        sqlite_where=sa.text(LETTERS),
    )
    op.add_column("sending_hours", sa.Column("letters", sa.Integer(), server_default="0", nullable=False))
