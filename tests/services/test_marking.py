"""From closed rooms to published written results: codes, blind marks, every rung of the ladder, the opening."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.canonical import canonical_bytes, sha256_hex
from examsite.domain.competitions import CompetitionState, GateEvent
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from examsite.domain.marking import NeededAct, ScriptState
from examsite.domain.permissions import Role
from examsite.domain.scores import score
from examsite.domain.sittings import IncidentState, SittingState
from examsite.services import allocations, codes, marking, merging, settling
from examsite.services.redactions import look_through
from examsite.storage.models.dossiers import ConflictDeclaration
from examsite.storage.models.marking import Allocation, Mark, Script
from examsite.storage.models.records import RecordRow
from examsite.storage.models.sittings import AnswerVersion, Incident
from examsite.storage.queries.codes import written_results
from examsite.storage.queries.gates import list_missing
from examsite.storage.queries.marking import list_standings, list_unseen_straddles
from examsite.storage.queries.queues import get_blind_script, list_queue
from tests.factories.code_maps import closed_map
from tests.factories.marking import NO_SEEDS, Board, make_board
from tests.scenes import Keep

#: Reasons of the head.
TALKED = "Đã trao đổi, hai bên cùng thống nhất."
TOGETHER = "Cả ban chấm lại cùng nhau, theo từng tiêu chí."

MakeBoard = Callable[..., Board]


@pytest.fixture
def make(session: Session, now: datetime, tmp_path: Path, keep: Keep) -> MakeBoard:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)

    def build(**named: Any) -> Board:
        def build_once() -> Board:
            return make_board(session, now, settings=settings, **named)

        return keep(f"board {named}", build_once, session, tmp_path, settings=settings)

    return build


def _records(board: Board, event: str) -> list[RecordRow]:
    return list(board.session.scalars(select(RecordRow).where(RecordRow.event == event).order_by(RecordRow.seq)))


def _payload(row: RecordRow) -> Any:
    return json.loads(row.payload or "null")


# --- codes -----------------------------------------------------------------------------------------------------------


def test_sealing_makes_a_script_for_everyone_present_and_records_the_map(make: MakeBoard) -> None:
    board = make(candidates=5, absent=1)

    scripts = board.sealed()

    assert board.competition.state is CompetitionState.MARKING
    assert [script.code for script in scripts] == sorted(script.code for script in scripts)
    assert [script.id for script in scripts] == sorted(script.id for script in scripts)
    assert {script.state for script in scripts} == {ScriptState.SEALED}
    (sealed,) = _records(board, "codes:sealed")
    assert (sealed.actor, sealed.subject) == ("keeper/K01", "codes/VH-2026-01")
    closed = closed_map(board.session, board.competition.id, board.sheets)
    by_script = {row["script"]: row for row in json.loads(closed.records[sealed.seq][1])["map"]}
    assert list(by_script) == sorted(by_script)
    assert len(by_script) == 4
    for line in closed.lines:
        script = board.script(line.script)
        row = by_script[script.code]
        place = board.candidate_of(script.code)
        assert row["candidate"] == board.room.candidacies[place].public_code
        assert row["answers_seq"] == line.answers_seq == board.room.attempt(place).record_seq
        expected = sha256_hex(bytes.fromhex(line.salt) + canonical_bytes(script.content))
        assert row["content"] == script.content_sha256 == expected


def test_sealing_locks_the_marks_of_the_system_in_the_order_of_scripts(make: MakeBoard) -> None:
    board = make(right=7)

    scripts = board.sealed()

    locked = _records(board, "mark:locked")
    assert [row.subject for row in locked] == [f"script/{script.code}" for script in scripts]
    assert {row.actor for row in locked} == {"system"}
    first = _payload(locked[0])
    assert (first["part"], first["round"], first["total"]) == ("written", 0, "14.00")
    assert first["content"] == scripts[0].content_sha256
    assert sorted(first["points"]) == [f"Q{number:02d}" for number in range(1, 21)]


def test_scripts_carry_essays_and_nothing_of_the_person(make: MakeBoard) -> None:
    board = make()

    scripts = board.sealed()

    assert len(scripts) == len(board.room.candidacies)
    for script in scripts:
        assert [part["item"] for part in script.content] == ["E1", "E2"]
        assert all(sorted(part) == ["item", "text"] for part in script.content)


def test_the_newest_version_that_counts_is_what_markers_see(make: MakeBoard, now: datetime) -> None:
    board = make(candidates=2)
    attempt = board.room.attempt(0)
    for epoch, number, text, aside in ((2, 1, "Bản mới: cà phê", False), (3, 9, "đến muộn", True), (1, 8, "cũ", False)):
        board.session.add(
            AnswerVersion(
                attempt_id=attempt.id,
                item="E1",
                epoch=epoch,
                number=number,
                content=json.dumps(text),
                received_at=now,
                set_aside=aside,
            )
        )

    scripts = {board.candidate_of(script.code): script for script in board.sealed()}

    assert scripts[0].content[0] == {"item": "E1", "text": "Bản mới: cà phê"}


@pytest.mark.parametrize("essay", ["a\u0000b", "lone \ud800", "", "cafe\u0301\r\nx", 'dấu " và \\ và <b>'])
def test_any_essay_can_be_sealed(make: MakeBoard, essay: str) -> None:
    board = make(candidates=1, essays=["đủ", "đủ"])
    version = board.session.scalars(select(AnswerVersion).where(AnswerVersion.item == "E1")).one()
    version.content = json.dumps(essay)

    (script,) = board.sealed()

    assert "\u0000" not in script.content[0]["text"]
    assert "\r" not in script.content[0]["text"]


def test_codes_are_drawn_once_and_only_when_the_room_owes_nothing(make: MakeBoard) -> None:
    board = make()
    board.room.sitting.attendance_signed_at = None
    with pytest.raises(ConflictError, match="gate_shut"):
        codes.draw_script_codes(board.ctx(Role.CHAIR), board.competition)
    board.room.sitting.attendance_signed_at = board.room.now
    look_through(board.ctx(Role.KEEPER), board.competition)
    with pytest.raises(ConflictError, match="gate_shut"):
        codes.seal_codes(board.ctx(Role.KEEPER), board.competition)
    codes.draw_script_codes(board.ctx(Role.CHAIR), board.competition)

    with pytest.raises(ConflictError, match="codes_already_drawn"):
        codes.draw_script_codes(board.ctx(Role.CHAIR), board.competition)


def test_checklist_before_sealing_names_what_the_room_owes(make: MakeBoard, now: datetime) -> None:
    board = make()
    look_through(board.ctx(Role.KEEPER), board.competition)

    def owed() -> set[str]:
        found = list_missing(board.session, board.competition, GateEvent.CODES_SEALED, now=now)
        return {item.code for item in found}

    assert owed() == {"codes_not_drawn"}
    _incident(board, now, state=IncidentState.RECORDED)
    board.room.sitting.attendance_signed_at = None
    board.session.flush()
    assert owed() == {"codes_not_drawn", "attendance_not_signed", "incidents_undecided"}

    board.room.sitting.state = SittingState.STARTED
    board.room.sitting.closed_at = None
    board.session.flush()

    assert owed() == {"codes_not_drawn", "sitting_not_closed", "incidents_undecided"}


def test_undecided_incident_keeps_the_codes(make: MakeBoard, now: datetime) -> None:
    board = make()
    _incident(board, now, state=IncidentState.RECORDED)

    with pytest.raises(ConflictError, match="gate_shut"):
        codes.draw_script_codes(board.ctx(Role.CHAIR), board.competition)


@pytest.mark.parametrize("role", [Role.ORGANISER, Role.CHAIR, Role.MARKING_HEAD])
def test_only_the_keeper_seals(make: MakeBoard, role: Role) -> None:
    board = make()
    look_through(board.ctx(Role.KEEPER), board.competition)
    codes.draw_script_codes(board.ctx(Role.CHAIR), board.competition)

    with pytest.raises(NotAllowedError):
        codes.seal_codes(board.ctx(role), board.competition)


# --- allocation ------------------------------------------------------------------------------------------------------


def test_allocation_gives_each_script_to_two_markers_with_even_loads(make: MakeBoard) -> None:
    board = make(candidates=7, markers=4)

    scripts = board.allocated()

    pairs = {script.code: board.pair(script.code) for script in scripts}
    assert all(len(pair) == 2 and pair[0].id != pair[1].id for pair in pairs.values())
    loads = Counter(marker.pseudonym for pair in pairs.values() for marker in pair)
    assert max(loads.values()) - min(loads.values()) <= 1
    for marker in board.markers:
        queue = list_queue(board.session, board.competition.id, marker.id)
        assert [entry.position for entry in queue] == list(range(1, len(queue) + 1))
    (drawn,) = _records(board, "allocation:drawn")
    assert drawn.actor == "council/C01"
    assert {code for order in _payload(drawn)["orders"].values() for code in order} == set(pairs)


def test_allocation_keeps_a_declared_conflict_apart(make: MakeBoard, now: datetime) -> None:
    board = make(candidates=6, markers=3)
    barred = board.markers[1]
    for candidacy in board.room.candidacies[:3]:
        board.session.add(
            ConflictDeclaration(
                assignment_id=barred.id, candidacy_id=candidacy.id, relation="Anh ruột", declared_at=now
            )
        )
    board.session.flush()

    scripts = board.allocated()

    near = [script.code for script in scripts if board.candidate_of(script.code) < 3]
    assert len(near) == 3
    for code in near:
        assert barred.id not in {marker.id for marker in board.pair(code)}


def test_allocation_needs_three_markers(make: MakeBoard) -> None:
    board = make(markers=2)
    board.sealed()

    with pytest.raises(ConflictError, match="markers_too_few"):
        allocations.draw_allocation(board.ctx(Role.CHAIR), board.competition, without_seeds=NO_SEEDS)


def test_allocation_is_drawn_once(make: MakeBoard) -> None:
    board = make()
    board.allocated()

    with pytest.raises(ConflictError, match="allocation_already_drawn"):
        allocations.draw_allocation(board.ctx(Role.CHAIR), board.competition, without_seeds=NO_SEEDS)


# --- drafts and locks ------------------------------------------------------------------------------------------------


def test_draft_keeps_points_and_comments_and_counts_its_saves(make: MakeBoard) -> None:
    board = make()
    code = board.allocated()[0].code
    marker = board.pair(code)[0]
    ctx = board.ctx(marker)
    first = board.rubric.human[0].criterion

    mark = marking.save_draft(
        ctx, board.competition, code, revision=0, points={first: score("7.50")}, comments={first: " Rõ. ", "": ""}
    )

    blind = get_blind_script(board.session, board.competition.id, marker.id, code)
    assert blind.mark is mark
    assert (mark.revision, mark.points, mark.comments) == (1, {first: "7.50"}, {first: "Rõ."})
    again = marking.save_draft(
        ctx, board.competition, code, revision=1, points={first: score("7.50")}, comments={first: "Rõ."}
    )
    assert again.revision == 1


def test_second_page_on_one_draft_is_a_visible_conflict(make: MakeBoard) -> None:
    board = make()
    code = board.allocated()[0].code
    ctx = board.ctx(board.pair(code)[0])
    first = board.rubric.human[0].criterion
    mark = marking.save_draft(
        ctx, board.competition, code, revision=0, points={first: score(5)}, comments={"": "trang một"}
    )

    with pytest.raises(ConflictError, match="draft_changed_elsewhere"):
        marking.save_draft(
            ctx, board.competition, code, revision=0, points={first: score(10)}, comments={"": "trang hai"}
        )

    assert (mark.points, mark.comments) == ({first: "5.00"}, {"": "trang một"})


@pytest.mark.parametrize(
    ("points", "refusal"),
    [("-2.50", "points_negative"), ("12.50", "points_above_maximum"), ("7.00", "points_off_step")],
)
def test_draft_refuses_points_that_the_rubric_cannot_give(make: MakeBoard, points: str, refusal: str) -> None:
    board = make()
    code = board.allocated()[0].code
    ctx = board.ctx(board.pair(code)[0])
    first = next(criterion for criterion in board.rubric.human if criterion.maximum == 10)

    with pytest.raises(InvalidError, match=refusal):
        marking.save_draft(
            ctx, board.competition, code, revision=0, points={first.criterion: score(points)}, comments={}
        )


def test_draft_refuses_the_systems_criteria(make: MakeBoard) -> None:
    board = make()
    code = board.allocated()[0].code

    with pytest.raises(InvalidError, match="criterion_unknown"):
        marking.save_draft(
            board.ctx(board.pair(code)[0]), board.competition, code, revision=0, points={"Q01": score(2)}, comments={}
        )


def test_marker_cannot_reach_the_script_of_others(make: MakeBoard) -> None:
    board = make()
    code = board.allocated()[0].code
    inside = {marker.id for marker in board.pair(code)}
    outsider = next(marker for marker in board.markers if marker.id not in inside)

    with pytest.raises(NotFoundError, match="script_not_found"):
        marking.save_draft(board.ctx(outsider), board.competition, code, revision=0, points={}, comments={})


def test_lock_needs_every_criterion_and_is_for_good(make: MakeBoard) -> None:
    board = make()
    script = board.allocated()[0]
    marker = board.pair(script.code)[0]
    ctx = board.ctx(marker)
    first, *_rest = board.rubric.human
    draft = marking.save_draft(
        ctx, board.competition, script.code, revision=0, points={first.criterion: score(0)}, comments={}
    )
    with pytest.raises(InvalidError, match="points_missing"):
        marking.lock_mark(ctx, board.competition, script.code, revision=draft.revision)
    draft = marking.save_draft(
        ctx, board.competition, script.code, revision=1, points=board.points("32.50"), comments={}
    )
    with pytest.raises(ConflictError, match="draft_changed_elsewhere"):
        marking.lock_mark(ctx, board.competition, script.code, revision=1)

    marking.lock_mark(ctx, board.competition, script.code, revision=2)

    row = _records(board, "mark:locked")[-1]
    assert (row.actor, row.subject) == (f"marker/{marker.pseudonym}", f"script/{script.code}")
    payload = _payload(row)
    assert (payload["part"], payload["round"], payload["total"]) == ("written", 1, "32.50")
    assert payload["content"] == script.content_sha256
    assert script.state is ScriptState.MARKING
    assert list_standings(board.session, board.competition) == []
    for act in (
        lambda: marking.save_draft(ctx, board.competition, script.code, revision=2, points={}, comments={}),
        lambda: marking.lock_mark(ctx, board.competition, script.code, revision=2),
    ):
        with pytest.raises(ConflictError, match="mark_already_locked"):
            act()


# --- settling --------------------------------------------------------------------------------------------------------


def test_close_marks_settle_at_their_mean(make: MakeBoard) -> None:
    board = make()
    script = board.allocated()[0]

    board.lock_pair(script.code, ("40.00", "42.50"))

    assert (script.state, script.step, script.score) == (ScriptState.SETTLED, "mean", score("61.25"))


def test_marks_on_two_sides_of_the_pass_mark_wait_for_the_heads_word(make: MakeBoard) -> None:
    board = make()
    script = board.allocated()[0]
    board.lock_pair(script.code, ("27.50", "30.00"))
    (standing,) = list_standings(board.session, board.competition)
    assert standing.straddle_unseen
    assert standing.needs_head
    assert standing.is_settled

    settling.acknowledge_straddle(board.ctx(Role.MARKING_HEAD), board.competition, script.code)

    (standing,) = list_standings(board.session, board.competition)
    assert not standing.straddle_unseen
    (row,) = _records(board, "straddle:seen")
    assert (row.actor, row.subject) == ("head/H01", f"script/{script.code}")
    with pytest.raises(ConflictError, match="straddle_not_due"):
        settling.acknowledge_straddle(board.ctx(Role.MARKING_HEAD), board.competition, script.code)


def test_middle_gap_is_decided_by_the_head_with_a_reason(make: MakeBoard) -> None:
    board = make()
    script = board.allocated()[0]
    board.lock_pair(script.code, ("30.00", "37.50"))
    head = board.ctx(Role.MARKING_HEAD)
    assert script.state is ScriptState.SETTLING
    with pytest.raises(InvalidError, match="reason_missing"):
        settling.decide_settlement(head, board.competition, script.code, decided=score("54.00"), reason="  ")
    with pytest.raises(InvalidError, match="score_out_of_range"):
        settling.decide_settlement(head, board.competition, script.code, decided=score("100.01"), reason="Vì")
    with pytest.raises(ConflictError, match="third_marker_not_due"):
        allocations.allocate_third(head, board.competition, script.code)

    board.talked(script.code)
    settling.decide_settlement(head, board.competition, script.code, decided=score("54.00"), reason=TALKED)

    assert (script.state, script.step, script.score) == (ScriptState.SETTLED, "discussed", score(54))
    (row,) = _records(board, "settlement:decided")
    assert (row.actor, row.subject) == ("head/H01", f"script/{script.code}")
    assert _payload(row) == {"part": "written", "step": "discussed", "score": "54.00", "reason": TALKED}
    with pytest.raises(ConflictError, match="decision_not_due"):
        settling.decide_settlement(head, board.competition, script.code, decided=score(1), reason="lại")


def test_wide_gap_goes_to_the_third_marker_and_two_equal_settle(make: MakeBoard) -> None:
    board = make()
    script = board.allocated()[0]
    board.lock_pair(script.code, ("20.00", "40.00"))
    head = board.ctx(Role.MARKING_HEAD)
    with pytest.raises(ConflictError, match="decision_not_due"):
        settling.decide_settlement(head, board.competition, script.code, decided=score(50), reason="Vì")
    first_two = {marker.id for marker in board.pair(script.code)}

    allocations.allocate_third(head, board.competition, script.code)

    (third,) = board.pair(script.code, round_number=2)
    assert third.id not in first_two
    with pytest.raises(ConflictError, match="third_marker_not_due"):
        allocations.allocate_third(head, board.competition, script.code)
    board.lock(third, script.code, "40.00")
    assert (script.state, script.step, script.score) == (ScriptState.SETTLED, "third-equal", score(60))
    assert _payload(_records(board, "mark:locked")[-1])["round"] == 2


def test_three_different_marks_are_for_collective_marking(make: MakeBoard) -> None:
    board = make()
    script = board.allocated()[0]
    head = board.ctx(Role.MARKING_HEAD)
    board.lock_pair(script.code, ("20.00", "40.00"))
    allocations.allocate_third(head, board.competition, script.code)
    board.lock(board.pair(script.code, round_number=2)[0], script.code, "30.00")
    (standing,) = list_standings(board.session, board.competition)
    assert standing.standing.act is NeededAct.HEAD_DECIDES_COLLECTIVE

    settling.decide_settlement(head, board.competition, script.code, decided=score("51.25"), reason=TOGETHER)

    assert (script.state, script.step, script.score) == (ScriptState.SETTLED, "collective", score("51.25"))


def test_third_marker_in_conflict_is_missed_not_forced(make: MakeBoard, now: datetime) -> None:
    board = make(candidates=1)
    script = board.allocated()[0]
    inside = {marker.id for marker in board.pair(script.code)}
    outsider = next(marker for marker in board.markers if marker.id not in inside)
    board.session.add(
        ConflictDeclaration(
            assignment_id=outsider.id,
            candidacy_id=board.room.candidacies[0].id,
            relation="Vợ",
            declared_at=now,
        )
    )
    board.session.flush()
    board.lock_pair(script.code, ("0.00", "60.00"))

    with pytest.raises(ConflictError, match="third_marker_missing"):
        allocations.allocate_third(board.ctx(Role.MARKING_HEAD), board.competition, script.code)


@pytest.mark.parametrize("role", [Role.CHAIR, Role.ORGANISER, Role.KEEPER])
def test_only_the_head_settles(make: MakeBoard, role: Role) -> None:
    board = make()
    script = board.allocated()[0]
    board.lock_pair(script.code, ("30.00", "37.50"))

    with pytest.raises(NotAllowedError):
        settling.decide_settlement(board.ctx(role), board.competition, script.code, decided=score(50), reason="Vì")


# --- opening, merging, publishing ------------------------------------------------------------------------------------


def _incident(board: Board, now: datetime, *, place: int = 0, **named: Any) -> Incident:
    row = Incident(
        sitting_id=board.room.sitting.id,
        candidacy_id=board.room.candidacies[place].id,
        minutes="Trao đổi bài",
        recorded_at=now,
        recorded_by_id=board.room.people[Role.INVIGILATOR].account_id,
        **{"state": IncidentState.DECIDED, "measure": "reprimand", **named},
    )
    board.session.add(row)
    board.session.flush()
    return row


def _settle_all(board: Board, scripts: list[Script]) -> None:
    """One script on each rung: mean, astride, discussed, third equal, collective; any others at the mean."""
    head = board.ctx(Role.MARKING_HEAD)
    rungs = [("40.00", "42.50"), ("27.50", "30.00"), ("25.00", "32.50"), ("20.00", "40.00"), ("10.00", "50.00")]
    for script, totals in zip(scripts, rungs + rungs[:1] * len(scripts), strict=False):
        board.lock_pair(script.code, totals)
    settling.acknowledge_straddle(head, board.competition, scripts[1].code)
    board.talked(scripts[2].code)
    settling.decide_settlement(head, board.competition, scripts[2].code, decided=score(49), reason=TALKED)
    for script, third in ((scripts[3], "20.00"), (scripts[4], "30.00")):
        allocations.allocate_third(head, board.competition, script.code)
        board.lock(board.pair(script.code, round_number=2)[0], script.code, third)
    settling.decide_settlement(head, board.competition, scripts[4].code, decided=score("50.25"), reason=TOGETHER)


def test_codes_stay_sealed_until_every_score_stands(make: MakeBoard) -> None:
    board = make(candidates=2)
    scripts = board.allocated()
    board.lock_pair(scripts[0].code, ("40.00", "40.00"))
    with pytest.raises(ConflictError, match="gate_shut"):
        codes.open_codes(board.ctx(Role.CHAIR), board.competition, words=board.sheets)
    with pytest.raises(ConflictError, match="codes_not_opened"):
        written_results(board.session, board.competition)
    board.lock_pair(scripts[1].code, ("27.50", "30.00"))
    with pytest.raises(ConflictError, match="gate_shut") as refused:
        codes.open_codes(board.ctx(Role.CHAIR), board.competition, words=board.sheets)
    assert refused.value.params["first"] == "straddles_not_seen"
    unseen = [row for row in list_standings(board.session, board.competition) if row.straddle_unseen]
    assert [row.script for row in list_unseen_straddles(board.session, board.competition)] == [
        row.script for row in unseen
    ]


def test_whole_flow_gives_everyone_the_score_of_the_own_script(make: MakeBoard, now: datetime) -> None:
    board = make(candidates=7, absent=1)
    reprimand = _incident(board, now, place=1, percent=score(25), record_seq=3)
    _incident(board, now, place=2, measure="suspension", void=True, record_seq=4)
    scripts = board.allocated()
    _settle_all(board, scripts)
    settled = {board.candidate_of(script.code): script for script in scripts}

    codes.open_codes(board.ctx(Role.CHAIR), board.competition, words=board.sheets)

    (opened,) = _records(board, "codes:opened")
    assert _payload(opened) == {"sealed_seq": _records(board, "codes:sealed")[0].seq, "holders": ["S88", "S89"]}
    (deduction,) = _records(board, "deduction:applied")
    assert (deduction.actor, deduction.subject) == ("council/C01", f"candidate/{board.room.candidacies[1].public_code}")
    assert _payload(deduction) == {"part": "written", "percent": "25.00", "incident_seq": reprimand.record_seq}
    assert {script.state for script in scripts} == {ScriptState.OPENED}
    results = {result.candidacy_id: result for result in written_results(board.session, board.competition)}
    for place, candidacy in enumerate(board.room.candidacies):
        result = results[candidacy.id]
        assert result.public_code == candidacy.public_code
        if place == 0:
            assert (result.absent, result.outcome.score, result.passed) == (True, None, False)
            continue
        script = settled[place]
        assert result.entry.script == script.code
        if place == 2:
            assert (result.void, result.outcome.score, result.passed) == (True, None, False)
            continue
        expected = script.score if place != 1 else (script.score * 75 / 100).quantize(score("0.01"), "ROUND_HALF_UP")
        assert result.outcome.score == expected
        assert result.passed == (expected >= 50)
        assert result.settlement is not None
        assert result.settlement.step == script.step


def test_publication_opens_the_appeal_window_in_working_days(make: MakeBoard, now: datetime) -> None:
    board = make(candidates=1)
    (script,) = board.allocated()
    board.lock_pair(script.code, ("40.00", "40.00"))
    no_factor = replace(board.ctx(Role.CHAIR), factor_at=None)
    for opens in (codes.prepare_opening, codes.open_codes):
        with pytest.raises(NotAllowedError, match="fresh_factor_needed"):
            opens(no_factor, board.competition, words=board.sheets)
    codes.open_codes(board.ctx(Role.CHAIR), board.competition, words=board.sheets)
    organiser = board.ctx(Role.ORGANISER)
    with pytest.raises(NotAllowedError):
        merging.publish_written(board.ctx(Role.CHAIR), board.competition)
    with pytest.raises(NotAllowedError, match="fresh_factor_needed"):
        merging.publish_written(replace(organiser, factor_at=None), board.competition)

    merging.publish_written(organiser, board.competition)

    # Monday 16 March: five working days end on Monday 23 March at midnight in Vietnam.
    assert board.competition.appeals_close_at is not None
    assert board.competition.appeals_close_at.isoformat() == "2026-03-24T00:00:00+07:00"
    assert _payload(_records(board, "written:published")[0]) == {"part": "written"}
    with pytest.raises(ConflictError, match="gate_shut"):
        merging.close_appeals(organiser, board.competition)
    merging.close_appeals(board.ctx(Role.ORGANISER, at=now + timedelta(days=9)), board.competition)
    assert board.competition.state is CompetitionState.PROPOSALS


def test_nothing_is_marked_after_the_opening(make: MakeBoard) -> None:
    board = make(candidates=1)
    (script,) = board.allocated()
    board.lock_pair(script.code, ("40.00", "40.00"))
    codes.open_codes(board.ctx(Role.CHAIR), board.competition, words=board.sheets)

    with pytest.raises(ConflictError, match="marking_not_open"):
        marking.save_draft(
            board.ctx(board.pair(script.code)[0]), board.competition, script.code, revision=1, points={}, comments={}
        )


def test_marks_of_a_draft_never_reach_the_log(make: MakeBoard) -> None:
    board = make(candidates=1)
    (script,) = board.allocated()
    before = board.session.scalars(select(RecordRow.id)).all()

    marking.save_draft(
        board.ctx(board.pair(script.code)[0]),
        board.competition,
        script.code,
        revision=0,
        points=board.points("40.00"),
        comments={},
    )

    assert board.session.scalars(select(RecordRow.id)).all() == before
    assert board.session.scalars(select(Mark).where(Mark.round == 1)).one().total is None
    assert board.session.scalars(select(Allocation)).first() is not None
