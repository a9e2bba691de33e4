"""Move the wrapped data keys from `subscribers` into a table of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
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
