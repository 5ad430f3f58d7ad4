"""The report before a result is signed, and how firmly its ranking stands, from a whole competition's rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.errors import ConflictError, NotAllowedError
from examsite.domain.permissions import Role
from examsite.domain.working_days import WorkCalendar
from examsite.services.anomalies import is_out_of_hours, report_anomalies
from examsite.services.findings import list_readers, note_findings_seen
from examsite.services.rank_stability import stability_of
from examsite.services.ranking import compute_result
from examsite.services.rulesets import ruleset_of
from examsite.statistics.findings import AnomalyReport, FindingKind, Strength
from examsite.storage.models.marking import Mark, Script
from examsite.storage.queries.results import result_document
from tests.factories.ranking import Stage, known_signer, make_stage
from tests.scenes import Keep


@pytest.fixture
def stage(session: Session, now: datetime, tmp_path: Path, keep: Keep) -> Stage:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    signer = known_signer(settings)

    def build() -> Stage:
        return make_stage(session, now, settings=settings, signer=signer)

    return keep("stage {}", build, session, tmp_path, settings=settings, signer=signer)


def _report(stage: Stage) -> AnomalyReport:
    return report_anomalies(stage.session, stage.competition, kept={})


def _kinds(stage: Stage) -> set[FindingKind]:
    return {row.kind for row in _report(stage).findings}


def test_a_mark_changed_behind_the_log_is_certain_and_named(stage: Stage) -> None:
    assert FindingKind.RECORD_DIFFERS not in _kinds(stage)
    mark = stage.session.scalars(
        select(Mark).join(Script, Script.id == Mark.script_id).where(Mark.assignment_id.is_not(None)).limit(1)
    ).one()
    mark.total = (mark.total or Decimal(0)) + 15
    stage.session.flush()
    found = _report(stage).pressing
    assert found[0].kind is FindingKind.RECORD_DIFFERS
    assert found[0].strength is Strength.CERTAIN
    assert found[0].seqs == (mark.record_seq,)


def test_equal_essays_are_read_side_by_side(stage: Stage) -> None:
    scripts = list(stage.session.scalars(select(Script).order_by(Script.code).limit(2)))
    own = " ".join(f"ý{number}" for number in range(60))
    for number, script in enumerate(scripts):
        script.content = [{**part, "text": f"{own} riêng {number}"} for part in script.content]
    stage.session.flush()
    found = [row for row in _report(stage).findings if row.kind is FindingKind.SAME_PASSAGE]
    assert found
    assert set(found[0].about) == {script.code for script in scripts}
    assert found[0].values["words"] >= 60


def test_the_report_is_kept_until_the_log_grows(stage: Stage) -> None:
    kept: dict[int, AnomalyReport] = {}
    first = report_anomalies(stage.session, stage.competition, kept=kept)
    assert report_anomalies(stage.session, stage.competition, kept=kept) is first
    compute_result(stage.ctx(Role.ORGANISER), stage.competition)
    assert report_anomalies(stage.session, stage.competition, kept=kept) is not first


def test_signers_say_to_have_read_exactly_this_report(stage: Stage) -> None:
    version = compute_result(stage.ctx(Role.ORGANISER), stage.competition)
    report = _report(stage)
    chair = stage.ctx(Role.CHAIR)

    def read(shown: str, ctx: Any = chair) -> int:
        return note_findings_seen(ctx, stage.competition, findings_sha256=report.sha256, shown_sha256=shown)

    with pytest.raises(ConflictError) as refused:
        read("0" * 64)
    assert refused.value.code == "findings_changed"
    with pytest.raises(NotAllowedError):
        read(report.sha256, stage.ctx(Role.ORGANISER))
    assert list_readers(stage.session, stage.competition, version) == frozenset()
    read(report.sha256)
    assert list_readers(stage.session, stage.competition, version) == {chair.actor.pseudonym}
    # Reading and signing are not what the report is about.
    assert _report(stage).sha256 == report.sha256


def test_the_stability_comes_from_the_document_that_is_signed(stage: Stage) -> None:
    version = compute_result(stage.ctx(Role.ORGANISER), stage.competition)
    document = result_document(version)
    found = stability_of(document, ruleset_of(stage.competition))
    ranked = [row for row in document["candidates"] if row["rank"] is not None]
    for stability in found.values():
        assert {row.code: row.rank for row in stability.rows} == {row["code"]: row["rank"] for row in ranked}
        assert sum(row.first for row in stability.rows) == pytest.approx(1)
        assert all(row.low <= row.high for row in stability.rows)
    assert json.dumps(document, sort_keys=True) == json.dumps(result_document(version), sort_keys=True)


Hours = Callable[[str], bool]


@pytest.mark.parametrize(
    ("at", "is_out"),
    [
        ("2026-06-10T03:00:00", False),  # Wednesday, 10:00 in Vietnam
        ("2026-06-10T15:00:00", True),  # 22:00
        ("2026-06-09T22:30:00", True),  # 05:30 on Wednesday
        ("2026-06-13T03:00:00", True),  # Saturday
    ],
)
def test_hours_are_those_of_the_wall_in_vietnam(at: str, is_out: bool) -> None:
    assert is_out_of_hours(datetime.fromisoformat(at).replace(tzinfo=UTC), WorkCalendar()) is is_out
