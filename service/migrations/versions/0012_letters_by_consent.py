"""Record which stream an agreement is about, and who wants what: letters nobody yet, questions everybody."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
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
