"""The record log: serial numbers, one transaction with the act, checkpoints, and every change of a row is found."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, select, text
from sqlalchemy.orm import Session

from examsite.config import Settings, load_settings
from examsite.domain.errors import InvalidError
from examsite.domain.events import Event
from examsite.services.checkpoints import load_signer, sign_checkpoint
from examsite.services.context import LogSigner, ServiceContext
from examsite.services.records import record
from examsite.services.verification import verify_log
from examsite.storage.models.competitions import GatePassage
from examsite.storage.models.records import CheckpointRow, RecordLog, RecordRow
from examsite.storage.queries.records import (
    find_last_checkpoint,
    get_log,
    list_codes_without_log,
    list_last_records,
    list_records,
)
from tests.factories.competitions import make_receiving


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "instance", environ={})


@pytest.fixture
def signer(settings: Settings) -> LogSigner:
    return load_signer(settings)


@pytest.fixture
def ctx(session: Session, now: datetime, settings: Settings, signer: LogSigner) -> ServiceContext:
    return ServiceContext(session=session, now=now, settings=settings, signer=signer)


def _append(ctx: ServiceContext, count: int) -> None:
    for number in range(count):
        record(ctx, None, Event.ACCOUNT_CREATED, f"account/{number}", {"login": f"người {number}"})


def test_records_are_numbered_without_a_gap_and_verify(ctx: ServiceContext, signer: LogSigner) -> None:
    _append(ctx, 5)
    log = get_log(ctx.session, "system")
    assert [row.seq for row in list_records(ctx.session, log.id)] == [0, 1, 2, 3, 4]
    assert verify_log(ctx.session, log, signer).problems == ()
    assert [row.seq for row in list_last_records(ctx.session, "system", limit=2)] == [4, 3]


def test_time_of_records_never_decreases(session: Session, now: datetime, settings: Settings) -> None:
    for instant in (now, now - timedelta(hours=1)):
        ctx = ServiceContext(session=session, now=instant, settings=settings)
        record(ctx, None, Event.ACCOUNT_CREATED, "account/1", {"login": "a"})
    stamps = [row.at for row in list_records(session, get_log(session, "system").id)]
    assert stamps == ["2026-03-16T02:00:00.000Z", "2026-03-16T02:00:00.000Z"]


def test_checkpoint_is_signed_once_per_size_and_verifies(ctx: ServiceContext, signer: LogSigner) -> None:
    _append(ctx, 3)
    first = sign_checkpoint(ctx, "system")
    assert first is sign_checkpoint(ctx, "system")
    _append(ctx, 1)
    second = sign_checkpoint(ctx, "system")
    assert first is not None
    assert second is not None
    assert (first.size, second.size) == (3, 4)
    assert find_last_checkpoint(ctx.session, "system") is second
    report = verify_log(ctx.session, get_log(ctx.session, "system"), signer)
    assert (report.checkpoints, report.problems) == (2, ())
    assert report.root == second.root


def test_nothing_is_signed_without_a_signer_or_a_log(session: Session, now: datetime) -> None:
    assert sign_checkpoint(ServiceContext(session=session, now=now), "system") is None


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "2026-03-16T02:00:00.001Z"),
        ("event", "account:disabled"),
        ("actor", "administrator/Q09"),
        ("subject", "account/77"),
        ("commit", "0" * 64),
        ("leaf", "0" * 64),
        ("payload", '{"login":"kẻ khác"}'),
        ("payload", "{broken"),
        ("payload", "[" * 100_000),
        ("salt", "0" * 64),
        ("salt", "no hex"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_any_change_of_a_row_is_found(ctx: ServiceContext, signer: LogSigner, column: str, value: str) -> None:
    _append(ctx, 4)
    sign_checkpoint(ctx, "system")
    row = ctx.session.scalars(select(RecordRow).where(RecordRow.seq == 2)).one()
    setattr(row, column, value)
    ctx.session.flush()
    problems = verify_log(ctx.session, get_log(ctx.session, "system"), signer).problems
    assert 2 in {problem.seq for problem in problems}


def test_cut_tail_and_forged_checkpoint_are_found(ctx: ServiceContext, signer: LogSigner) -> None:
    _append(ctx, 4)
    sign_checkpoint(ctx, "system")
    log = get_log(ctx.session, "system")
    ctx.session.execute(text("DELETE FROM records WHERE seq = 3"))
    ctx.session.expire_all()
    codes = {problem.code for problem in verify_log(ctx.session, log, signer).problems}
    assert {"size_differs", "root_differs", "checkpoint_beyond_log"} <= codes
    checkpoint = ctx.session.scalars(select(CheckpointRow)).one()
    checkpoint.note = checkpoint.note.replace("system\n4\n", "system\n3\n")
    codes = {problem.code for problem in verify_log(ctx.session, log, signer).problems}
    assert "checkpoint_not_signed" in codes


def test_rolled_back_act_leaves_no_record(engine: Engine, now: datetime) -> None:
    with Session(engine) as session:
        record(ServiceContext(session=session, now=now), None, Event.ACCOUNT_CREATED, "account/1", {"login": "a"})
        session.rollback()
    with Session(engine) as session:
        assert session.scalars(select(RecordLog)).all() == []


def test_content_that_every_bundle_opens_cannot_vanish(ctx: ServiceContext, signer: LogSigner) -> None:
    mark = {"part": "written", "round": 1, "content": None, "points": {"E1": "70.00"}, "total": "70.00"}
    record(ctx, None, Event.MARK_LOCKED, "script/0421", mark, actor="marker/M01")
    _append(ctx, 1)
    for row in ctx.session.scalars(select(RecordRow)):
        row.payload = row.salt = None
    ctx.session.flush()
    problems = verify_log(ctx.session, get_log(ctx.session, "system"), signer).problems
    assert [(problem.seq, problem.code) for problem in problems] == [(0, "opening_missing")]


def test_content_that_strangers_will_read_has_the_members_of_the_format(ctx: ServiceContext) -> None:
    mark = {"part": "written", "round": 1, "content": None, "points": {}, "total": "0.00"}
    for wrong in ({**mark, "note": "-"}, {name: mark[name] for name in mark if name != "content"}):
        with pytest.raises(InvalidError, match="payload_not_valid"):
            record(ctx, None, Event.MARK_LOCKED, "script/0421", wrong, actor="marker/M01")


def test_lost_checkpoints_and_lost_logs_are_found(session: Session, now: datetime, signer: LogSigner) -> None:
    competition = make_receiving(session, now).competition
    log = get_log(session, competition.code)
    last = max(session.scalars(select(GatePassage.record_seq)))
    assert [problem.code for problem in verify_log(session, log, signer).problems] == ["checkpoint_missing"]
    sign_checkpoint(ServiceContext(session=session, now=now, signer=signer), competition.code)
    assert verify_log(session, log, signer).problems == ()
    session.execute(delete(CheckpointRow))
    assert [(item.seq, item.code) for item in verify_log(session, log, signer).problems] == [
        (last, "checkpoint_missing")
    ]
    assert list_codes_without_log(session) == []
    session.execute(delete(RecordRow).where(RecordRow.log_id == log.id))
    session.execute(delete(RecordLog).where(RecordLog.id == log.id))
    assert list_codes_without_log(session) == [competition.code]
