"""Runs the migrations on the connection that `services.store.upgrade` hands over."""

from alembic import context
from sqlmodel import SQLModel

from models.tables import all_models

all_models()
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    # The caller's transaction holds the whole upgrade, so that a failed one is taken back as a whole.
    transactional_ddl=False,
)
context.run_migrations()
