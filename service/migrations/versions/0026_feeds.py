"""Feeds of blogs, the posts that were seen in them, and the keys by which a post is known again."""

import sqlalchemy as sa
from alembic import op

from service.db import UtcDateTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "feeds",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("added_at", UtcDateTime, nullable=False),
        sa.Column("looked_at", UtcDateTime),
        sa.Column("next_look_at", UtcDateTime, nullable=False),
        sa.Column("enqueued_at", UtcDateTime),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("etag", sa.Text),
        sa.Column("last_modified", sa.Text),
        sa.Column("whole_at", UtcDateTime),
        sa.Column("problem", sa.String(16)),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failing_since", UtcDateTime),
        sa.Column("told_at", UtcDateTime),
        sa.Column("moved_to", sa.Text),
        sa.Column("moves", sa.Integer, nullable=False),
    )
    op.create_index("ix_feeds_state_next_look_at", "feeds", ["state", "next_look_at"])
    op.create_table(
        "seen_posts",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("feed_id", BIG, sa.ForeignKey("feeds.id"), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("link", sa.Text, nullable=False),
        sa.Column("start_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("published_at", UtcDateTime),
        sa.Column("found_at", UtcDateTime, nullable=False),
        sa.Column("waits_until", UtcDateTime),
        sa.Column("note", sa.String(12)),
        sa.Column("letter_id", BIG, sa.ForeignKey("letters.id")),
        sa.Column("has_pictures", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_index("ix_seen_posts_feed_id_found_at", "seen_posts", ["feed_id", "found_at"])
    op.create_index("ix_seen_posts_start_hash", "seen_posts", ["start_hash"])
    op.create_index("ix_seen_posts_letter_id", "seen_posts", ["letter_id"])
    op.create_table(
        "seen_post_keys",
        sa.Column("key", sa.LargeBinary(32), primary_key=True),
        sa.Column("post_id", BIG, sa.ForeignKey("seen_posts.id"), nullable=False),
    )
    op.create_index("ix_seen_post_keys_post_id", "seen_post_keys", ["post_id"])
