"""Count full mailboxes, and what became of emails by recipient domain; keep the limits within which emails are sent."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "full_mailboxes",
        sa.Column("subscriber_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("refusals", sa.SmallInteger(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_full_mailboxes_subscriber_id_subscribers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscriber_id", name=op.f("pk_full_mailboxes")),
    )
    op.create_table(
        "domain_hours",
        sa.Column("domain_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("results", sa.Integer(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("complaints", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("domain_hash", "hour", name=op.f("pk_domain_hours")),
    )
    op.create_index("ix_domain_hours_hour", "domain_hours", ["hour"], unique=False)
    op.create_table(
        "domain_pauses",
        sa.Column("domain_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed_domain", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("probe_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("results", sa.Integer(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("complaints", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("domain_hash", name=op.f("pk_domain_pauses")),
    )
    op.create_table(
        "provider_limits",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_provider_limits")),
    )
    op.create_table(
        "sending_hours",
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("emails", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hour", name=op.f("pk_sending_hours")),
    )
    op.create_table(
        "suppression_cursors",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("sealed_after", sa.LargeBinary(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_suppression_cursors")),
    )
    op.add_column("suppressions", sa.Column("push_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_suppressions_push_at",
        "suppressions",
        ["push_at"],
        unique=False,
        postgresql_where=sa.text("push_at IS NOT NULL"),
        sqlite_where=sa.text("push_at IS NOT NULL"),
    )
