"""Imported journals: each import, which entries it brought, and what it left out."""

import sqlalchemy as sa
from alembic import op

from service.db import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WAITING = sa.text("state IN ('uploaded', 'importing', 'undoing')")


def upgrade() -> None:
    op.create_table(
        "journal_imports",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("subscriber_id", BIG, sa.ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("stored_as", sa.String(80)),
        sa.Column("sealed_title", sa.LargeBinary, nullable=False),
        sa.Column("sealed_preview", sa.LargeBinary),
        sa.Column("wants_digests", sa.Boolean, nullable=False),
        sa.Column("wants_changed", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("position", "found", "brought", "already_here")),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("left_out", "photos")),
        *(sa.Column(name, sa.SmallInteger, nullable=False) for name in ("attempts", "failures")),
        *(sa.Column(name, UtcDateTime) for name in ("lease_until", "enqueued_at")),
        sa.Column("created_at", UtcDateTime, nullable=False),
        *(sa.Column(name, UtcDateTime) for name in ("started_at", "finished_at", "kept_until")),
    )
    op.create_index("ix_journal_imports_subscriber_id_created_at", "journal_imports", ["subscriber_id", "created_at"])
    op.create_index(
        "ix_journal_imports_waiting",
        "journal_imports",
        ["created_at"],
        postgresql_where=WAITING,
        sqlite_where=WAITING,
    )
    op.create_index("ix_journal_imports_kept_until", "journal_imports", ["kept_until"])
    op.create_table(
        "imported_entries",
        sa.Column("entry_id", BIG, sa.ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("import_id", BIG, sa.ForeignKey("journal_imports.id", ondelete="CASCADE"), nullable=False),
        sa.Column("subscriber_id", BIG, sa.ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False),
        sa.Column("source_mac", sa.LargeBinary(32)),
    )
    op.create_index("ix_imported_entries_import_id", "imported_entries", ["import_id"])
    op.create_index("ix_imported_entries_subscriber_id", "imported_entries", ["subscriber_id"])
    op.create_table(
        "import_leftovers",
        sa.Column("import_id", BIG, sa.ForeignKey("journal_imports.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("sealed_item", sa.LargeBinary, nullable=False),
    )
