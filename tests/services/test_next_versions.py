"""What the verifier says of a result that took more than one version: refused first, or corrected."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from examsite.bundle import verify as verifier
from examsite.config import Settings
from examsite.domain.bundles import Audience
from examsite.domain.checkpoints import VerifierKey
from examsite.domain.errors import ConflictError
from examsite.domain.permissions import Role
from examsite.domain.publication import Decision
from examsite.domain.ties import crossing_ties
from examsite.services.bundles import build_bundle
from examsite.services.checkpoints import origin_of
from examsite.services.publication import publish_result
from examsite.services.ranking import compute_result, decide_tie
from examsite.services.remarking import decide_appeal, note_dialogue
from examsite.services.table_checks import check_tables
from examsite.storage.queries.appeals import get_appeal_standing
from examsite.storage.queries.results import find_newest_version, result_document
from tests.factories.ranking import DECIDED, ESSAYS, SHEETS, Stage, known_signer, make_stage
from tests.services.test_bundles import published
from tests.services.test_corrections import _opened, _remarked


def _stage(session: Session, now: datetime, folder: Path, *, vacancies: int = 1) -> Stage:
    settings = Settings(folder, secret_key="0" * 64, database_url="sqlite://", testing=True)
    return make_stage(session, now, settings=settings, signer=known_signer(settings), vacancies=vacancies)


def _unlike(stage: Stage) -> dict[str, str]:
    """What the verifier finds broken about the result; the scene skips the plan and the papers."""
    signer = stage.board.room.signer
    assert signer is not None
    key = VerifierKey(origin_of(signer.host_name, stage.competition.code), signer.public_key).as_text()
    lines = verifier.verify(build_bundle(stage.session, stage.competition, Audience.PUBLIC), key)
    checks = {"marks", "scores", "totals", "ranks", "ties", "outcomes", "draws", "approvals", "appeals"}
    return {line["check"]: line["en"] for line in lines if line["check"] in checks and line["state"] != "ok"}


def test_what_the_authority_refused_may_be_signed_anew(session: Session, now: datetime, tmp_path: Path) -> None:
    stage = _stage(session, now, tmp_path)
    version = compute_result(stage.ctx(Role.ORGANISER), stage.competition)
    for who in stage.council[:3]:
        stage.signs(who, version)
    stage.signs(stage.authority, version, Decision.REFUSED, reason="Tôi muốn xem lại biên bản.")
    published(stage)
    assert _unlike(stage) == {}


def test_an_approved_correction_is_published_and_not_computed_again(
    session: Session, now: datetime, tmp_path: Path
) -> None:
    stage = published(_stage(session, now, tmp_path))
    (appeal,) = _opened(stage, 4)
    _remarked(stage, appeal, "47.50")
    version = compute_result(stage.ctx(Role.ORGANISER), stage.competition)
    for who in (*stage.council[:3], stage.authority):
        stage.signs(who, version)
    with pytest.raises(ConflictError, match="result_not_computable"):
        compute_result(stage.ctx(Role.ORGANISER), stage.competition)
    publish_result(stage.ctx(Role.ORGANISER), stage.competition)
    assert _unlike(stage) == {}


def _decided(stage: Stage, place: int) -> None:
    chosen, reason = [stage.code(place)], "Đang giữ chức vụ phó."
    decide_tie(stage.ctx(stage.authority), stage.competition, stage.post, selected=chosen, reason=reason)


def _signed_and_published(stage: Stage) -> None:
    version = find_newest_version(stage.session, stage.competition.id)
    assert version is not None
    for who in (*stage.council[:3], stage.authority):
        stage.signs(who, version)
    publish_result(stage.ctx(Role.ORGANISER), stage.competition)


@pytest.mark.parametrize(
    ("place", "total", "tied"),
    [(4, "45.00", (3, 4)), (4, "47.50", ()), (2, "45.00", (2, 3, 4))],
    ids=["the same", "nobody", "one more"],
)
def test_a_decided_tie_holds_for_the_same_people_only(
    session: Session,
    now: datetime,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: int,
    total: str,
    tied: tuple[int, ...],
) -> None:
    monkeypatch.setitem(ESSAYS, 2, ("47.50", "47.50"))
    monkeypatch.setitem(SHEETS, 2, (80, 80, 80))
    monkeypatch.delitem(DECIDED, 2)
    stage = _stage(session, now, tmp_path, vacancies=4)
    compute_result(stage.ctx(Role.ORGANISER), stage.competition)
    _decided(stage, 3)
    _signed_and_published(stage)

    (appeal,) = _opened(stage, place)
    _remarked(stage, appeal, total)
    version = compute_result(stage.ctx(Role.ORGANISER), stage.competition)
    document = result_document(version)
    assert [tie.codes for tie in crossing_ties(document)] == ([tuple(map(stage.code, tied))] if tied else [])
    if len(tied) > 2:
        assert document["posts"][0]["tie"] is None
        authority, chosen = stage.ctx(stage.authority), [stage.code(2), stage.code(4)]
        decide_tie(authority, stage.competition, stage.post, selected=chosen, reason="Thâm niên giữ chức vụ cao hơn.")
    else:
        with pytest.raises(ConflictError, match="tie_already_decided"):
            _decided(stage, 4)
    _signed_and_published(stage)
    assert _unlike(stage) == {}
    damaged = {problem.table for problem in check_tables(stage.session, stage.competition)}
    assert not damaged & {"tie_decisions", "result_versions", "signatures"}


@pytest.mark.parametrize("place", [4, 8], ids=["defended", "absent from the defence"])
def test_whoever_passes_no_longer_keeps_the_defence_that_was_held(
    session: Session, now: datetime, tmp_path: Path, place: int
) -> None:
    stage = published(_stage(session, now, tmp_path))
    (appeal,) = _opened(stage, place)
    _remarked(stage, appeal, "10.00")
    chair, words = stage.ctx(Role.CHAIR), "Hai bên thống nhất về từng tiêu chí đã chấm lại."
    note_dialogue(chair, stage.competition, appeal.number, text=words)
    remarked = get_appeal_standing(stage.session, stage.competition, appeal.number).totals[0]
    decide_appeal(chair, stage.competition, appeal.number, decided=remarked, reason=words)
    version = compute_result(stage.ctx(Role.ORGANISER), stage.competition)
    one = next(row for row in result_document(version)["candidates"] if row["code"] == stage.code(place))
    assert [part["passed"] for part in one["parts"]] == [False, place == 4]
    assert (one["total"], one["rank"], one["outcome"]) == (None, None, "failed" if place == 4 else "absent")
    _signed_and_published(stage)
    assert _unlike(stage) == {}
