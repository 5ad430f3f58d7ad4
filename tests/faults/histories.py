"""Histories of time made up by chance, played by the product and by a plain model: no difference at any step."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests import databases
from tests.faults.history import DiffersError, History, make_stage
from tests.faults.outcome import Outcome


@dataclass(frozen=True)
class Size:
    """How many histories on each database."""

    sqlite: int = 10_000
    postgresql: int = 500
    seed: int = 1


SHORT = Size(sqlite=15, postgresql=0)


def play_histories(session: Session, folder: Path, seeds: range, now: datetime) -> Counter[str]:
    """Play them one after the other; raises at the first difference, naming its seed."""
    seen: Counter[str] = Counter()
    stage = make_stage(session, folder, now)
    for seed in seeds:
        undo = session.begin_nested()
        try:
            History(stage, seed, seen).play()
        except (DiffersError, AssertionError) as difference:
            raise DiffersError(f"history {seed}: {difference}") from difference
        finally:
            undo.rollback()
            session.expire_all()
    return seen


def run(size: Size = Size()) -> Outcome:
    """All of them on SQLite, some of them on PostgreSQL."""
    outcome = Outcome("histories of time against a plain model")
    total: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="examsite-histories-") as name:
        folder = Path(name)
        began = time.monotonic()
        with databases.sqlite_server(folder) as url, databases.migrated_engine(url) as engine:
            total += _play_on(engine, folder, size.sqlite, size.seed, outcome)
        if size.postgresql:
            with databases.postgresql_server() as url, databases.migrated_engine(url) as engine:
                total += _play_on(engine, folder, size.postgresql, size.seed + size.sqlite, outcome)
        outcome.tell("histories", size.sqlite + size.postgresql)
        for what in sorted(total):
            outcome.tell(what, total[what])
        outcome.tell("a second", (size.sqlite + size.postgresql) / (time.monotonic() - began))
    return outcome


def _play_on(engine: Engine, folder: Path, count: int, seed: int, outcome: Outcome) -> Counter[str]:
    seen: Counter[str] = Counter()
    done = 0
    while done < count:
        some = min(200, count - done)
        with databases.rolled_back_session(engine) as session:
            try:
                now = datetime.fromisoformat("2026-03-16T02:00:00+00:00")
                seen += play_histories(session, folder, range(seed + done, seed + done + some), now)
            except DiffersError as difference:
                outcome.expect(None, str(difference))
        done += some
    return seen
