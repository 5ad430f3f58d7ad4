"""A correction lets somebody pass the written part: called, heard by the panel, and in the next version."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.bundle import verify as verifier
from examsite.config import Settings
from examsite.domain.bundles import Audience
from examsite.domain.checkpoints import VerifierKey
from examsite.domain.competitions import CompetitionState
from examsite.domain.corrections import LEAST_PROPOSAL_TIME
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.panels import DefenceState
from examsite.domain.permissions import Role
from examsite.domain.publication import Decision
from examsite.domain.scores import score
from examsite.domain.split_keys import KeyPurpose
from examsite.services import defence as acts
from examsite.services import defence_clock, panel_incidents, reveals
from examsite.services.bundles import build_bundle
from examsite.services.checkpoints import origin_of
from examsite.services.conflicts import declare_conflicts
from examsite.services.context import ServiceContext
from examsite.services.corrections import call_defence
from examsite.services.draw_acts import is_now
from examsite.services.panel_questions import note_recording
from examsite.services.proposals import (
    draw_presentation_order,
    lock_called_proposals,
    prepare_order_draw,
    upload_proposal,
)
from examsite.services.publication import publish_result
from examsite.services.ranking import compute_result
from examsite.services.remarking import decide_appeal, note_dialogue
from examsite.services.table_checks import check_tables
from examsite.storage.models.appeals import Appeal
from examsite.storage.models.proposals import ProposalVersion
from examsite.storage.models.ranking import ResultVersion
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.appeals import get_appeal_standing
from examsite.storage.queries.candidacies import get_candidacy
from examsite.storage.queries.corrections import (
    defence_state,
    find_defence_round,
    find_proposal_terms,
    find_supplementary_defence,
    list_missing_in_correction,
    list_order_draws,
)
from examsite.storage.queries.defence import list_defences
from examsite.storage.queries.proposals import find_locked_version
from examsite.storage.queries.results import result_document
from tests.factories.defence import received
from tests.factories.draws import number_all
from tests.factories.ranking import ESSAYS, SHEETS, Stage, defence_rubric, known_signer, make_stage
from tests.factories.split_keys import make_split_key
from tests.factories.standardisation import with_rules
from tests.scenes import Keep
from tests.services.test_bundles import published
from tests.services.test_corrections import _opened, _own_lines, _remarked

#: Who did not pass the written part at first.
FAILED = 6


@pytest.fixture
def stage(session: Session, now: datetime, tmp_path: Path, keep: Keep) -> Stage:
    """Published; the script of one who failed was marked anew and passes."""
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    signer = known_signer(settings)

    def build() -> Stage:
        return passes_now(make_stage(session, now, settings=settings, signer=signer, draws_order=True))

    return keep("passes-now", build, session, tmp_path, settings=settings, signer=signer)


def passes_now(stage: Stage) -> Stage:
    """Published, then the script of one who failed was marked anew."""
    (appeal,) = _opened(published(stage), FAILED)
    _settled(stage, appeal, "55.00")
    return stage


def _settled(stage: Stage, appeal: Appeal, total: str) -> None:
    """Marked anew so far from the first marks that the chair talks with both pairs and decides."""
    _remarked(stage, appeal, total)
    chair, words = stage.ctx(Role.CHAIR), "Hai bên thống nhất về từng tiêu chí đã chấm lại."
    note_dialogue(chair, stage.competition, appeal.number, text=words)
    anew = get_appeal_standing(stage.session, stage.competition, appeal.number).totals[0]
    decide_appeal(chair, stage.competition, appeal.number, decided=anew, reason=words)


def closes_at(stage: Stage) -> datetime:
    return stage.at + LEAST_PROPOSAL_TIME


def called(stage: Stage) -> None:
    ends = closes_at(stage)
    organiser = stage.ctx(Role.ORGANISER)
    call_defence(organiser, stage.competition, proposals_close_at=ends, defence_at=ends + timedelta(days=2))


def _candidate(stage: Stage, place: int) -> ServiceContext:
    candidacy = stage.board.room.candidacies[place]
    return stage.board.room.ctx(candidacy, at=stage.at)


def hand_in(stage: Stage, place: int) -> None:
    candidacy = get_candidacy(stage.session, stage.board.room.candidacies[place].id)
    upload_proposal(_candidate(stage, place), candidacy, received(), title="Một cửa số")


def locked(stage: Stage) -> None:
    lock_called_proposals(stage.ctx(Role.ORGANISER, at=closes_at(stage)), stage.competition)


def _missing(stage: Stage) -> list[str]:
    return [item.code for item in list_missing_in_correction(stage.session, stage.competition)]


def heard(stage: Stage, total: str, *, is_drawn: bool = False) -> None:
    """The panel hears whoever stands last in the order, and all three give the same."""
    for member in stage.panel:
        declare_conflicts(stage.ctx(member), stage.competition, {})
    if not is_drawn:
        draw_presentation_order(stage.ctx(Role.CHAIR), stage.competition)
    position = list_defences(stage.session, stage.competition.id)[-1].position
    head = stage.ctx(Role.PANEL_HEAD)
    for act in (acts.start_presentation, acts.start_questions, acts.open_scoring):
        act(head, stage.competition, position)
    left, points = score(total), {}
    for criterion in defence_rubric(stage.post.code).criteria:
        points[criterion.criterion] = min(left, criterion.maximum)
        left -= points[criterion.criterion]
    for member in stage.panel:
        ctx = stage.ctx(member)
        draft = acts.save_sheet(ctx, stage.competition, position, points, {}, revision=0)
        acts.lock_sheet(ctx, stage.competition, position, revision=draft.revision)
    reveals.reveal_scores(head, stage.competition, position)
    reveals.close_discussion(head, stage.competition, position)


def next_version(stage: Stage) -> ResultVersion:
    version = compute_result(stage.ctx(Role.ORGANISER), stage.competition)
    for who in (*stage.council[:3], stage.authority):
        stage.signs(who, version)
    publish_result(stage.ctx(Role.ORGANISER), stage.competition)
    return version


def _broken(stage: Stage, older: bytes) -> dict[str, str]:
    """What the verifier finds broken; the scene skips the plan and the papers."""
    signer = stage.board.room.signer
    assert signer is not None
    key = VerifierKey(origin_of(signer.host_name, stage.competition.code), signer.public_key).as_text()
    new = build_bundle(stage.session, stage.competition, Audience.PUBLIC)
    said = verifier.verify(new, key, older=[older])
    checks = {"marks", "scores", "totals", "ranks", "outcomes", "draws", "approvals", "appeals", "lineage"}
    return {line["check"]: line["en"] for line in said if line["check"] in checks and line["state"] != "ok"}


def test_from_the_script_marked_anew_to_the_seat(stage: Stage) -> None:
    unlike = check_tables(stage.session, stage.competition)
    older = build_bundle(stage.session, stage.competition, Audience.PUBLIC)
    organiser = stage.ctx(Role.ORGANISER)
    assert _missing(stage) == ["defence_not_called"]
    with pytest.raises(ConflictError, match="correction_not_defended"):
        compute_result(organiser, stage.competition)

    called(stage)
    assert defence_state(stage.session, stage.competition) is CompetitionState.PROPOSALS
    assert _missing(stage) == ["proposals_not_locked"]
    hand_in(stage, FAILED)
    with pytest.raises(ConflictError, match="proposals_still_open"):
        lock_called_proposals(organiser, stage.competition)
    locked(stage)
    assert defence_state(stage.session, stage.competition) is CompetitionState.DEFENCE
    assert find_locked_version(stage.session, stage.board.room.candidacies[FAILED].id) is not None
    assert _missing(stage) == ["order_not_drawn", "defence_attendance_missing"]
    with pytest.raises(ConflictError, match="order_not_drawn_yet"):
        acts.record_attendance(stage.ctx(Role.INVIGILATOR), stage.competition, [])

    heard(stage, "95.00")
    assert list_order_draws(stage.session, stage.competition) == ["presentation-order", "presentation-order-2"]
    assert _missing(stage) == ["defence_attendance_missing"]
    acts.record_attendance(stage.ctx(Role.INVIGILATOR), stage.competition, [])
    assert _missing(stage) == []

    version = next_version(stage)
    document = result_document(version)
    one = next(row for row in document["candidates"] if row["code"] == stage.code(FAILED))
    assert [(part["part"], part["passed"], part["absent"]) for part in one["parts"]] == [
        ("written", True, False),
        ("defence", True, False),
    ]
    assert (one["rank"], one["outcome"]) == (1, "selected")
    assert defence_state(stage.session, stage.competition) is CompetitionState.PUBLISHED
    assert _broken(stage, older) == {}
    assert _own_lines(stage, FAILED)["own_line"] is True
    assert False not in _own_lines(stage, FAILED).values()
    defended = find_locked_version(stage.session, stage.board.room.candidacies[FAILED].id)
    assert defended is not None
    # The scene's own proposals were never handed in, and that tells from the first one on that is on record.
    found = {(one.table, one.row) for one in check_tables(stage.session, stage.competition) if one not in unlike}
    others = stage.session.scalars(select(ProposalVersion.id).where(ProposalVersion.id != defended.id))
    assert found == {("proposal_versions", number) for number in others}


def test_who_hands_in_nothing_is_absent_and_the_correction_ends(stage: Stage) -> None:
    older = build_bundle(stage.session, stage.competition, Audience.PUBLIC)
    called(stage)
    locked(stage)
    with pytest.raises(ConflictError, match="no_proposals_to_draw"):
        draw_presentation_order(stage.ctx(Role.CHAIR), stage.competition)
    assert _missing(stage) == ["defence_attendance_missing"]
    acts.record_attendance(stage.ctx(Role.INVIGILATOR), stage.competition, [])
    document = result_document(next_version(stage))
    outcomes = {row["code"]: row["outcome"] for row in document["candidates"]}
    assert outcomes[stage.code(FAILED)] == "absent"
    # Whoever was absent the first time still is.
    assert outcomes[stage.code(8)] == "absent"
    assert _broken(stage, older) == {}


def test_who_comes_not_to_the_hearing_is_absent(stage: Stage) -> None:
    called(stage)
    hand_in(stage, FAILED)
    locked(stage)
    invigilator = stage.ctx(Role.INVIGILATOR)
    draw_presentation_order(stage.ctx(Role.CHAIR), stage.competition)
    assert _missing(stage) == ["defences_not_over", "defence_attendance_missing"]
    position = list_defences(stage.session, stage.competition.id)[-1].position
    acts.record_attendance(invigilator, stage.competition, [position])
    assert _missing(stage) == []
    acts.withdraw_absence(invigilator, stage.competition, position, reason="Đến muộn, trong giờ chờ.")
    assert _missing(stage) == ["defences_not_over"]


def test_one_passes_and_one_fails_and_a_second_correction_calls_another(
    session: Session, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ESSAYS, 9, ("20.00", "20.00"))
    monkeypatch.delitem(SHEETS, 9)
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    stage = make_stage(session, now, settings=settings, signer=known_signer(settings), draws_order=True)
    for number, (passing, failing) in enumerate(((FAILED, 4), (9, 3)), start=2):
        if number == 2:
            published(stage)
        older = build_bundle(stage.session, stage.competition, Audience.PUBLIC)
        marked = _opened(stage, passing, failing)[-2:]
        for appeal in marked:
            _settled(
                stage, appeal, "55.00" if appeal.candidacy_id == stage.board.room.candidacies[passing].id else "10.00"
            )
        called(stage)
        hand_in(stage, passing)
        locked(stage)
        heard(stage, f"{80 + 5 * number}.00")
        acts.record_attendance(stage.ctx(Role.INVIGILATOR), stage.competition, [])
        document = result_document(next_version(stage))
        outcomes = {row["code"]: row["outcome"] for row in document["candidates"]}
        assert outcomes[stage.code(failing)] == "failed"
        assert outcomes[stage.code(passing)] == "selected"
        assert list_order_draws(stage.session, stage.competition)[-1] == f"presentation-order-{number}"
        assert _broken(stage, older) == {}
    assert [fact["version"] for fact in _facts(stage, "bundle:replaced")] == [1, 2]


def test_the_council_draws_the_order_in_a_ceremony_of_its_own(stage: Stage) -> None:
    with_rules(stage.board, draw_contributors='"council"', draw_notice_minutes="0")
    called(stage)
    hand_in(stage, FAILED)
    locked(stage)
    chair, member = stage.ctx(stage.council[0]), stage.ctx(stage.council[1])
    make_split_key(chair, stage.competition, KeyPurpose.DRAWS, holders=stage.council[:2], needed=2)
    prepare_order_draw(chair, stage.competition)
    number_all(stage.competition, "presentation-order-2", [chair, member], [chair, member])
    assert draw_presentation_order(chair, stage.competition).outcome == [stage.code(FAILED)]
    with pytest.raises(ConflictError, match="order_already_drawn"):
        draw_presentation_order(chair, stage.competition)


def _facts(stage: Stage, event: str) -> list[dict[str, Any]]:
    rows = select(RecordRow.payload).where(RecordRow.event == event).order_by(RecordRow.seq)
    return [json.loads(payload or "") for payload in stage.session.scalars(rows)]


def test_only_the_proposal_of_who_is_called_is_locked_and_only_their_order_is_drawn(stage: Stage) -> None:
    session, here = stage.session, stage.competition
    before = {row.id: row.locked_at for row in session.scalars(select(ProposalVersion))}
    called(stage)
    assert not is_now(session, here, "presentation-order-2")
    hand_in(stage, FAILED)
    locked(stage)
    fact = _facts(stage, "proposals:locked")[-1]
    assert ([row["candidate"] for row in fact["locked"]], fact["absent"]) == ([stage.code(FAILED)], [])
    after = {row.id: row.locked_at for row in session.scalars(select(ProposalVersion))}
    assert {key: after[key] for key in before} == before
    assert [is_now(session, here, name) for name in list_order_draws(session, here)] == [False, True]


def test_only_locked_proposals_wait_for_the_draw(stage: Stage) -> None:
    called(stage)
    assert find_defence_round(stage.session, stage.competition).is_drawn
    hand_in(stage, FAILED)
    assert find_defence_round(stage.session, stage.competition).is_drawn
    locked(stage)
    assert not find_defence_round(stage.session, stage.competition).is_drawn


def test_what_was_held_before_the_publication_stays_as_it_is(stage: Stage) -> None:
    called(stage)
    hand_in(stage, FAILED)
    locked(stage)
    draw_presentation_order(stage.ctx(Role.CHAIR), stage.competition)
    # Somebody who was absent the first time, last in that order: nobody after them has begun.
    absent = list_defences(stage.session, stage.competition.id)[-2]
    absent.state, absent.score = DefenceState.ABSENT, None
    stage.session.flush()
    invigilator, head = stage.ctx(Role.INVIGILATOR), stage.ctx(Role.PANEL_HEAD)
    with pytest.raises(ConflictError, match="defence_not_now"):
        panel_incidents.note_member_incident(
            *(stage.ctx(Role.PANEL_HEAD), stage.competition, 1),
            member="G02",
            what="G02 và thí sinh cùng đứng tên một công ty.",
            reason="Báo cho hội đồng xem xét phiếu của G02.",
        )
    with pytest.raises(ConflictError, match="defence_not_now"):
        acts.withdraw_absence(invigilator, stage.competition, absent.position, reason="Nhầm người.")
    with pytest.raises(ConflictError, match="defence_not_now"):
        note_recording(head, stage.competition, 1, reference="Thẻ nhớ 9", seen="")
    with pytest.raises(ConflictError, match="defence_not_now"):
        defence_clock.undo_step(head, stage.competition, 1, seen=DefenceState.SETTLED)


def test_nothing_moves_once_the_version_is_computed_until_it_is_refused(stage: Stage) -> None:
    called(stage)
    hand_in(stage, FAILED)
    locked(stage)
    draw_presentation_order(stage.ctx(Role.CHAIR), stage.competition)
    invigilator = stage.ctx(Role.INVIGILATOR)
    position = list_defences(stage.session, stage.competition.id)[-1].position
    acts.record_attendance(invigilator, stage.competition, [position])
    version = compute_result(stage.ctx(Role.ORGANISER), stage.competition)

    def withdraw() -> None:
        acts.withdraw_absence(invigilator, stage.competition, position, reason="Đến muộn, trong giờ chờ.")

    with pytest.raises(ConflictError, match="defence_not_now"):
        withdraw()
    for who in stage.council[:3]:
        stage.signs(who, version)
    with pytest.raises(ConflictError, match="defence_not_now"):
        withdraw()
    stage.signs(stage.authority, version, Decision.REFUSED, reason="Người vắng đã đến trong giờ chờ.")
    withdraw()
    assert _missing(stage) == ["defences_not_over"]
    heard(stage, "90.00", is_drawn=True)
    assert compute_result(stage.ctx(Role.ORGANISER), stage.competition).number == version.number + 1


def test_only_who_is_called_hands_in_and_only_in_time(stage: Stage) -> None:
    with pytest.raises(ConflictError, match="proposals_not_open"):
        hand_in(stage, FAILED)
    assert not find_proposal_terms(stage.session, stage.competition, stage.board.room.candidacies[FAILED]).is_called
    called(stage)
    for other in (1, 8, 7):
        with pytest.raises(ConflictError, match="proposals_not_open"):
            hand_in(stage, other)
    candidacy = get_candidacy(stage.session, stage.board.room.candidacies[FAILED].id)
    late = stage.board.room.ctx(candidacy, at=closes_at(stage))
    with pytest.raises(ConflictError, match="proposals_closed"):
        upload_proposal(late, candidacy, received(), title="Một cửa số")
    locked(stage)
    with pytest.raises(ConflictError, match="proposals_not_open"):
        hand_in(stage, FAILED)
    with pytest.raises(ConflictError, match="proposals_not_open"):
        locked(stage)


def test_what_the_call_asks_for(stage: Stage) -> None:
    organiser, least = stage.ctx(Role.ORGANISER), closes_at(stage)
    for ends, held, field in (
        (least - timedelta(seconds=1), least + timedelta(days=1), "proposals_close_at"),
        (least, least, "defence_at"),
    ):
        with pytest.raises(InvalidError) as error:
            call_defence(organiser, stage.competition, proposals_close_at=ends, defence_at=held)
        assert error.value.params["field"] == field
    with pytest.raises(NotAllowedError, match="role_needed"):
        call_defence(stage.ctx(stage.council[1]), stage.competition, proposals_close_at=least, defence_at=least)
    called(stage)
    later = least + timedelta(days=365)
    # A wrong year is put right, or nobody could ever go on.
    call_defence(organiser, stage.competition, proposals_close_at=later, defence_at=later + timedelta(days=1))
    called(stage)
    found = find_supplementary_defence(stage.session, stage.competition)
    assert found is not None
    assert (found.candidates, found.proposals_close_at) == ((stage.code(FAILED),), least)
    with pytest.raises(ConflictError, match="defence_deadline_over"):  # nobody is given more time than was told
        call_defence(
            stage.ctx(Role.ORGANISER, at=least),
            stage.competition,
            proposals_close_at=later,
            defence_at=later + timedelta(days=1),
        )
    locked(stage)
    with pytest.raises(ConflictError, match="defence_locked_already"):
        called(stage)


@pytest.mark.parametrize("place", [4, 3])
def test_nobody_is_called_where_nobody_passes_anew(session: Session, now: datetime, tmp_path: Path, place: int) -> None:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    stage = published(make_stage(session, now, settings=settings, signer=known_signer(settings)))
    with pytest.raises(ConflictError, match="correction_not_open"):
        called(stage)
    (appeal,) = _opened(stage, place)
    with pytest.raises(ConflictError, match="correction_not_marked"):
        called(stage)
    _remarked(stage, appeal, "47.50")
    with pytest.raises(ConflictError, match="nobody_to_call"):
        called(stage)
    assert _missing(stage) == []
