"""A published result is corrected: two people, fresh markers, as many signatures, a version chained to the old one."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from examsite.bundle import verify as verifier
from examsite.config import Settings
from examsite.domain.appeals import AppealState
from examsite.domain.bundles import Audience
from examsite.domain.checkpoints import VerifierKey
from examsite.domain.competitions import CompetitionState, GateEvent
from examsite.domain.conflicts import OTHER_RELATION
from examsite.domain.corrections import MOST_REMARKED, CorrectionState
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.permissions import Role
from examsite.domain.publication import ResultState
from examsite.domain.result_changes import Figure, result_changes
from examsite.services.anomalies import report_anomalies
from examsite.services.bundles import build_bundle
from examsite.services.checkpoints import origin_of
from examsite.services.conflicts import declare_conflicts
from examsite.services.context import ServiceContext
from examsite.services.corrections import ask_correction, decide_correction, take_back_correction
from examsite.services.erasure import check_due
from examsite.services.findings import note_findings_seen
from examsite.services.incidents import decide_incident, record_incident
from examsite.services.marking import lock_mark, save_draft
from examsite.services.own_checks import check_own_result
from examsite.services.publication import publish_result
from examsite.services.ranking import compute_result
from examsite.services.remarking import name_remarkers
from examsite.services.table_checks import check_tables
from examsite.statistics.findings import FindingKind
from examsite.storage.models.appeals import Appeal
from examsite.storage.models.ranking import ResultVersion
from examsite.storage.models.records import RecordRow
from examsite.storage.models.sittings import Incident
from examsite.storage.queries.appeals import get_appeal_standing
from examsite.storage.queries.codes import find_written_result
from examsite.storage.queries.corrections import (
    find_correction_of,
    find_standing_correction,
    list_corrections,
    list_missing_in_correction,
    list_work_spans,
)
from examsite.storage.queries.gates import list_missing
from examsite.storage.queries.records import get_log, get_record
from examsite.storage.queries.results import get_published_version, result_document
from tests.factories.appeals import appoint
from tests.factories.ranking import Stage, known_signer, make_stage
from tests.scenes import Keep
from tests.services.test_bundles import published

WHY = "Thanh tra kết luận bài này bị bỏ sót một trang khi chấm."


@pytest.fixture
def stage(session: Session, now: Any, tmp_path: Path, keep: Keep) -> Stage:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    signer = known_signer(settings)
    return keep(
        "corrected",
        lambda: published(make_stage(session, now, settings=settings, signer=signer)),
        session,
        tmp_path,
        settings=settings,
        signer=signer,
    )


def _decided(stage: Stage, ctx: ServiceContext, *, agreed: bool, reason: str = "") -> int:
    """What the council says about the request that it has just read."""
    asked = find_standing_correction(stage.session, stage.competition)
    seq = 0 if asked is None else asked.asked_seq
    return decide_correction(ctx, stage.competition, asked_seq=seq, agreed=agreed, reason=reason)


def _opened(stage: Stage, *places: int) -> list[Appeal]:
    codes = [stage.code(place) for place in places]
    ask_correction(stage.ctx(Role.ORGANISER), stage.competition, candidates=codes, reason=WHY)
    _decided(stage, stage.ctx(stage.council[1]), agreed=True)
    return list(stage.session.scalars(select(Appeal).order_by(Appeal.number)))


def _remarked(stage: Stage, appeal: Appeal, total: str) -> None:
    """Two fresh markers give the same."""
    board = stage.board
    appoint(board, *(f"M{10 + 2 * appeal.number - place}" for place in (1, 0)))
    name_remarkers(stage.ctx(Role.CHAIR), stage.competition, appeal.number)
    for row in get_appeal_standing(stage.session, stage.competition, appeal.number).remarkers:
        ctx = stage.ctx(row.assignment)
        draft = save_draft(ctx, stage.competition, appeal.script, revision=0, points=board.points(total), comments={})
        lock_mark(ctx, stage.competition, appeal.script, revision=draft.revision)


def test_from_the_mistake_to_the_next_version(stage: Stage) -> None:
    first = get_published_version(stage.session, stage.competition.id)
    # The scene skips the plan and the roster, and the checks say so from the beginning.
    unlike = check_tables(stage.session, stage.competition)
    before = {audience: build_bundle(stage.session, stage.competition, audience) for audience in Audience}
    (appeal,) = _opened(stage, 4)
    assert (appeal.state, appeal.reason) == (AppealState.SUBMITTED, WHY)
    assert (
        find_correction_of(stage.session, stage.competition, appeal)
        == list_corrections(stage.session, stage.competition)[-1]
    )
    organiser = stage.ctx(Role.ORGANISER)
    with pytest.raises(ConflictError, match="correction_not_marked"):
        compute_result(organiser, stage.competition)
    with pytest.raises(ConflictError, match="correction_not_asked"):
        take_back_correction(organiser, stage.competition)

    _remarked(stage, appeal, "47.50")
    assert appeal.state is AppealState.SETTLED
    assert _own_lines(stage, 4)["own_line"] is None
    version = compute_result(organiser, stage.competition)
    with pytest.raises(ConflictError, match="gate_shut"):
        publish_result(organiser, stage.competition)
    for who in (*stage.council[:3], stage.authority):
        assert get_published_version(stage.session, stage.competition.id).id == first.id
        stage.signs(who, version)
    publish_result(organiser, stage.competition)

    assert get_published_version(stage.session, stage.competition.id).id == version.id
    assert first.state is ResultState.PUBLISHED
    assert stage.competition.state is CompetitionState.PUBLISHED
    assert _own_lines(stage, 4)["own_line"] is True
    (told,) = list_corrections(stage.session, stage.competition)
    assert (told.state, told.reason, told.candidates) == (CorrectionState.PUBLISHED, WHY, (stage.code(4),))
    moved = result_changes(result_document(first), result_document(version))
    assert {(row.code, row.figure) for row in moved} >= {
        (stage.code(4), Figure.APPEAL),
        (stage.code(4), Figure.SCORE),
        (stage.code(4), Figure.TOTAL),
    }
    assert {row.code for row in moved if row.figure is not Figure.RANK} == {stage.code(4)}

    assert check_tables(stage.session, stage.competition) == unlike
    _verify_lineage(stage, before[Audience.PUBLIC])


def _verify_lineage(stage: Stage, old: bytes) -> None:
    new = build_bundle(stage.session, stage.competition, Audience.PUBLIC)
    with zipfile.ZipFile(io.BytesIO(new)) as bundle:
        assert bundle.read("previous.txt").decode() == hashlib.sha256(old).hexdigest()
    signer = stage.board.room.signer
    assert signer is not None
    key = VerifierKey(origin_of(signer.host_name, stage.competition.code), signer.public_key).as_text()
    said = {line["check"]: line for line in verifier.verify(new, key, older=[old])}
    for check in ("lineage", "appeals", "approvals", "scores", "totals", "ranks", "outcomes"):
        assert said[check]["state"] == "ok", said[check]["vi"]
    assert stage.code(4) in said["lineage"]["vi"]


def test_one_person_alone_corrects_nothing(stage: Stage) -> None:
    organiser, member = stage.ctx(Role.ORGANISER), stage.ctx(stage.council[1])
    codes = [stage.code(3)]
    with pytest.raises(ConflictError, match="result_not_computable"):
        compute_result(organiser, stage.competition)
    with pytest.raises(NotAllowedError, match="role_needed"):
        ask_correction(member, stage.competition, candidates=codes, reason=WHY)
    too_many = [f"Z{number:03d}" for number in range(MOST_REMARKED + 1)]
    with pytest.raises(InvalidError, match="correction_names_too_many"):
        ask_correction(organiser, stage.competition, candidates=too_many, reason=WHY)
    stage.competition.state = CompetitionState.APPROVED
    with pytest.raises(ConflictError, match="correction_not_now"):
        ask_correction(organiser, stage.competition, candidates=codes, reason=WHY)
    stage.competition.state = CompetitionState.PUBLISHED
    ask_correction(organiser, stage.competition, candidates=codes, reason=WHY)
    with pytest.raises(ConflictError, match="correction_stands"):
        ask_correction(organiser, stage.competition, candidates=codes, reason=WHY)
    with pytest.raises(ConflictError, match="result_not_computable"):
        compute_result(organiser, stage.competition)
    with pytest.raises(NotAllowedError, match="role_needed"):
        _decided(stage, organiser, agreed=True)
    with pytest.raises(InvalidError, match="reason_missing"):
        _decided(stage, member, agreed=False)
    stage.council[1].account_id, own = stage.board.room.people[Role.ORGANISER].account_id, stage.council[1].account_id
    stage.session.flush()
    with pytest.raises(NotAllowedError, match="second_person_needed"):
        _decided(stage, stage.ctx(stage.council[1]), agreed=True)
    stage.council[1].account_id = own
    stage.session.flush()

    _decided(stage, member, agreed=False, reason="Kết luận thanh tra chưa có hiệu lực.")
    (told,) = list_corrections(stage.session, stage.competition)
    assert (told.state, told.refusal) == (CorrectionState.REFUSED, "Kết luận thanh tra chưa có hiệu lực.")
    assert find_standing_correction(stage.session, stage.competition) is None
    assert stage.session.scalars(select(Appeal)).all() == []
    with pytest.raises(ConflictError, match="correction_not_asked"):
        _decided(stage, member, agreed=True)


def test_nobody_agrees_to_what_took_the_place_of_what_was_read(stage: Stage) -> None:
    organiser, member = stage.ctx(Role.ORGANISER), stage.ctx(stage.council[1])
    read = ask_correction(organiser, stage.competition, candidates=[stage.code(3)], reason=WHY)
    take_back_correction(organiser, stage.competition)
    ask_correction(organiser, stage.competition, candidates=[stage.code(4)], reason=WHY)
    with pytest.raises(ConflictError, match="correction_changed"):
        decide_correction(member, stage.competition, asked_seq=read, agreed=True)
    assert stage.session.scalars(select(Appeal)).all() == []


def test_whoever_hides_who_asked_does_not_agree(stage: Stage) -> None:
    organiser = stage.board.room.people[Role.ORGANISER]
    ask_correction(stage.ctx(Role.ORGANISER), stage.competition, candidates=[stage.code(3)], reason=WHY)
    stage.council[1].account_id, organiser.pseudonym = organiser.account_id, "T99"
    stage.session.flush()
    with pytest.raises(NotAllowedError, match="second_person_needed"):
        _decided(stage, stage.ctx(stage.council[1]), agreed=True)


def test_rows_taken_out_of_the_database_leave_nothing_undone(stage: Stage) -> None:
    (appeal,) = _opened(stage, 3)
    stage.session.execute(delete(Appeal).where(Appeal.id == appeal.id))
    stage.session.expire_all()
    with pytest.raises(ConflictError, match="correction_not_marked"):
        compute_result(stage.ctx(Role.ORGANISER), stage.competition)


def test_a_request_that_cannot_be_read_is_no_proof_that_all_is_marked(stage: Stage) -> None:
    (appeal,) = _opened(stage, 4)
    _remarked(stage, appeal, "45.00")
    assert list_missing_in_correction(stage.session, stage.competition) == []
    asked = stage.session.scalars(select(RecordRow).where(RecordRow.event == "correction:asked")).one()
    asked.payload = asked.salt = None
    stage.session.flush()
    stage.session.expire_all()
    assert [row.code for row in list_missing_in_correction(stage.session, stage.competition)] == [
        "correction_not_marked"
    ]


def test_a_refusal_rewritten_in_the_database_opens_nothing(stage: Stage) -> None:
    organiser = stage.ctx(Role.ORGANISER)
    ask_correction(organiser, stage.competition, candidates=[stage.code(4)], reason=WHY)
    seq = _decided(stage, stage.ctx(stage.council[1]), agreed=False, reason="Kết luận thanh tra chưa có hiệu lực.")
    log = get_log(stage.session, stage.competition.code)
    row = get_record(stage.session, log.id, seq)
    assert row.payload is not None
    row.payload = row.payload.replace('"agreed":false', '"agreed":true')
    stage.session.flush()
    assert row.content["agreed"] is True

    assert find_standing_correction(stage.session, stage.competition) is None
    with pytest.raises(ConflictError, match="result_not_computable"):
        compute_result(organiser, stage.competition)


def test_a_refused_request_begins_no_work(stage: Stage) -> None:
    before = list_work_spans(stage.session, stage.competition)
    ask_correction(stage.ctx(Role.ORGANISER), stage.competition, candidates=[stage.code(4)], reason=WHY)
    _decided(stage, stage.ctx(stage.council[1]), agreed=False, reason="Kết luận thanh tra chưa có hiệu lực.")
    assert list_work_spans(stage.session, stage.competition) == before
    (appeal,) = _opened(stage, 4)
    assert (
        find_correction_of(stage.session, stage.competition, appeal)
        == list_corrections(stage.session, stage.competition)[-1]
    )
    assert len(list_work_spans(stage.session, stage.competition)) == len(before) + 1


def _owed(stage: Stage) -> list[tuple[str, Role]]:
    missing = list_missing(stage.session, stage.competition, GateEvent.CLOSED, now=stage.at)
    return [(row.code, row.owner) for row in missing]


def test_what_is_only_asked_for_waits_for_the_council(stage: Stage) -> None:
    ask_correction(stage.ctx(Role.ORGANISER), stage.competition, candidates=[stage.code(4)], reason=WHY)
    assert _owed(stage) == [("correction_stands", Role.CHAIR)]


def test_nothing_is_put_away_or_destroyed_meanwhile(stage: Stage) -> None:
    (appeal,) = _opened(stage, 4)
    assert _owed(stage) == [("correction_stands", Role.CHAIR)]  # the council names who marks anew
    late = stage.ctx(Role.ORGANISER, at=stage.at.replace(year=stage.at.year + 20))
    with pytest.raises(ConflictError, match="correction_stands"):
        check_due(late, stage.competition)
    _remarked(stage, appeal, "45.00")
    assert _owed(stage) == [("correction_stands", Role.ORGANISER)]
    # No score is another, and still the document is: the new marks stand in it.
    version = compute_result(stage.ctx(Role.ORGANISER), stage.competition)
    first = get_published_version(stage.session, stage.competition.id)
    moved = result_changes(result_document(first), result_document(version))
    assert {row.figure for row in moved} == {Figure.APPEAL, Figure.MARKS}


def test_before_anybody_answered_it_may_be_taken_back(stage: Stage) -> None:
    organiser = stage.ctx(Role.ORGANISER)
    asked_seq = ask_correction(organiser, stage.competition, candidates=[stage.code(4)], reason=WHY)
    take_back_correction(organiser, stage.competition)
    assert [row.state for row in list_corrections(stage.session, stage.competition)] == [CorrectionState.TAKEN_BACK]
    events = select(RecordRow).where(RecordRow.event.like("correction:%")).order_by(RecordRow.seq)
    assert [(row.event, row.actor) for row in stage.session.scalars(events)] == [
        ("correction:asked", "organiser/T01"),
        ("correction:taken-back", "organiser/T01"),
    ]
    asked, taken = (json.loads(row.payload or "") for row in stage.session.scalars(events))
    assert (asked["candidates"], taken) == (
        [stage.code(4)],
        {"asked_seq": asked_seq},
    )


@pytest.mark.parametrize(
    ("places", "reason", "code"),
    [
        ((), WHY, "correction_names_nobody"),
        ((0,), WHY, "correction_cannot_remark"),
        ((7,), WHY, "correction_cannot_remark"),
        ((4,), "Sai.", "reason_too_short"),
    ],
)
def test_what_cannot_be_corrected_is_refused(stage: Stage, places: tuple[int, ...], reason: str, code: str) -> None:
    with pytest.raises(InvalidError, match=code):
        ask_correction(
            stage.ctx(Role.ORGANISER),
            stage.competition,
            candidates=[stage.code(place) for place in places],
            reason=reason,
        )
    assert stage.session.query(ResultVersion).count() == 1


def test_every_code_that_cannot_be_marked_anew_is_named_at_once(stage: Stage) -> None:
    codes = [stage.code(0), stage.code(4), "00000"]
    with pytest.raises(InvalidError) as refused:
        ask_correction(stage.ctx(Role.ORGANISER), stage.competition, candidates=codes, reason=WHY)
    assert refused.value.params["candidate"] == ", ".join(sorted([stage.code(0), "00000"]))


def _own_lines(stage: Stage, place: int) -> dict[str, bool | None]:
    """What the candidate's one button says, by line."""
    signer = stage.board.room.signer
    result = find_written_result(stage.session, stage.competition, stage.board.room.candidacies[place].id)
    assert signer is not None
    assert result is not None
    return {line.code: line.holds for line in check_own_result(stage.session, stage.competition, result, signer)}


def test_one_button_checks_the_way_to_the_rank(stage: Stage) -> None:
    lines = _own_lines(stage, 2)
    way = {"mark", "computed", "published", "own_line", "defence_mark", "defence_settlement", "place", "approved"}
    assert way <= lines.keys()
    assert {code for code in way if lines[code] is not True} == set()
    assert _own_lines(stage, 7)["void"] is True
    assert _own_lines(stage, 0)["absent"] is False, "the scene has no minutes of the written test"

    version = get_published_version(stage.session, stage.competition.id)
    other = version.document.replace('"total":"79.20"', '"total":"80.90"')
    assert other != version.document
    stage.session.execute(text("UPDATE result_versions SET document = :other"), {"other": other})
    stage.session.expire_all()
    assert {code for code, holds in _own_lines(stage, 2).items() if holds is False} >= {
        "published",
        "place",
        "approved",
    }


def test_the_report_before_signing_asks_about_the_hours_of_the_correction_too(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> list[Any]:
        found = report_anomalies(stage.session, stage.competition, kept={}).findings
        return [row.values["first"] for row in found if row.kind is FindingKind.OUT_OF_HOURS]

    before = told()
    night = stage.at.replace(hour=18, minute=30) + timedelta(days=20)  # UTC: 01:30 in Vietnam
    monkeypatch.setattr(Stage, "at", property(lambda _stage: night))
    (appeal,) = _opened(stage, 4)
    _remarked(stage, appeal, "47.50")
    compute_result(stage.ctx(Role.ORGANISER), stage.competition)
    during = told()
    assert [at for at in during if at < night] == before
    assert [at for at in during if at >= night]
    # What follows the computed version, reading and signing, is not what it rests on.
    monkeypatch.setattr(Stage, "at", property(lambda _stage: night + timedelta(days=1)))
    read = {"findings_sha256": "0" * 64, "shown_sha256": "0" * 64}
    note_findings_seen(stage.ctx(stage.council[1]), stage.competition, **read)
    assert told() == during


def test_a_mark_changed_after_the_report_was_first_read_is_named_at_once(stage: Stage) -> None:
    kept: dict[int, Any] = {}
    first = report_anomalies(stage.session, stage.competition, kept=kept)
    assert report_anomalies(stage.session, stage.competition, kept=kept) is first
    person = "SELECT min(id) FROM marks WHERE assignment_id IS NOT NULL AND state = 'locked'"
    stage.session.execute(text(f"UPDATE marks SET total = total + 1 WHERE id = ({person})"))
    second = report_anomalies(stage.session, stage.competition, kept=kept)
    assert FindingKind.RECORD_DIFFERS not in {row.kind for row in first.findings}
    assert FindingKind.RECORD_DIFFERS in {row.kind for row in second.findings}


def test_a_note_of_an_invigilator_after_the_publication_can_be_closed_and_changes_nothing(stage: Stage) -> None:
    room = stage.board.room
    noted = record_incident(
        *(stage.ctx(Role.INVIGILATOR), stage.competition, room.sitting),
        seat=str(room.attempt(0).seat),
        measure="reprimand",
        minutes="Ghi muộn.",
    )
    assert "incidents_undecided" in _missing_to_close(stage)
    with pytest.raises(ConflictError, match="incident_too_late"):
        decide_incident(stage.ctx(Role.CHAIR), stage.competition, noted, measure="reprimand")
    decide_incident(stage.ctx(Role.CHAIR), stage.competition, noted, measure=None)
    assert "incidents_undecided" not in _missing_to_close(stage)


def _missing_to_close(stage: Stage) -> set[str]:
    return {item.code for item in list_missing(stage.session, stage.competition, GateEvent.CLOSED, now=stage.at)}


def test_an_incident_that_is_gone_before_the_council_decided_is_named(stage: Stage) -> None:
    room = stage.board.room
    noted = record_incident(
        *(stage.ctx(Role.INVIGILATOR), stage.competition, room.sitting), seat=None, measure="", minutes="Trao đổi bài."
    )
    before = check_tables(stage.session, stage.competition)
    stage.session.execute(delete(Incident).where(Incident.id == noted.id))
    stage.session.expire_all()
    found = [one for one in check_tables(stage.session, stage.competition) if one not in before]
    assert [(one.table, one.code, one.seq) for one in found] == [("incidents", "row_missing", noted_seq(stage))]


def noted_seq(stage: Stage) -> int:
    rows = stage.session.scalars(select(RecordRow.seq).where(RecordRow.event == "incident:recorded"))
    return max(rows)


def test_a_correction_is_decided_by_somebody_near_to_nobody_with_a_factor(stage: Stage) -> None:
    codes = [stage.code(4)]
    ask_correction(stage.ctx(Role.ORGANISER), stage.competition, candidates=codes, reason=WHY)
    member = stage.ctx(stage.council[1])
    with pytest.raises(NotAllowedError, match="fresh_factor_needed"):
        _decided(stage, replace(member, factor_at=None), agreed=True)
    candidacy = stage.board.room.candidacies[4]
    declare_conflicts(member, stage.competition, {candidacy.id: OTHER_RELATION})
    with pytest.raises(NotAllowedError, match="conflict_declared"):
        _decided(stage, member, agreed=True)
    _decided(stage, stage.ctx(stage.council[2]), agreed=True)


def test_who_approved_does_not_publish_and_nobody_without_a_factor(stage: Stage) -> None:
    (appeal,) = _opened(stage, 4)
    _remarked(stage, appeal, "47.50")
    version = compute_result(stage.ctx(Role.ORGANISER), stage.competition)
    for who in (*stage.council[:3], stage.authority):
        stage.signs(who, version)
    organiser = stage.ctx(Role.ORGANISER)
    same = replace(organiser, actor=replace(organiser.actor, account_id=stage.authority.account_id))
    with pytest.raises(NotAllowedError, match="second_person_needed"):
        publish_result(same, stage.competition)
    with pytest.raises(NotAllowedError, match="fresh_factor_needed"):
        publish_result(replace(organiser, factor_at=None), stage.competition)
    assert publish_result(organiser, stage.competition).number == 2
