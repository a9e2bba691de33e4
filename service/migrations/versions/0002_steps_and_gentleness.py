"""Steps, and what writing less often and the digest's choices need."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "steps",
        sa.Column("id", number, nullable=False),
        sa.Column("subscriber_id", number, nullable=False),
        sa.Column("entry_id", number, nullable=True),
        sa.Column("prompt_id", sa.String(length=64), nullable=True),
        sa.Column("sealed_words", sa.LargeBinary(), nullable=False),
        sa.Column("chosen_on", sa.Date(), nullable=False),
        sa.Column("follow_up_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_steps_subscriber_id_subscribers"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name=op.f("fk_steps_entry_id_entries"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_steps")),
    )
    op.create_index("ix_steps_subscriber_id_chosen_on", "steps", ["subscriber_id", "chosen_on"], unique=False)
    op.create_index("ix_steps_entry_id", "steps", ["entry_id"], unique=False)

    op.add_column(
        "subscribers", sa.Column("unanswered", sa.SmallInteger(), nullable=False, server_default=sa.text("0"))
    )
    op.add_column("subscribers", sa.Column("eased", sa.String(length=8), nullable=True))
    op.add_column(
        "subscribers", sa.Column("wants_look_backs", sa.Boolean(), nullable=False, server_default=sa.text("true"))
    )
    op.add_column(
        "subscribers", sa.Column("wants_thread", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )
