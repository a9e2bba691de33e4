"""Give each entry a sealed list of tags; one without a list is older, and its tags are those in its words."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entries", sa.Column("sealed_tags", sa.LargeBinary(), nullable=True))
