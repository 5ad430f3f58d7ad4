"""An installation whose tables are those of another version is not started on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from examsite.storage.database import UnsafeDatabaseError, check_tables, make_engine, upgrade


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ("ALTER TABLE attempts DROP COLUMN row_seal", "attempts.row_seal"),
        ("DROP TABLE witnesses", "witnesses.id"),
    ],
)
def test_tables_that_lack_something_are_refused_by_name(tmp_path: Path, change: str, missing: str) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'examsite.db'}")
    upgrade(engine)
    check_tables(engine)
    with engine.begin() as connection:
        connection.execute(text("PRAGMA foreign_keys = OFF"))
        connection.execute(text(change))
    with pytest.raises(UnsafeDatabaseError, match=missing):
        upgrade(engine)
    engine.dispose()

    environment = {**os.environ, "EXAMSITE_INSTANCE": str(tmp_path)}
    tmp_path.chmod(0o700)
    started = subprocess.run(
        [sys.executable, "-m", "examsite", "serve"], env=environment, capture_output=True, text=True, check=False
    )
    assert started.returncode == 2, started.stderr
    assert missing in started.stderr
    assert "Traceback" not in started.stderr
