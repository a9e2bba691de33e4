"""Passkeys, and the challenges that were answered with one."""

import sqlalchemy as sa
from alembic import op

from service.db import UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("subscriber_id", BIG, sa.ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False),
        sa.Column("credential_hash", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("sealed_credential_id", sa.LargeBinary, nullable=False),
        sa.Column("sealed_public_key", sa.LargeBinary, nullable=False),
        sa.Column("sealed_name", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("last_used_on", sa.Date),
    )
    op.create_index("ix_passkeys_subscriber_id", "passkeys", ["subscriber_id"])
    op.create_table(
        "answered_challenges",
        sa.Column("challenge_hash", sa.LargeBinary(32), primary_key=True),
        sa.Column("answered_at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_answered_challenges_answered_at", "answered_challenges", ["answered_at"])
