"""Appeals: asked within the window, marked anew without a trace of what was, up or down, and told by the bundle."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from examsite.bundle import verify as verifier
from examsite.config import Settings
from examsite.domain.appeals import AppealState
from examsite.domain.bundles import Audience
from examsite.domain.checkpoints import VerifierKey
from examsite.domain.competitions import CompetitionState, GateEvent
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from examsite.domain.permissions import Role
from examsite.domain.recomputation import recompute
from examsite.domain.scores import score
from examsite.domain.working_days import DayKind
from examsite.services import codes, marking, merging, remarking
from examsite.services.appeals import submit_appeal, withdraw_appeal
from examsite.services.bundles import build_bundle
from examsite.services.checkpoints import origin_of
from examsite.services.context import Actor
from examsite.services.publication import publish_result
from examsite.services.ranking import compute_result
from examsite.services.working_days import swap_day, take_back_day
from examsite.storage.models.appeals import Appeal
from examsite.storage.models.dossiers import ConflictDeclaration
from examsite.storage.models.ranking import ResultVersion
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.appeals import get_appeal_standing, list_own_appeals
from examsite.storage.queries.codes import written_results
from examsite.storage.queries.gates import list_missing
from examsite.storage.queries.marking import list_standings
from examsite.storage.queries.marking_statistics import list_locked_marks
from examsite.storage.queries.queues import get_blind_script, list_queue
from tests.factories.appeals import REASON, TALK, appoint, ask, over_at, own, remark
from tests.factories.marking import Board, assigned, make_board
from tests.factories.ranking import Stage, known_signer, make_stage
from tests.scenes import Keep

#: Points of the two first marks that nobody who marks anew may come across.
CANARY = "37.50"


def _published(session: Session, now: datetime, settings: Settings) -> Board:
    board = make_board(session, now, settings=settings, candidates=3, absent=1)
    for script in board.allocated():
        board.lock_pair(script.code, (CANARY, CANARY))
    codes.open_codes(board.ctx(Role.CHAIR), board.competition, words=board.sheets)
    merging.publish_written(board.ctx(Role.ORGANISER), board.competition)
    return board


@pytest.fixture
def board(session: Session, now: datetime, tmp_path: Path, keep: Keep) -> Board:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    return keep("published", lambda: _published(session, now, settings), session, tmp_path, settings=settings)


def _chair(board: Board) -> Any:
    return board.ctx(Role.CHAIR, at=over_at(board))


def _missing(board: Board, at: datetime) -> list[str]:
    rows = list_missing(board.session, board.competition, GateEvent.APPEALS_CLOSED, now=at)
    return [row.code for row in rows]


def test_asking_is_recorded_once_and_may_be_taken_back_while_the_window_is_open(board: Board, now: datetime) -> None:
    appeal = ask(board, 1)

    row = board.session.scalars(select(RecordRow).where(RecordRow.event == "appeal:submitted")).one()
    assert (row.seq, row.actor, row.subject) == (
        appeal.record_seq,
        "candidate",
        f"competition/{board.competition.code}",
    )
    assert json.loads(row.payload or "")["candidate"] == board.room.candidacies[1].public_code
    with pytest.raises(ConflictError, match="appeal_already_submitted"):
        ask(board, 1)

    candidacy = own(board, 1)
    withdraw_appeal(board.room.ctx(candidacy), candidacy, part="written")
    assert ask(board, 1).number == 2

    closed = board.room.ctx(candidacy, at=board.competition.appeals_close_at)
    with pytest.raises(ConflictError, match="appeals_over"):
        withdraw_appeal(closed, candidacy, part="written")
    assert [row.state for row in list_own_appeals(board.session, candidacy.id)] == [
        AppealState.SUBMITTED,
        AppealState.WITHDRAWN,
    ]


def test_what_another_tab_or_the_chair_has_done_since_the_page_was_read(board: Board) -> None:
    ask(board, 1)
    candidacy = own(board, 1)
    (appeal,) = list_own_appeals(board.session, candidacy.id)

    def meanwhile(**values: Any) -> None:
        board.session.connection().execute(update(Appeal).where(Appeal.id == appeal.id).values(values))

    meanwhile(state=AppealState.REMARKING)
    with pytest.raises(ConflictError, match="event_not_open"):
        withdraw_appeal(board.room.ctx(candidacy), candidacy, part="written")
    meanwhile(state=AppealState.WITHDRAWN, withdrawn_at=board.competition.appeals_close_at)
    with pytest.raises(NotFoundError):
        withdraw_appeal(board.room.ctx(candidacy), candidacy, part="written")

    told = select(RecordRow.event).where(RecordRow.event == "appeal:withdrawn")
    assert board.session.scalars(told).all() == []


def test_who_may_not_ask(board: Board) -> None:
    present, absent = own(board, 1), own(board, 0)
    for ctx, candidacy, part, error in (
        (board.room.ctx(present), present, "defence", InvalidError),
        (board.room.ctx(absent), absent, "written", ConflictError),
        (board.room.ctx(absent), present, "written", NotAllowedError),
        (board.ctx(Role.ORGANISER), present, "written", NotAllowedError),
        (board.room.ctx(present, at=over_at(board)), present, "written", ConflictError),
    ):
        with pytest.raises(error):
            submit_appeal(ctx, candidacy, part=part, reason=REASON)
    with pytest.raises(InvalidError, match="reason_missing"):
        submit_appeal(board.room.ctx(present), present, part="written", reason="  ")


def test_nobody_marks_anew_before_the_window_is_over_or_who_marked_or_stands_near(board: Board, now: datetime) -> None:
    appeal = ask(board, 1)
    with pytest.raises(ConflictError, match="appeal_window_runs"):
        remarking.name_remarkers(board.ctx(Role.CHAIR), board.competition, appeal.number)
    with pytest.raises(ConflictError, match="remarkers_too_few"):
        remarking.name_remarkers(_chair(board), board.competition, appeal.number)

    near, *_others = appoint(board, "M11", "M12", "M13")
    owner = board.room.candidacies[1]
    board.session.add(ConflictDeclaration(assignment_id=near.id, candidacy_id=owner.id, declared_at=now))
    board.session.flush()
    named = remarking.name_remarkers(_chair(board), board.competition, appeal.number)

    assert set(named) == {"M12", "M13"}
    assert _missing(board, over_at(board)) == ["appeals_being_marked"]
    with pytest.raises(ConflictError, match="remarkers_named_already"):
        remarking.name_remarkers(_chair(board), board.competition, appeal.number)
    with pytest.raises(NotAllowedError):
        remarking.name_remarkers(board.ctx(Role.ORGANISER, at=over_at(board)), board.competition, appeal.number)


def test_who_marks_anew_reads_the_script_and_no_trace_of_what_was_given(board: Board) -> None:
    appeal = ask(board, 1)
    appoint(board, "M11", "M12", "M13")
    remarking.name_remarkers(_chair(board), board.competition, appeal.number)
    standing = get_appeal_standing(board.session, board.competition, appeal.number)
    for row in standing.remarkers:
        seen = get_blind_script(board.session, board.competition.id, row.assignment_id, appeal.script)
        queue = list_queue(board.session, board.competition.id, row.assignment_id)
        assert seen.mark is None
        assert [entry.code for entry in queue] == [appeal.script]
        assert CANARY not in repr((seen, queue))
        assert "57.50" not in repr((seen, queue))

    # One locks: neither the other nor the council learns of it.
    remark(board, appeal, "40.00")
    standing = get_appeal_standing(board.session, board.competition, appeal.number)
    assert standing.remarks == ()
    waiting = next(row for row in standing.remarkers if not _has_locked(board, row.assignment_id))
    seen = get_blind_script(board.session, board.competition.id, waiting.assignment_id, appeal.script)
    assert seen.mark is None
    assert "40.00" not in repr(seen)
    # Whoever marked it before reads it as it was, and can do nothing.
    first = board.pair(appeal.script)[0]
    with pytest.raises(ConflictError, match="marking_not_open"):
        marking.save_draft(
            board.ctx(first, at=over_at(board)), board.competition, appeal.script, revision=1, points={}, comments={}
        )
    unconcerned = next(
        m
        for m in board.markers
        if m.pseudonym in {"M11", "M12", "M13"} and m.id not in {row.assignment_id for row in standing.remarkers}
    )
    with pytest.raises(NotFoundError):
        get_blind_script(board.session, board.competition.id, unconcerned.id, appeal.script)
    # The head's figures and lists stay those of the first rounds.
    assert {mark.round for mark in list_locked_marks(board.session, board.competition.id)} == {1}
    assert all(len(row.all_totals) == 2 for row in list_standings(board.session, board.competition))


def _has_locked(board: Board, assignment_id: int) -> bool:
    queue = list_queue(board.session, board.competition.id, assignment_id)
    return any(entry.is_locked for entry in queue)


@pytest.mark.parametrize(
    ("totals", "result"),
    [
        (("40.00", "40.00"), "60.00"),
        (("35.00", "40.00", "40.00"), "60.00"),
        (("32.50", "35.00", "40.00"), "55.83"),
    ],
)
def test_a_near_re_mark_replaces_the_score_up_or_down(board: Board, totals: tuple[str, ...], result: str) -> None:
    appeal = ask(board, 1)
    appoint(board, "M11", "M12", "M13")
    remarking.name_remarkers(_chair(board), board.competition, appeal.number)
    for total in totals:
        assert appeal.state is AppealState.REMARKING
        remark(board, appeal, total)

    assert (appeal.state, appeal.score) == (AppealState.SETTLED, score(result))
    found = next(row for row in written_results(board.session, board.competition) if row.appeal is not None)
    assert (found.candidacy_id, found.outcome.score) == (appeal.candidacy_id, score(result))
    assert found.settlement is not None
    assert found.settlement.score == score("57.50")
    assert _missing(board, over_at(board)) == []
    with pytest.raises(ConflictError, match="decision_not_due_on_appeal"):
        remarking.decide_appeal(_chair(board), board.competition, appeal.number, decided=score("60.00"), reason=TALK)


def test_a_far_re_mark_is_decided_by_the_chair_after_the_talk(board: Board, now: datetime) -> None:
    appeal = ask(board, 1)
    appoint(board, "M11", "M12", "M13")
    chair = _chair(board)
    assert _missing(board, over_at(board)) == ["appeals_without_markers"]
    remarking.name_remarkers(chair, board.competition, appeal.number)
    for _number in range(2):
        remark(board, appeal, "50.00")
    assert _missing(board, over_at(board)) == ["appeals_undecided"]
    with pytest.raises(ConflictError, match="gate_shut"):
        merging.close_appeals(board.ctx(Role.ORGANISER, at=over_at(board)), board.competition)

    with pytest.raises(ConflictError, match="dialogue_not_noted"):
        remarking.decide_appeal(chair, board.competition, appeal.number, decided=score("66.00"), reason=TALK)
    remarking.note_dialogue(chair, board.competition, appeal.number, text=TALK)
    with pytest.raises(ConflictError, match="dialogue_noted_already"):
        remarking.note_dialogue(chair, board.competition, appeal.number, text=f"{TALK} Bổ sung.")
    member = board.ctx(assigned(board, Role.COUNCIL_MEMBER, "C07"), at=over_at(board))
    with pytest.raises(NotAllowedError, match="chair_decides_appeal"):
        remarking.decide_appeal(member, board.competition, appeal.number, decided=score("66.00"), reason=TALK)
    with pytest.raises(InvalidError, match="decision_outside_marks"):
        remarking.decide_appeal(chair, board.competition, appeal.number, decided=score("71.00"), reason=TALK)
    remarking.decide_appeal(chair, board.competition, appeal.number, decided=score("66.00"), reason=TALK)

    row = board.session.scalars(select(RecordRow).where(RecordRow.event == "appeal:decided")).one()
    assert json.loads(row.payload or "") == {"part": "written", "score": "66.00", "reason": TALK}
    assert row.subject == f"script/{appeal.script}"
    merging.close_appeals(board.ctx(Role.ORGANISER, at=over_at(board)), board.competition)
    assert board.competition.state is CompetitionState.PROPOSALS


def test_a_re_marker_who_falls_out_is_replaced_and_a_third_who_is_missing_is_named_later(board: Board) -> None:
    appeal = ask(board, 1)
    appoint(board, "M11", "M12", "M13")
    first, second = remarking.name_remarkers(_chair(board), board.competition, appeal.number)
    remark(board, appeal, "40.00", marker=first)
    with pytest.raises(ConflictError, match="remarker_has_locked"):
        remarking.replace_remarker(_chair(board), board.competition, appeal.number, marker=first, reason="Ốm.")
    taker = remarking.replace_remarker(_chair(board), board.competition, appeal.number, marker=second, reason="Ốm.")
    assert {first, second, taker} == {"M11", "M12", "M13"}
    gone = next(marker for marker in board.markers if marker.pseudonym == second)
    with pytest.raises(NotFoundError):
        get_blind_script(board.session, board.competition.id, gone.id, appeal.script)

    # A marker of the first rounds who never had this script is asked when nobody else is left.
    spare = next(m for m in board.markers[:3] if m not in board.pair(appeal.script))
    spare.revoked_at = over_at(board)
    board.session.flush()
    remark(board, appeal, "42.50", marker=taker)
    standing = get_appeal_standing(board.session, board.competition, appeal.number)
    assert standing.needs_third
    assert _missing(board, over_at(board)) == ["appeals_being_marked"]
    spare.revoked_at = None
    board.session.flush()
    assert remarking.name_remarkers(_chair(board), board.competition, appeal.number) == (spare.pseudonym,)
    remark(board, appeal, "40.00")
    assert (appeal.state, appeal.score) == (AppealState.SETTLED, score("60.00"))


def test_the_bundle_tells_every_appeal_and_the_verifier_recomputes_it(
    session: Session, now: datetime, tmp_path: Path
) -> None:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    signer = known_signer(settings)
    asked = {1: ("55.00", "55.00"), 6: ("20.00", "22.50", "25.00"), 8: ("50.00", "52.50", "45.00")}
    stage = make_stage(session, now, settings=settings, signer=signer, appeals=asked)
    version = compute_result(stage.ctx(Role.ORGANISER), stage.competition)
    _sign(stage, version)

    document = json.loads(version.document)
    assert recompute(document) == []
    steps = {
        one["code"]: part["appeal"] and (part["appeal"]["step"], part["appeal"]["score"])
        for one in document["candidates"]
        for part in one["parts"]
        if part["part"] == "written"
    }
    assert steps[stage.code(1)] == ("adopted", "75.00")
    assert steps[stage.code(6)] == ("adopted", "42.50")
    assert steps[stage.code(8)][0] == "chair"
    assert sum(1 for one in steps.values() if one) == 3

    origin = origin_of(signer.host_name, stage.competition.code)
    bundle = build_bundle(session, stage.competition, Audience.PUBLIC)
    said = {line["check"]: line for line in verifier.verify(bundle, VerifierKey(origin, signer.public_key).as_text())}
    # The scene skips the plan and the roster; the demonstration's bundle is checked as a whole elsewhere.
    for check in ("points", "settlements", "appeals", "scores", "totals", "ranks", "ties", "outcomes"):
        assert said[check]["state"] == "ok", said[check]["vi"]
    assert "3" in said["appeals"]["vi"]


def _sign(stage: Stage, version: ResultVersion) -> None:
    for who in (*stage.council[:3], stage.authority):
        stage.signs(who, version)
    publish_result(stage.ctx(Role.ORGANISER), stage.competition)


def test_holidays_and_swapped_days_move_the_end_of_the_window(session: Session, now: datetime, tmp_path: Path) -> None:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    board = make_board(session, now, settings=settings, candidates=1)
    (script,) = board.allocated()
    board.lock_pair(script.code, (CANARY, CANARY))
    codes.open_codes(board.ctx(Role.CHAIR), board.competition, words=board.sheets)
    # Friday 24 April 2026: Monday 27 is rest in lieu of Hùng Kings' day, 30 April and 1 May are holidays; the
    # administrator enters that Saturday 2 May is worked.
    friday = datetime(2026, 4, 24, 3, 0, tzinfo=UTC)
    admin = replace(board.ctx(), now=now, actor=Actor(account_id=1, role=Role.ADMINISTRATOR, pseudonym="Q01"))
    swap_day(admin, day=date(2026, 5, 2), kind=DayKind.WORKED, reason="Công văn số 1/LĐTBXH")
    with pytest.raises(ConflictError, match="day_already_swapped"):
        swap_day(admin, day=date(2026, 5, 2), kind=DayKind.REST, reason="Công văn số 2/LĐTBXH")
    with pytest.raises(ConflictError, match="day_is_so_already"):
        swap_day(admin, day=date(2026, 5, 1), kind=DayKind.REST, reason="Công văn số 2/LĐTBXH")
    with pytest.raises(NotAllowedError):
        swap_day(board.ctx(Role.ORGANISER), day=date(2026, 5, 9), kind=DayKind.WORKED, reason="Công văn số 2/LĐTBXH")

    merging.publish_written(board.ctx(Role.ORGANISER, at=friday), board.competition)

    # 28 and 29 April, 2, 4 and 5 May.
    assert board.competition.appeals_close_at is not None
    assert board.competition.appeals_close_at.isoformat() == "2026-05-06T00:00:00+07:00"
    take_back_day(admin, date(2026, 5, 2))
    said = session.scalars(select(RecordRow.payload).where(RecordRow.event == "calendar:changed")).all()
    assert [json.loads(row or "")["kept"] for row in said] == [True, False]
