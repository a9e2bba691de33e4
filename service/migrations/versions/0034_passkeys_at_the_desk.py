"""Passkeys of the writers, as their second factor at the desk."""

import sqlalchemy as sa
from alembic import op

from service.db import UtcDateTime

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "desk_passkeys",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("writer_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("credential_hash", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("sealed_credential_id", sa.LargeBinary, nullable=False),
        sa.Column("sealed_public_key", sa.LargeBinary, nullable=False),
        sa.Column("sealed_name", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("last_used_on", sa.Date),
    )
    op.create_index("ix_desk_passkeys_writer_hash", "desk_passkeys", ["writer_hash"])
