"""Several writers and busy checkpointers on one SQLite file, under the connections of the product.

SQLite 3.7.0 to 3.51.2 can lose acknowledged commits when a write and a checkpoint of two connections overlap. The one
that the product brings must not; and with an old one the server must not start.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, text

from examsite.storage.database import make_engine
from tests.bench.installation import ROOT
from tests.faults.outcome import Outcome

OUTDATED = Path(__file__).with_name("outdated")
#: Longest that a server takes to start or to refuse. Unit: seconds.
START_PATIENCE_SECONDS = 120
#: Ways to checkpoint, from the gentlest to the one that empties the log.
CHECKPOINTS = ("PASSIVE", "FULL", "RESTART", "TRUNCATE")


@dataclass(frozen=True)
class Size:
    """How many at once, and for how long."""

    writers: int = 3
    checkpointers: int = 2
    seconds: float = 600.0


SHORT = Size(seconds=3.0)


def run(size: Size = Size()) -> Outcome:
    """Write and checkpoint, then count."""
    outcome = Outcome("writers and checkpointers at once")
    with tempfile.TemporaryDirectory(prefix="examsite-wal-") as folder:
        url = f"sqlite:///{folder}/stress.db"
        engine = make_engine(url)
        with engine.connect().execution_options(writes=True) as connection, connection.begin():
            connection.execute(text("CREATE TABLE kept (writer INTEGER, number INTEGER, content TEXT)"))
        version = _value(engine, "SELECT sqlite_version()")
        engine.dispose()
        fresh = multiprocessing.get_context("spawn")
        with fresh.Pool(size.writers + size.checkpointers) as pool:
            writing = [pool.apply_async(_write, (url, number, size.seconds)) for number in range(size.writers)]
            checking = [pool.apply_async(_checkpoint, (url, size.seconds)) for _number in range(size.checkpointers)]
            acknowledged = [result.get() for result in writing]
            checkpoints = sum(result.get() for result in checking)
        kept = [_value(engine, f"SELECT count(*) FROM kept WHERE writer = {number}") for number in range(size.writers)]
        said = _value(engine, "PRAGMA integrity_check")
        engine.dispose()
    lost = sum(acknowledged) - sum(kept)
    outcome.tell("SQLite", version)
    outcome.tell("for s", size.seconds)
    outcome.tell("commits acknowledged", sum(acknowledged))
    outcome.tell("checkpoints", checkpoints)
    outcome.tell("lost", lost)
    outcome.tell("integrity_check", said)
    outcome.expect(kept == acknowledged, f"{lost} acknowledged commits are lost")
    outcome.expect(said == "ok", f"integrity_check says {said}")
    status = _start_on_an_old_one()
    outcome.tell("server with SQLite 3.40.1 ends with", status)
    outcome.expect(status not in {0, None}, "the server starts on a SQLite that can lose commits")
    return outcome


def _value(engine: Engine, statement: str) -> object:
    with engine.connect() as connection:
        return connection.execute(text(statement)).scalar()


def _write(url: str, writer: int, seconds: float) -> int:
    engine = make_engine(url)
    ends = time.monotonic() + seconds
    number = 0
    insert = text("INSERT INTO kept VALUES (:writer, :number, :content)")
    while time.monotonic() < ends:
        with engine.connect().execution_options(writes=True) as connection, connection.begin():
            for _row in range(3):
                connection.execute(insert, {"writer": writer, "number": number, "content": "x" * (number % 3000)})
                number += 1
    engine.dispose()
    return number


def _checkpoint(url: str, seconds: float) -> int:
    engine = make_engine(url)
    ends = time.monotonic() + seconds
    done = 0
    while time.monotonic() < ends:
        raw = engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA busy_timeout = 20")
            raw.cursor().execute(f"PRAGMA wal_checkpoint({CHECKPOINTS[done % len(CHECKPOINTS)]})").fetchall()
        finally:
            raw.close()
        done += 1
        time.sleep(0.001)
    engine.dispose()
    return done


def _start_on_an_old_one() -> int | None:
    """How the server ends when its driver is a SQLite with the race; None: it runs."""
    with tempfile.TemporaryDirectory(prefix="examsite-old-") as folder:
        environment = {**os.environ, "EXAMSITE_INSTANCE": folder, "PYTHONPATH": str(OUTDATED)}
        environment["EXAMSITE_BIND"] = "127.0.0.1:0"
        command = [sys.executable, "-m", "examsite", "serve"]
        server = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            return server.wait(timeout=START_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            return None
        finally:
            server.kill()
            server.wait()
