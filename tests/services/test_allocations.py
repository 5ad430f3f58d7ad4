"""Work is passed on by the draw, with a reason; drafts stay and count nowhere, locked marks stay."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.allocation import MarkerStanding
from examsite.domain.errors import ConflictError, DomainError, InvalidError, NotAllowedError, NotFoundError
from examsite.domain.marking import MarkState, ScriptState
from examsite.domain.permissions import Role
from examsite.services import allocations, marker_stops, marking
from examsite.services.context import ServiceContext
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.dossiers import ConflictDeclaration
from examsite.storage.models.marking import Allocation, Mark, Script
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.allocations import list_changed, list_marker_loads, standing_still
from examsite.storage.queries.queues import list_queue
from tests.factories.marking import Board, make_board

REASON = "Người chấm nằm viện."


@pytest.fixture
def board(session: Session, now: datetime, tmp_path: Path) -> Board:
    """Six scripts, four markers: each marker has three of them."""
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    made = make_board(session, now, settings=settings, candidates=6, markers=4)
    made.allocated()
    return made


def _queue(board: Board, marker: RoleAssignment) -> list[str]:
    return [row.code for row in list_queue(board.session, board.competition.id, marker.id)]


def _holders(board: Board, code: str) -> set[int]:
    statement = (
        select(Allocation.assignment_id)
        .join(Script, Script.id == Allocation.script_id)
        .where(Script.code == code, Allocation.withdrawn_at.is_(None))
    )
    return set(board.session.scalars(statement))


def _begin(board: Board, marker: RoleAssignment, code: str, *, at: datetime | None = None) -> None:
    """The marker has a draft and leaves it."""
    marking.save_draft(
        board.ctx(marker, at=at), board.competition, code, revision=0, points=board.points("10.00"), comments={}
    )


def _later(board: Board, *, hours: int = 8) -> ServiceContext:
    """The head, after longer than a claim lasts."""
    return board.ctx(Role.MARKING_HEAD, at=board.room.now + timedelta(hours=hours))


def _payloads(board: Board) -> list[dict[str, Any]]:
    rows = board.session.scalars(select(RecordRow).where(RecordRow.event == "allocation:changed"))
    return [json.loads(row.payload) for row in rows]


def test_everything_open_of_a_marker_goes_to_others_and_what_is_locked_stays(board: Board) -> None:
    fallen = board.markers[0]
    first, *rest = _queue(board, fallen)
    locked = board.lock(fallen, first, "40.00")
    draft = marking.save_draft(
        board.ctx(fallen), board.competition, rest[0], revision=0, points=board.points("10.00"), comments={}
    )
    head = board.ctx(Role.MARKING_HEAD)

    with pytest.raises(ConflictError, match="takeover_outdated"):
        marker_stops.take_over_marker(
            head, board.competition, str(fallen.pseudonym), expected=len(rest) + 1, reason=REASON
        )
    moved = marker_stops.take_over_marker(
        head, board.competition, str(fallen.pseudonym), expected=len(rest), reason=REASON
    )

    assert (moved.passed_on, moved.waiting) == (len(rest), ())
    assert _queue(board, fallen) == [first]
    assert board.session.get(Mark, locked.id).state is MarkState.LOCKED  # type: ignore[union-attr]
    for code in rest:
        assert len(_holders(board, code)) == 2
        assert fallen.id not in _holders(board, code)
    loads = {load.pseudonym: load for load in list_marker_loads(board.session, board.competition.id)}
    assert loads[str(fallen.pseudonym)].standing is MarkerStanding.REPLACED
    others = [load.allocated for name, load in loads.items() if name != fallen.pseudonym]
    assert max(others) - min(others) <= 1
    (payload,) = _payloads(board)
    assert payload["from"] == fallen.pseudonym
    assert payload["reason"] == REASON
    assert sorted(row["script"] for row in payload["scripts"]) == sorted(rest)
    assert {row.code for row in list_changed(board.session, board.competition.id)} == set(rest)

    # The draft is still there; two others lock and the score is theirs.
    for holder in board.session.scalars(
        select(RoleAssignment).where(RoleAssignment.id.in_(_holders(board, rest[0])))
    ).all():
        board.lock(holder, rest[0], "45.00")
    script = board.session.scalars(select(Script).where(Script.code == rest[0])).one()
    assert (script.state, script.score) == (ScriptState.SETTLED, 45 + 20)
    assert board.session.get(Mark, draft.id).state is MarkState.DRAFT  # type: ignore[union-attr]
    with pytest.raises(NotFoundError, match="script_not_found"):
        marking.lock_mark(board.ctx(fallen), board.competition, rest[0], revision=draft.revision)
    with pytest.raises(ConflictError, match="marker_already_replaced"):
        marker_stops.take_over_marker(head, board.competition, str(fallen.pseudonym), expected=0, reason=REASON)


def test_one_script_that_stands_still_goes_to_whom_the_draw_names(board: Board, now: datetime) -> None:
    slow = board.markers[1]
    code, *rest = _queue(board, slow)
    marking.save_draft(board.ctx(slow), board.competition, code, revision=0, points=board.points("10.00"), comments={})
    loads = list_marker_loads(board.session, board.competition.id)
    touched = board.ctx(slow).now
    assert standing_still(loads, now=touched + timedelta(minutes=29), claim_minutes=30) == []
    (still,) = standing_still(loads, now=touched + timedelta(minutes=31), claim_minutes=30)
    assert (still.code, still.marker, still.is_begun) == (code, slow.pseudonym, True)

    head = _later(board)
    before = _holders(board, code)
    name = allocations.take_over_script(head, board.competition, code, marker=str(slow.pseudonym), reason=REASON)

    after = _holders(board, code)
    assert after - before == {row.id for row in board.markers if row.pseudonym == name}
    assert before - after == {slow.id}
    assert _queue(board, slow) == rest
    taker = next(row for row in board.markers if row.pseudonym == name)
    assert _queue(board, taker)[-1] == code
    with pytest.raises(ConflictError, match="allocation_not_open"):
        allocations.take_over_script(head, board.competition, code, marker=str(slow.pseudonym), reason=REASON)
    # Passing it on again never comes back to the first one.
    _begin(board, taker, code, at=head.now)
    head = _later(board, hours=16)
    again = allocations.take_over_script(head, board.competition, code, marker=name, reason=REASON)
    assert again not in (name, slow.pseudonym)


def test_who_of_a_pair_has_locked_is_not_to_be_asked(board: Board) -> None:
    code = _queue(board, board.markers[0])[0]
    locked, other = board.pair(code)
    stranger = next(row for row in board.markers if row.id not in _holders(board, code))
    board.lock(locked, code, "30.00")
    head = board.ctx(Role.MARKING_HEAD)

    def answers() -> set[str]:
        found = set()
        for row in (locked, other, stranger):
            with pytest.raises(DomainError) as refused:
                allocations.take_over_script(head, board.competition, code, marker=str(row.pseudonym), reason=REASON)
            assert refused.value.params == {"script": code, "marker": row.pseudonym}
            found.add(refused.value.code)
        return found

    assert answers() == {"allocation_not_open"}
    _begin(board, other, code)
    assert answers() == {"allocation_not_open"}


def test_a_barred_pair_never_meets_and_nobody_is_left_says_so(board: Board, now: datetime) -> None:
    fallen = board.markers[0]
    code = _queue(board, fallen)[0]
    free = [row for row in board.markers if row.id not in _holders(board, code)]
    candidacy = board.room.candidacies[board.candidate_of(code)]
    board.session.add(
        ConflictDeclaration(
            assignment_id=free[0].id, candidacy_id=candidacy.id, relation="other", declared_at=board.ctx().now
        )
    )
    board.session.flush()
    _begin(board, fallen, code)
    head = _later(board)
    given = allocations.take_over_script(head, board.competition, code, marker=str(fallen.pseudonym), reason=REASON)
    assert given == free[1].pseudonym
    _begin(board, free[1], code, at=head.now)
    head = _later(board, hours=16)
    with pytest.raises(ConflictError, match="substitute_missing"):
        allocations.take_over_script(head, board.competition, code, marker=given, reason=REASON)


def test_only_the_head_passes_work_on_and_only_with_a_reason(board: Board) -> None:
    marker = board.markers[0]
    code = _queue(board, marker)[0]
    name = str(marker.pseudonym)
    for who in (marker, board.ctx(Role.CHAIR).actor.role):
        with pytest.raises(NotAllowedError, match="role_needed"):
            allocations.take_over_script(board.ctx(who), board.competition, code, marker=name, reason=REASON)
    head = board.ctx(Role.MARKING_HEAD)
    with pytest.raises(InvalidError, match="reason_missing"):
        marker_stops.take_over_marker(head, board.competition, name, expected=3, reason="  ")
    with pytest.raises(NotFoundError, match="marker_not_found"):
        marker_stops.take_over_marker(head, board.competition, "XX99", expected=3, reason=REASON)
    assert _payloads(board) == []
