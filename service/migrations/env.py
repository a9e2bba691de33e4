"""Runs the revisions on the engine that `service.db.migrate` passes in."""

from alembic import context

from service import models  # noqa: F401 - its import fills the metadata that revisions are compared with
from service.db import Base

engine = context.config.attributes["engine"]
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
