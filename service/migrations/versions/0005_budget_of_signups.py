"""Add an index for the count of everybody's signups within an hour."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_mail_requests_kind_created_at", "mail_requests", ["kind", "created_at"], unique=False)
