"""Find the mail that an entry came in, without reading every mail."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_replies_entry_id", "replies", ["entry_id"])
