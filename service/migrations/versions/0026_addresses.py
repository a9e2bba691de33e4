"""Other addresses of a person that can be read again by that person: sealed, beside the hash that they are found by."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of an alias of before only the hash is known, and nobody can read the address from that.
    op.add_column("aliases", sa.Column("sealed_address", sa.LargeBinary))
