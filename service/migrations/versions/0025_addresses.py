"""Other addresses of a person that they can read again, and changes of their own address."""

import sqlalchemy as sa
from alembic import op

from service.db import UtcDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    # Of an alias of before only the hash is known, and nobody can read the address from that.
    op.add_column("aliases", sa.Column("sealed_address", sa.LargeBinary))
    op.create_table(
        "address_changes",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("subscriber_id", BIG, sa.ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False),
        sa.Column("former_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("sealed_former", sa.LargeBinary),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.Column("back_until", UtcDateTime, nullable=False),
    )
    op.create_index("ix_address_changes_subscriber_id", "address_changes", ["subscriber_id"])
    op.create_index("ix_address_changes_former_hash", "address_changes", ["former_hash"])
