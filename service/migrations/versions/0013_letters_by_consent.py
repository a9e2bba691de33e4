"""Record which stream an agreement is about, and who wants what: letters nobody yet, questions everybody."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Every agreement so far was to questions, whatever else the wording of its time left open.
    op.add_column(
        "consents", sa.Column("stream", sa.String(length=16), server_default=sa.text("'questions'"), nullable=False)
    )
    op.add_column("subscribers", sa.Column("wants_questions", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("subscribers", sa.Column("wants_letters", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("subscribers", sa.Column("letters_confirmed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "list_imports",
        sa.Column("id", _id(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("proof_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_imports")),
    )
    op.create_table(
        "brought_people",
        sa.Column("address_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("import_id", _id(), nullable=False),
        sa.Column("brought_as", sa.String(length=8), nullable=False),
        sa.Column("request_id", _id(), nullable=True),
        sa.Column("sealed_form", sa.LargeBinary(), nullable=True),
        sa.Column("ask_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"], ["list_imports.id"], name=op.f("fk_brought_people_import_id_list_imports")
        ),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("pk_brought_people")),
    )
    waiting = sa.text("sealed_form IS NOT NULL")
    op.create_index(
        "ix_brought_people_waiting", "brought_people", ["ask_from"], postgresql_where=waiting, sqlite_where=waiting
    )
    op.create_index("ix_brought_people_import_id", "brought_people", ["import_id"])
    op.create_index("ix_brought_people_asked_at", "brought_people", ["asked_at"])


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")
