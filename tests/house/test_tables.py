"""The tables that migrations make are the tables that the models describe, on both databases."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Engine, inspect

from examsite.storage import models  # noqa: F401 - its import makes the tables known
from examsite.storage.database import Base


def test_migrations_and_models_do_not_drift(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        differences = compare_metadata(context, Base.metadata)

    assert differences == []


def test_migrations_make_every_check_of_the_models(engine: Engine) -> None:
    """Alembic does not compare checks, so that a state added to an enum only would pass unseen."""
    described = {
        (table.name, str(check.name))
        for table in Base.metadata.tables.values()
        for check in table.constraints
        if isinstance(check, CheckConstraint)
    }
    inspector = inspect(engine)
    made = {
        (table, check["name"]) for table in Base.metadata.tables for check in inspector.get_check_constraints(table)
    }

    assert described - made == set()
