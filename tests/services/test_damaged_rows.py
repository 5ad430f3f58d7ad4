"""Whatever somebody puts into a row or into a record, the check of an installation ends and names it."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.canonical import sha256_hex
from examsite.domain.errors import DomainError
from examsite.services.context import LogSigner
from examsite.services.guarded_checks import found_by
from examsite.services.installation_checks import check_installation
from examsite.services.verification import verify_log
from examsite.storage.models.records import RecordLog, RecordRow
from examsite.storage.queries.records import list_logs
from tests.factories.ranking import Stage, known_signer, make_stage
from tests.scenes import Keep
from tests.services.test_bundles import published

#: Values that stopped a check once, and places that are like them.
DAMAGE = (
    ("gate_passages", "record_seq", "'x'"),
    ("record_logs", "last_at", "'x'"),
    ("record_logs", "last_at", "x'ff'"),
    ("record_logs", "size", "'x'"),
    ("record_logs", "tree", "x'ff'"),
    ("result_versions", "document", "x'ff'"),
    ("checkpoints", "size", "'x'"),
    ("checkpoints", "note", "x'ff'"),
    ("checkpoints", "signed_at", "'x'"),
    ("records", "seq", "'x'"),
    ("records", "payload", "x'ff'"),
    ("records", "salt", "x'ff'"),
    ("answer_versions", "content", "x'ff'"),
    ("marks", "round", "'x'"),
    ("incidents", "void", "-1"),
    ("checkpoints", "root", "'x'"),
    ("sittings", "started_at", "replace(started_at, ' ', 'T')"),
)


@pytest.fixture
def signer(tmp_path: Path) -> LogSigner:
    return known_signer(Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True))


@pytest.fixture
def stage(session: Session, now: datetime, tmp_path: Path, keep: Keep, signer: LogSigner) -> Stage:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    return keep(
        "published",
        lambda: published(make_stage(session, now, settings=settings, signer=signer, appeals={1: ("55.00", "55.00")})),
        session,
        tmp_path,
        settings=settings,
        signer=signer,
    )


def found_in(stage: Stage, signer: LogSigner) -> set[tuple[str, object]]:
    """Table and row of everything that is wrong; of a record its number stands for its row."""
    found: set[tuple[str, object]] = set()
    for log in list_logs(stage.session):
        for problem in verify_log(stage.session, log, signer).problems:
            found.add((str(problem.params.get("table", log.code)), problem.params.get("row", problem.seq)))
    return found | {(one.table, one.row) for one in check_installation(stage.session)}


def test_value_of_a_strange_kind_is_named_and_stops_nothing(stage: Stage, signer: LogSigner) -> None:
    session = stage.session
    if session.get_bind().dialect.name != "sqlite":
        pytest.skip("PostgreSQL refuses such values by itself")
    connection, before = session.connection(), found_in(stage, signer)
    for table, column, value in DAMAGE:
        point = session.begin_nested()
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        key = session.scalar(text(f"SELECT max(id) FROM {table}"))
        connection.exec_driver_sql(f"UPDATE {table} SET {column} = {value} WHERE id = {key}")
        session.expire_all()
        found = found_in(stage, signer) - before
        point.rollback()
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = OFF")
        session.expire_all()
        assert found, (table, column, value)
        if table != "records":
            assert (table, key) in found or table == "record_logs", (table, column, value, found)


def test_record_without_its_members_is_named_and_stops_nothing(stage: Stage, signer: LogSigner) -> None:
    session = stage.session
    contents = cycle(["{}", "[]", "null", '{"map":1}'])
    first = select(func.min(RecordRow.id)).where(RecordRow.payload.is_not(None)).group_by(RecordRow.event)
    unreadable = set()
    for row in session.scalars(select(RecordRow).where(RecordRow.id.in_(first))).all():
        key, seq, event = row.id, row.seq, row.event
        point = session.begin_nested()
        session.execute(update(RecordRow).where(RecordRow.id == key).values(payload=next(contents)))
        session.expire_all()
        found = {(one.seq, one.code) for log in list_logs(session) for one in verify_log(session, log, signer).problems}
        told = {(one.row, one.code) for one in check_installation(session) if one.table == "records"}
        point.rollback()
        assert (seq, "payload_not_committed") in found, event
        assert told <= {(key, "row_unreadable"), (key, "erased_unrecorded")}, event
        unreadable |= told
        session.expire_all()
    assert unreadable, "no check met anything strange: this test tells nothing"


def test_log_without_its_competition_hides_nothing(stage: Stage) -> None:
    session = stage.session
    log = session.query(RecordLog).filter_by(code=stage.competition.code).one()
    key, mark = log.id, session.scalar(text("SELECT max(id) FROM settlements"))
    before = check_installation(session)
    session.execute(update(RecordLog).where(RecordLog.id == key).values(competition_id=None))
    session.execute(text(f"DELETE FROM settlements WHERE id = {mark}"))
    session.expire_all()
    found = {(one.table, one.row, one.code) for one in check_installation(session) if one not in before}
    assert found >= {("record_logs", key, "value_differs"), ("settlements", None, "row_missing")}


def test_crash_that_nobody_foresaw_is_said(stage: Stage) -> None:
    def check() -> Any:
        return json.loads(sha256_hex(b""))["members"]

    (found,) = found_by(stage.session, check)
    assert (found.code, "JSONDecodeError" in found.column) == ("check_failed", True)
    with pytest.raises(DomainError):
        found_by(stage.session, _refusing)


def _refusing() -> Any:
    raise DomainError("refused")
