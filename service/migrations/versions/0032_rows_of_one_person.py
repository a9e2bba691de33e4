"""Indexes by which the rows of one person are found: to export them, to erase them, and to tell what is kept."""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_replies_subscriber_id_received_at", "replies", ["subscriber_id", "received_at"])
    op.create_index("ix_own_questions_import_id", "own_questions", ["import_id"])
    op.create_index("ix_desk_actions_object_id", "desk_actions", ["object_id"])
