"""Alembic environment: always runs on the connection that `examsite.storage.database.upgrade` hands over."""

from __future__ import annotations

from alembic import context

from examsite.storage import models
from examsite.storage.database import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()

__all__ = ["models"]
