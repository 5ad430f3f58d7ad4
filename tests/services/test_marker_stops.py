"""A marker who moves away from the own level is paused in time, nobody else is; the head lets go on or replaces."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.marking import MarkState, ScriptKind, ScriptState
from examsite.domain.permissions import Role
from examsite.domain.questions import Text
from examsite.services import marker_alarms, marker_stops, marking, rubric_changes
from examsite.services.allocations import draw_allocation
from examsite.statistics.drift import Alarm, Direction
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.marking import Mark, MarkWithdrawal, Script
from examsite.storage.models.records import RecordRow
from examsite.storage.models.standardisation import MarkerAlarm, MarkerStop
from examsite.storage.queries.code_checklists import list_missing_before_opening
from examsite.storage.queries.marking_statistics import list_locked_marks
from examsite.storage.queries.queues import list_queue
from examsite.storage.queries.standardisation import find_hold, list_open_alarms
from tests.factories.marking import NO_SEEDS, Board, make_board
from tests.factories.standardisation import agree, with_rules
from tests.factories.told_rows import assert_told
from tests.factories.withdrawals import withdraw_mark

STEP = Decimal("2.50")


@pytest.fixture
def board(session: Session, now: datetime, tmp_path: Path) -> Iterator[Board]:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    made = make_board(session, now, settings=settings)
    yield made
    assert_told(session, made.competition, MarkerStop, MarkerAlarm)


def _many(board: Board, scripts: int) -> None:
    """More scripts than a room has seats: nobody stands behind them, which marking never asks."""
    known = board.sealed()[0]
    taken = set(board.session.scalars(select(Script.code)))
    codes = [code for code in (f"{number:04d}" for number in range(1000, 9999)) if code not in taken]
    board.session.add_all(
        Script(
            competition_id=board.competition.id,
            post_id=known.post_id,
            paper_id=known.paper_id,
            code=code,
            content=known.content,
            content_sha256=f"{int(code):064x}",
        )
        for code in codes[: scripts - len(taken)]
    )
    board.session.flush()


def _ready(board: Board, *, scripts: int, seeds: int, percent: str) -> dict[str, Decimal]:
    """Queues drawn with seeds in them; the true points of each script."""
    _many(board, scripts)
    with_rules(board, seed_percent=percent)
    chance = random.Random(7)
    true = {}
    for _number in range(seeds):
        points = STEP * chance.randint(8, 18)
        true[agree(board, ScriptKind.SEED, str(points)).script.code] = points
    draw_allocation(board.ctx(Role.CHAIR), board.competition, without_seeds=NO_SEEDS)
    for script in board.session.scalars(select(Script).where(Script.kind == ScriptKind.LIVE)):
        true[script.code] = STEP * chance.randint(8, 18)
    return true


def _lock(board: Board, marker: RoleAssignment, code: str, points: Decimal, minute: int, *, revision: int = 0) -> Mark:
    ctx = board.ctx(marker, at=board.room.now + timedelta(hours=6, minutes=minute))
    given = board.points(str(points))
    draft = marking.save_draft(ctx, board.competition, code, revision=revision, points=given, comments={})
    return marking.lock_mark(ctx, board.competition, code, revision=draft.revision)


def _stops(board: Board) -> list[MarkerStop]:
    return list(board.session.scalars(select(MarkerStop).order_by(MarkerStop.id)))


def test_a_drift_of_four_points_from_script_40_is_stopped_within_20_scripts(board: Board) -> None:
    true = _ready(board, scripts=100, seeds=7, percent="10")
    drifting = board.markers[0]
    chance = random.Random(11)
    queues = {
        marker.id: [entry.code for entry in list_queue(board.session, board.competition.id, marker.id)]
        for marker in board.markers
    }
    stopped_at = 0

    for number in range(1, 61):
        for marker in board.markers:
            if marker is drifting and stopped_at:
                continue
            code = queues[marker.id][number - 1]
            error = STEP * chance.choice((-1, 0, 0, 0, 1))
            if marker is drifting and number > 40:
                error += chance.choice((STEP, 2 * STEP, 2 * STEP))  # 4.17 points on average
            _lock(board, marker, code, true[code] + error, number)
        if not stopped_at and find_hold(board.session, drifting.id):
            stopped_at = number
    (stop,) = _stops(board)

    assert stop.assignment_id == drifting.id
    assert 40 < stopped_at <= 60
    assert (stop.cause, stop.figures["direction"], stop.stopped_by_id) == ("drift", "lenient", None)
    with pytest.raises(ConflictError, match="marker_paused"):
        _lock(board, drifting, queues[drifting.id][stopped_at], Decimal(30), 99)


def _tolerance(board: Board) -> tuple[MarkerStop, dict[str, Decimal]]:
    """Three seeds in a row far off: paused; the true points of each script."""
    true = _ready(board, scripts=16, seeds=5, percent="40")
    marker = board.markers[0]
    codes = [entry.code for entry in list_queue(board.session, board.competition.id, marker.id)]
    other = board.markers[1]
    for number, entry in enumerate(list_queue(board.session, board.competition.id, other.id)):
        _lock(board, other, entry.code, true[entry.code], number)
    seeds = set(board.session.scalars(select(Script.code).where(Script.kind == ScriptKind.SEED)))
    met = 0
    for number, code in enumerate(codes):
        if find_hold(board.session, marker.id):
            break
        met += code in seeds
        off = Decimal(0) if met <= 1 else 4 * STEP
        _lock(board, marker, code, true[code] + off, 20 + number)
    (stop,) = _stops(board)
    assert Decimal(str(stop.figures["mean_error"])) > 5, "the head reads by how much"
    return stop, true


def test_work_since_the_last_good_seed_goes_to_others_by_two_people(board: Board) -> None:
    stop, true = _tolerance(board)
    marker = board.markers[0]
    head = board.ctx(Role.MARKING_HEAD, at=board.room.now + timedelta(hours=9))
    named = [mark.script for mark in marker_stops.list_doubtful(head, board.competition, stop)]
    assert named
    assert set(named) < set(true)
    # How far a seed may lie off and still be good is a figure of the rule set.
    with_rules(board, mean_at_most='"10.00"', third_from='"20.00"')
    lenient = [mark.script for mark in marker_stops.list_doubtful(head, board.competition, stop)]
    assert set(lenient) < set(named)
    with_rules(board, mean_at_most='"5.00"', third_from='"10.00"')

    followed = marker_stops.replace_marker(head, board.competition, stop.id, reason="Lệch quá ngưỡng ở bài mẫu.")

    wishes = list(board.session.scalars(select(MarkWithdrawal)))
    assert followed.withdrawals == len(wishes) == len(named)
    assert {board.session.get_one(Mark, wish.mark_id).state for wish in wishes} == {MarkState.LOCKED}
    open_left = [
        entry.code for entry in list_queue(board.session, board.competition.id, marker.id) if not entry.is_locked
    ]
    assert open_left == []
    withdraw_mark(board.ctx(Role.CHAIR, at=board.room.now + timedelta(hours=10)), board.competition, wishes[0].id)
    withdrawn = board.session.get_one(Mark, wishes[0].mark_id)
    assert withdrawn.state is MarkState.WITHDRAWN
    assert board.session.get_one(Script, withdrawn.script_id or 0).state is ScriptState.MARKING
    assert find_hold(board.session, marker.id) is not None


def test_codes_stay_sealed_while_the_head_owes_a_decision_about_a_marker(board: Board) -> None:
    board.allocated()
    head = board.ctx(Role.MARKING_HEAD)
    moves = {name: Alarm(Direction.LENIENT, 12, 5.0) for name in ("M02", "M03")}
    marker_alarms.name_markers(board.ctx(board.markers[1]), board.competition, moves)
    stop = marker_stops.stop_marker(head, board.competition, "M01", reason="Cần trao đổi về câu 2.")

    def owed() -> set[str]:
        return {item.code for item in list_missing_before_opening(board.session, board.competition, board.room.now)}

    assert owed() >= {"marker_stops_undecided", "marker_alarms_undecided"}
    marker_stops.resume_marker(head, board.competition, stop.id, reason="Đã trao đổi.")
    (alarm,) = list_open_alarms(board.session, board.competition.id)
    marker_alarms.leave_markers(head, board.competition, alarm.id, reason="Hai người đã đối chiếu.")
    assert not owed() & {"marker_stops_undecided", "marker_alarms_undecided"}


def test_the_head_lets_go_on_with_a_reason_and_the_watch_begins_anew(board: Board) -> None:
    stop, true = _tolerance(board)
    head = board.ctx(Role.MARKING_HEAD, at=board.room.now + timedelta(hours=9))
    marker = board.markers[0]
    with pytest.raises(InvalidError, match="reason_missing"):
        marker_stops.resume_marker(head, board.competition, stop.id, reason=" ")

    marker_stops.resume_marker(head, board.competition, stop.id, reason="Đã trao đổi lại hướng dẫn chấm.")

    left = [entry.code for entry in list_queue(board.session, board.competition.id, marker.id) if not entry.is_locked]
    _lock(board, marker, left[0], true[left[0]], 200)
    assert find_hold(board.session, marker.id) is None
    with pytest.raises(ConflictError, match="stop_already_decided"):
        marker_stops.resume_marker(head, board.competition, stop.id, reason="Lần nữa")
    (decided,) = board.session.scalars(select(RecordRow).where(RecordRow.event == "marker:decided"))
    assert decided.subject == f"competition/{board.competition.code}"


def test_the_head_stops_by_hand_and_drafts_are_still_kept(board: Board) -> None:
    board.allocated()
    marker = board.markers[0]
    code = list_queue(board.session, board.competition.id, marker.id)[0].code
    head = board.ctx(Role.MARKING_HEAD)
    with pytest.raises(NotAllowedError):
        marker_stops.stop_marker(board.ctx(marker), board.competition, "M02", reason="x")

    marker_stops.stop_marker(head, board.competition, "M01", reason="Cần trao đổi về câu 2.")

    ctx: Any = board.ctx(marker)
    draft = marking.save_draft(
        ctx, board.competition, code, revision=0, points=board.points("40"), comments={"": "Còn đây"}
    )
    with pytest.raises(ConflictError, match="marker_paused"):
        marking.lock_mark(ctx, board.competition, code, revision=draft.revision)
    with pytest.raises(ConflictError, match="marker_paused"):
        marker_stops.stop_marker(head, board.competition, "M01", reason="Lần nữa")


def test_new_words_of_a_criterion_pause_nobody(board: Board) -> None:
    true = _ready(board, scripts=45, seeds=5, percent="10")
    queues = {row.id: list_queue(board.session, board.competition.id, row.id) for row in board.markers}
    for marker in board.markers:
        for number, entry in enumerate(queues[marker.id][:12], start=1):
            _lock(board, marker, entry.code, true[entry.code], number)
    paper = board.room.paper.code
    touched = board.rubric.human[0]
    change = rubric_changes.propose_change(
        board.ctx(Role.MARKING_HEAD),
        board.competition,
        paper,
        touched.criterion,
        text=Text("Nêu đúng hai việc phải tách", "Separates the two issues"),
        levels=touched.levels,
        reason="Mức 3 nói hai điều trái nhau.",
    )
    rubric_changes.agree_change(board.ctx(Role.SETTER), board.competition, change.id)

    assert list_locked_marks(board.session, board.competition.id) == []
    for marker in board.markers:
        for number, entry in enumerate(queues[marker.id], start=1):
            # By the new words everybody gives three steps more, seeds included; what was locked is marked again.
            revision = 2 if number <= 12 else 0
            _lock(board, marker, entry.code, true[entry.code] + 3 * STEP, 60 + number, revision=revision)

    assert _stops(board) == []
    errors = {row.error for row in list_locked_marks(board.session, board.competition.id)}
    assert errors == {None}
