"""What the models have and the tables of the newest version have not, as the next migration: to be read before use.

`python -m examsite.storage.new_migration "What changes"` writes the file; a test tells when that was forgotten.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command

from examsite.storage import models
from examsite.storage.database import MIGRATIONS, alembic_config, make_engine, upgrade


def write_migration(title: str) -> None:
    """Write the next file of `migrations/versions/`, compared with an empty database of our own."""
    number = len(list((MIGRATIONS / "versions").glob("[0-9]*.py"))) + 1
    with TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'empty.db'}")
        upgrade(engine)
        config = alembic_config()
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.revision(config, message=title, autogenerate=True, rev_id=f"{number:04d}")
        engine.dispose()


__all__ = ["models", "write_migration"]

if __name__ == "__main__":
    write_migration(" ".join(sys.argv[1:]) or "changes")
