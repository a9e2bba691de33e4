"""Aliases are proved from now on; those of before were taken on a subscriber's word alone, and go.

None of them can be shown to be its subscriber's. Whoever writes from such an address is asked once more, "Was this
you?", and loses nothing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(sa.text("DELETE FROM aliases"))
