"""Move the wrapped data keys from `subscribers` into a table of their own; who is to be erased, and who was."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _move_the_data_keys()
    op.create_table(
        "erasures",
        sa.Column("id", _id(), nullable=False),
        sa.Column("subscriber_id", _id(), nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("asked_at", "due_at")),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=True) for name in ("begun_at", "enqueued_at")),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_erasures_subscriber_id_subscribers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        sa.UniqueConstraint("subscriber_id", name=op.f("uq_erasures_subscriber_id")),
    )
    op.create_index("ix_erasures_due_at", "erasures", ["due_at"])
    op.create_table(
        "tombstones",
        sa.Column("id_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("erased_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_tombstones")),
    )


def _move_the_data_keys() -> None:
    op.create_table(
        "data_keys",
        sa.Column("subscriber_id", _id(), autoincrement=False, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_data_keys_subscriber_id_subscribers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscriber_id", name=op.f("pk_data_keys")),
    )
    op.execute("INSERT INTO data_keys (subscriber_id, wrapped) SELECT id, data_key FROM subscribers")
    if op.get_bind().dialect.name == "postgresql":
        # Dropping a column leaves its values in the table's file; a change of type writes a new file without them.
        op.execute("ALTER TABLE subscribers ALTER COLUMN data_key TYPE bytea USING ''::bytea")
    op.drop_column("subscribers", "data_key")


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")
