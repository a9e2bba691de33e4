"""Letters that go although a check of the doctor fails, and the names of those checks in the log of the desk."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("letters", sa.Column("goes_anyway", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("desk_actions", sa.Column("failed_checks", sa.String(400)))
