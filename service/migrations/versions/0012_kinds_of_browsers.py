"""Keep the kind of each signed-in browser, so that its owner knows which one it is."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("browser_sessions", sa.Column("kind", sa.String(length=40), server_default="", nullable=False))
