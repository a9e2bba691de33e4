"""Books: the period that an export is about."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("first_on", "last_on"):
        op.add_column("journal_exports", sa.Column(name, sa.Date))
