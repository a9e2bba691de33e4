"""Posts of feeds that go by themselves: the mode of a feed, why it rests, and when a post goes."""

import sqlalchemy as sa
from alembic import op

from service.db import UtcDateTime

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feeds", sa.Column("mode", sa.String(8), nullable=False, server_default="draft"))
    op.add_column("feeds", sa.Column("paused_because", sa.String(16)))
    op.add_column("seen_posts", sa.Column("goes_at", UtcDateTime))
    op.add_column("seen_posts", sa.Column("changes", sa.SmallInteger, nullable=False, server_default="0"))
    op.create_index("ix_seen_posts_goes_at", "seen_posts", ["goes_at"])
