"""Who comes later is asked what the first ones were; a head with any relation leaves every script to a deputy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.errors import ConflictError, NotAllowedError
from examsite.domain.permissions import Role
from examsite.domain.scores import score
from examsite.services import allocations, conflicts, marker_stops, settling, withdrawals
from examsite.services.accounts import grant_role
from examsite.storage.models.accounts import Account, RoleAssignment
from examsite.storage.models.dossiers import ConflictDeclaration
from examsite.storage.queries.allocations import find_eligible
from tests.factories.marking import NO_SEEDS, Board, assigned, make_board


@pytest.fixture
def board(session: Session, now: datetime, tmp_path: Path) -> Board:
    """Sealed scripts and three markers."""
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    made = make_board(session, now, settings=settings, candidates=3, markers=3)
    made.sealed()
    return made


def _undeclared(board: Board, pseudonym: str) -> RoleAssignment:
    """A marker who has said nothing yet."""
    held = assigned(board, Role.MARKER, pseudonym, "-")
    board.session.execute(delete(ConflictDeclaration).where(ConflictDeclaration.assignment_id == held.id))
    board.session.flush()
    return held


def _give_out(board: Board) -> None:
    allocations.draw_allocation(board.ctx(Role.CHAIR), board.competition, without_seeds=NO_SEEDS)


def _names(board: Board) -> set[str]:
    return set(find_eligible(board.session, board.competition.id).markers)


def test_the_first_draw_waits_for_every_declaration(board: Board) -> None:
    newcomer = _undeclared(board, "C09")
    with pytest.raises(ConflictError, match="markers_not_declared"):
        _give_out(board)
    conflicts.declare_conflicts(board.ctx(newcomer), board.competition, {})
    _give_out(board)


def test_whoever_joins_later_gets_nothing_before_declaring_and_while_a_hint_is_open(board: Board) -> None:
    _give_out(board)
    newcomer = _undeclared(board, "C09")
    code = board.codes()[0]
    board.lock_pair(code, ("20.00", "50.00"))
    (third,) = [row for row in board.markers if row not in board.pair(code)]
    marker_stops.stop_marker(board.ctx(Role.MARKING_HEAD), board.competition, str(third.pseudonym), reason="Ốm")

    def ask() -> Any:
        return allocations.allocate_third(board.ctx(Role.MARKING_HEAD), board.competition, code)

    with pytest.raises(ConflictError, match="third_marker_missing"):
        ask()
    conflicts.declare_conflicts(board.ctx(newcomer), board.competition, {})
    assert "C09" in _names(board)

    board.room.candidacies[0].unit = "Phòng Kế hoạch"
    account = board.session.scalars(select(Account).where(Account.id == newcomer.account_id)).one()
    account.position_title = "Phó trưởng phòng Kế hoạch"
    board.session.flush()
    assert "C09" not in _names(board)
    with pytest.raises(ConflictError, match="third_marker_missing"):
        ask()

    account.position_title = ""
    board.session.flush()
    assert ask().assignment_id == newcomer.id


def test_a_head_with_a_relation_leaves_every_script_to_a_deputy(board: Board) -> None:
    head = board.ctx(Role.MARKING_HEAD)
    conflicts.declare_conflicts(head, board.competition, {board.room.candidacies[0].id: "other"})
    _give_out(board)
    # Not only the script of the one named, for that would tell which it is.
    for code in board.codes():
        board.lock_pair(code, ("30.00", "37.50"))
        marker = str(board.pair(code)[0].pseudonym)
        acts: list[Callable[[], Any]] = [
            lambda code=code: settling.decide_settlement(  # type: ignore[misc]
                head, board.competition, code, decided=score(54), reason="Theo biên bản trao đổi."
            ),
            lambda code=code: settling.note_discussion(head, board.competition, code, text="Đã gọi."),  # type: ignore[misc]
            lambda code=code: settling.acknowledge_straddle(head, board.competition, code),  # type: ignore[misc]
            lambda code=code: allocations.allocate_third(head, board.competition, code),  # type: ignore[misc]
            lambda code=code, marker=marker: withdrawals.request_withdrawal(  # type: ignore[misc]
                head, board.competition, code, marker=marker, reason="Cộng nhầm."
            ),
            lambda code=code, marker=marker: allocations.take_over_script(  # type: ignore[misc]
                head, board.competition, code, marker=marker, reason="Ốm."
            ),
            lambda marker=marker: marker_stops.stop_marker(  # type: ignore[misc]
                head, board.competition, marker, reason="Xem lại."
            ),
        ]
        for ask in acts:
            with pytest.raises(NotAllowedError, match="head_leaves_scripts"):
                ask()

    deputy = _deputy(board)
    with pytest.raises(NotAllowedError, match="head_not_clear"):
        settling.note_discussion(board.ctx(deputy), board.competition, board.codes()[0], text="Đã gọi cả hai.")
    conflicts.declare_conflicts(board.ctx(deputy), board.competition, {})
    settling.note_discussion(board.ctx(deputy), board.competition, board.codes()[0], text="Đã gọi cả hai.")


def _deputy(board: Board) -> RoleAssignment:
    account = Account(login="h02", display_name="Phó ban", password_hash="-", created_at=board.room.now)
    board.session.add(account)
    board.session.flush()
    return grant_role(board.ctx(Role.ORGANISER), account, Role.MARKING_HEAD, competition=board.competition)


def test_there_is_one_head_as_long_as_nothing_keeps_the_head_away(board: Board) -> None:
    with pytest.raises(ConflictError, match="role_has_holder"):
        _deputy(board)
