"""Note which claimed deliveries have not been handed over to the provider yet."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("is_withheld", sa.Boolean(), server_default=sa.false(), nullable=False))
