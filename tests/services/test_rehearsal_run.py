"""A whole rehearsal by its command: real server, real connections, a database of its own that is gone afterwards."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from examsite.config import Settings, load_settings, process_environment, with_changes
from examsite.services.certificates import make_certificates
from examsite.services.rehearsals import ROOT
from examsite.storage.database import open_engine, reading, upgrade, writing
from examsite.storage.models.accounts import Account
from examsite.storage.models.rooms import Rehearsal
from tests.factories.sittings import make_room

CODE = "VH-2026-01"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """An installation with a competition, on a database that a process of its own may write."""
    plain = load_settings(tmp_path / "instance", environ={})
    chosen = with_changes(plain, password_hash_memory_kib=64, password_hash_time_cost=1, closer_period_seconds=1)
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgresql_url")
        server = url.replace("+psycopg", "")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE rehearsed")
        chosen = with_changes(chosen, database_url=url.replace("/examsite_tests", "/rehearsed"))
    engine = open_engine(chosen)
    upgrade(engine)
    with writing(engine) as session:
        make_room(session, datetime.now(UTC), settings=chosen, code=CODE)
    engine.dispose()
    yield chosen
    if request.param == "postgresql":
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("DROP DATABASE rehearsed WITH (FORCE)")


def rehearse(settings: Settings, *, candidates: int = 3) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "examsite", "rehearse", CODE, "--candidates", str(candidates), "--seconds", "4"]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=process_environment(settings),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def last(session: Session) -> Rehearsal:
    return session.scalars(select(Rehearsal).order_by(Rehearsal.id.desc())).first() or Rehearsal()


def test_a_rehearsal_measures_compares_marks_and_leaves_only_its_certificate(settings: Settings) -> None:
    if settings.is_sqlite:  # once over HTTPS, once without
        make_certificates(settings, hosts=["127.0.0.1"], now=datetime.now(UTC))
    done = rehearse(settings)
    assert done.returncode == 0, done.stdout + done.stderr
    engine = open_engine(settings)
    with reading(engine) as session:
        row = last(session)
        assert (row.passed, row.head_count, row.figures["source"], row.figures["faults"]) == (True, 3, "rehearsal", [])
        assert [row.figures[f"{name}_count"] for name in ("log_in", "start", "hand_in")] == [3, 3, 3]
        assert row.figures["save_count"] >= 3
        assert row.figures["acknowledged"] == row.figures["save_count"]
        assert row.figures["lost"] == 0
        # Nobody of the rehearsal is in the real installation: its own three officials and three candidates.
        assert session.scalar(select(func.count(Account.id))) == 6
        if not settings.is_sqlite:
            left = session.scalars(text("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'rehearsal%'"))
            assert left.all() == []
    engine.dispose()
    assert list((settings.instance_path / "rehearsal").iterdir()) == []


def test_a_rehearsal_that_cannot_be_carried_out_gives_no_certificate_and_says_why(
    settings: Settings, request: pytest.FixtureRequest
) -> None:
    if not settings.is_sqlite:
        pytest.skip("the database plays no part in this")
    make_certificates(settings, hosts=["127.0.0.1"], now=datetime.now(UTC))
    (settings.tls_path / "server.key").write_text("no key")
    done = rehearse(settings)
    assert done.returncode == 1
    with reading(open_engine(settings)) as session:
        row = last(session)
        assert row.finished_at is not None
        assert not row.passed
        assert row.figures["faults"][0].startswith("RehearsalError: ")
    assert list((settings.instance_path / "rehearsal").iterdir()) == []
