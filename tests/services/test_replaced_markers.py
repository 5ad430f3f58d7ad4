"""There is one way to replace a marker; what nobody is left for waits under its name and goes on when somebody is."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.errors import ConflictError
from examsite.domain.permissions import Role
from examsite.domain.standardisation import StopOutcome
from examsite.services import marker_stops
from examsite.services.marking_statistics import KeptCoefficients, figures_of_marking
from examsite.services.withdrawals import request_withdrawal
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.dossiers import ConflictDeclaration
from examsite.storage.models.marking import Allocation, Mark, MarkWithdrawal, Script
from examsite.storage.models.records import RecordRow
from examsite.storage.models.standardisation import MarkerStop
from examsite.storage.queries.allocations import (
    Outlook,
    find_eligible,
    find_outlook,
    list_marker_loads,
    list_unassigned,
    standing_still,
)
from examsite.storage.queries.queues import list_queue
from tests.factories.marking import Board, make_board
from tests.factories.withdrawals import withdraw_mark

REASON = "Lệch mức chấm."


def _board(session: Session, now: datetime, tmp_path: Path, *, candidates: int, markers: int) -> Board:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    made = make_board(session, now, settings=settings, candidates=candidates, markers=markers)
    made.allocated()
    return made


def _holders(board: Board, code: str) -> set[int]:
    statement = (
        select(Allocation.assignment_id)
        .join(Script, Script.id == Allocation.script_id)
        .where(Script.code == code, Allocation.withdrawn_at.is_(None))
    )
    return set(board.session.scalars(statement))


def _queue(board: Board, marker: RoleAssignment) -> list[str]:
    return [row.code for row in list_queue(board.session, board.competition.id, marker.id)]


def _payloads(board: Board, event: str) -> list[dict[str, Any]]:
    rows = board.session.scalars(select(RecordRow).where(RecordRow.event == event).order_by(RecordRow.seq))
    return [json.loads(row.payload or "") for row in rows]


def _withdrawn(board: Board, marker: RoleAssignment) -> list[str]:
    """The marker is paused and replaced, the chair agrees to every withdrawal; the scripts."""
    head = board.ctx(Role.MARKING_HEAD)
    stop = marker_stops.stop_marker(head, board.competition, str(marker.pseudonym), reason=REASON)
    marker_stops.replace_marker(head, board.competition, stop.id, reason=REASON)
    wishes = list(board.session.scalars(select(MarkWithdrawal).order_by(MarkWithdrawal.id)))
    for wish in wishes:
        withdraw_mark(board.ctx(Role.CHAIR), board.competition, wish.id)
    return [board.session.get_one(Script, board.session.get_one(Mark, wish.mark_id).script_id).code for wish in wishes]


def test_withdrawn_scripts_of_a_replaced_marker_go_to_others_at_once(
    session: Session, now: datetime, tmp_path: Path
) -> None:
    board = _board(session, now, tmp_path, candidates=6, markers=4)
    fallen = board.markers[0]
    locked = _queue(board, fallen)[:2]
    for code in locked:
        board.lock(fallen, code, "40.00")

    assert sorted(_withdrawn(board, fallen)) == sorted(locked)

    for code in locked:
        assert len(_holders(board, code)) == 2
        assert fallen.id not in _holders(board, code)
    loads = list_marker_loads(session, board.competition.id)
    assert list_unassigned(session, board.competition.id, loads) == []
    changed = _payloads(board, "allocation:changed")
    assert {row["script"] for payload in changed for row in payload["scripts"]} >= set(locked)
    actors = set(session.scalars(select(RecordRow.actor).where(RecordRow.event == "allocation:changed")))
    assert actors == {"head/H01"}


def test_what_nobody_is_left_for_waits_under_its_name_until_a_pause_ends(
    session: Session, now: datetime, tmp_path: Path
) -> None:
    board = _board(session, now, tmp_path, candidates=3, markers=4)
    fallen, *others = board.markers
    locked = _queue(board, fallen)[0]
    board.lock(fallen, locked, "40.00")
    head = board.ctx(Role.MARKING_HEAD)
    outside = [row for row in others if row.id not in _holders(board, locked)]
    stops = [marker_stops.stop_marker(head, board.competition, str(row.pseudonym), reason=REASON) for row in outside]

    _withdrawn(board, fallen)

    loads = list_marker_loads(session, board.competition.id)
    unassigned = {row.code: row for row in list_unassigned(session, board.competition.id, loads)}
    assert locked in unassigned
    assert unassigned[locked].outlook == Outlook(is_open=False, paused=len(outside))
    later = head.now + timedelta(days=2)
    assert [row for row in standing_still(loads, now=later, claim_minutes=30) if row.marker == fallen.pseudonym] == []
    name = str(fallen.pseudonym)
    if not any(row.outlook.is_open for row in unassigned.values()):
        with pytest.raises(ConflictError, match="substitute_missing"):
            marker_stops.take_over_marker(head, board.competition, name, expected=len(unassigned), reason=REASON)

    marker_stops.resume_marker(head, board.competition, stops[0].id, reason=REASON)
    again = marker_stops.take_over_marker(head, board.competition, name, expected=len(unassigned), reason=REASON)

    assert again.passed_on >= 1
    assert locked not in again.waiting
    assert stops[0].assignment_id in _holders(board, locked)
    with pytest.raises(ConflictError, match="marker_already_replaced"):
        marker_stops.take_over_marker(head, board.competition, name, expected=0, reason=REASON)


def test_taking_over_is_a_pause_decided_at_once_and_never_beside_one_that_waits(
    session: Session, now: datetime, tmp_path: Path
) -> None:
    board = _board(session, now, tmp_path, candidates=6, markers=4)
    first, second = board.markers[:2]
    head = board.ctx(Role.MARKING_HEAD)
    waiting = marker_stops.stop_marker(head, board.competition, str(first.pseudonym), reason=REASON)
    expected = len(_queue(board, first))

    with pytest.raises(ConflictError, match="marker_stop_waits"):
        marker_stops.take_over_marker(head, board.competition, str(first.pseudonym), expected=expected, reason=REASON)
    assert len(_queue(board, first)) == expected

    expected = len(_queue(board, second))
    moved = marker_stops.take_over_marker(
        head, board.competition, str(second.pseudonym), expected=expected, reason=REASON
    )
    assert moved.passed_on + len(moved.waiting) == expected
    (made,) = session.scalars(select(MarkerStop).where(MarkerStop.assignment_id == second.id))
    assert made.outcome == StopOutcome.REPLACED
    assert made.record_seq is not None
    assert _payloads(board, "marker:stopped")[-1]["marker"] == second.pseudonym
    (decided,) = _payloads(board, "marker:decided")
    assert (decided["marker"], decided["outcome"], decided["scripts"]) == (second.pseudonym, "replaced", [])
    # The pause of the first one still has its two answers.
    marker_stops.resume_marker(head, board.competition, waiting.id, reason=REASON)
    assert len(_queue(board, first)) >= 3


def test_the_outlook_of_a_script_tells_apart_nobody_who_is_paused(
    session: Session, now: datetime, tmp_path: Path
) -> None:
    """Two paused markers, one of whom may not have the script: neither a name nor a count says that there is one."""
    board = _board(session, now, tmp_path, candidates=1, markers=4)
    (code,) = board.codes()
    script = board.script(code)
    outside = [row for row in board.markers if row.id not in _holders(board, code)]
    assert find_outlook(session, board.competition.id, script.id, code) == Outlook(is_open=True, paused=0)

    for row in outside:
        marker_stops.stop_marker(board.ctx(Role.MARKING_HEAD), board.competition, str(row.pseudonym), reason=REASON)

    before = find_outlook(session, board.competition.id, script.id, code)
    assert before == Outlook(is_open=False, paused=2)
    (candidacy,) = board.room.candidacies
    near = {"assignment_id": outside[0].id, "candidacy_id": candidacy.id, "relation": "sibling"}
    session.add(ConflictDeclaration(**near, declared_at=now))
    session.flush()
    assert (code, str(outside[0].pseudonym)) in find_eligible(session, board.competition.id).barred
    assert find_outlook(session, board.competition.id, script.id, code) == before


def test_a_withdrawn_mark_does_not_stand_still_from_before(session: Session, now: datetime, tmp_path: Path) -> None:
    board = _board(session, now, tmp_path, candidates=1, markers=3)
    (code,) = board.codes()
    board.lock_pair(code, ("40.00", "42.50"))
    marker = board.pair(code)[0]
    late = board.ctx(marker).now + timedelta(hours=7)
    allocation = session.scalars(select(Allocation).where(Allocation.assignment_id == marker.id)).one()
    allocation.opened_at = board.ctx(marker).now
    wish = request_withdrawal(
        board.ctx(Role.MARKING_HEAD, at=late),
        board.competition,
        code,
        marker=str(marker.pseudonym),
        reason=REASON,
    )
    withdraw_mark(board.ctx(Role.CHAIR, at=late), board.competition, wish.id)

    loads = list_marker_loads(session, board.competition.id)
    assert standing_still(loads, now=late + timedelta(minutes=1), claim_minutes=30) == []
    (still,) = standing_still(loads, now=late + timedelta(minutes=31), claim_minutes=30)
    assert still.touched_at == late


def test_figures_leave_out_a_withdrawn_mark_at_once(session: Session, now: datetime, tmp_path: Path) -> None:
    board = _board(session, now, tmp_path, candidates=2, markers=3)
    for code in board.codes():
        board.lock_pair(code, ("40.00", "42.50"))
    kept: dict[int, KeptCoefficients] = {}
    first = board.ctx(Role.MARKING_HEAD).now + timedelta(hours=1)
    figures = figures_of_marking(session, board.competition, now=first, kept=kept)
    assert (figures.scripts, figures.marks, figures.third_marks) == (2, 4, 0)
    assert sum(row.scripts for row in figures.markers) == figures.marks + figures.third_marks
    board.markers[0].revoked_at = first
    session.flush()
    figures = figures_of_marking(session, board.competition, now=first, kept=kept)
    assert sum(row.scripts for row in figures.markers) == figures.marks  # whose role was taken back stays in the table
    board.markers[0].revoked_at = None
    session.flush()

    code = board.codes()[0]
    marker = str(board.pair(code)[0].pseudonym)
    wish = request_withdrawal(board.ctx(Role.MARKING_HEAD), board.competition, code, marker=marker, reason=REASON)
    withdraw_mark(board.ctx(Role.CHAIR), board.competition, wish.id)
    second = first + timedelta(seconds=20)
    figures = figures_of_marking(session, board.competition, now=second, kept=kept)

    assert (figures.marks, figures.computed_at, figures.whole.pairs) == (3, second, 1)
