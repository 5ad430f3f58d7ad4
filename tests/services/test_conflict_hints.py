"""The council judges hints; a judgement bars in the draw, stays, and is asked again only for something new."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from examsite.domain.marking import ScriptKind
from examsite.domain.permissions import Role
from examsite.services import allocations, conflicts, standardisation
from examsite.storage.models.accounts import Account, RoleAssignment
from examsite.storage.models.marking import Allocation, Script
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.conflicts import count_open_hints, list_hinted_pairs, list_recused_accounts
from tests.factories.marking import NO_SEEDS, Board, make_board
from tests.factories.standardisation import agree


@pytest.fixture
def board(session: Session, now: datetime, tmp_path: Path) -> Board:
    """Sealed scripts; the first marker works where the first candidate works."""
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    made = make_board(session, now, settings=settings, candidates=3, markers=4)
    made.sealed()
    made.room.candidacies[0].unit = "Phòng Kế hoạch"
    _account(made, made.markers[0]).position_title = "Phó trưởng phòng Kế hoạch"
    session.flush()
    return made


def _account(board: Board, held: RoleAssignment) -> Account:
    return board.session.scalars(select(Account).where(Account.id == held.account_id)).one()


def _judge(board: Board, *, is_barred: bool, reason: str = "Đã hỏi cả hai.", who: Role = Role.CHAIR) -> None:
    conflicts.judge_hint(
        board.ctx(who),
        board.competition,
        account_id=board.markers[0].account_id,
        candidacy_id=board.room.candidacies[0].id,
        is_barred=is_barred,
        reason=reason,
    )


def test_the_draw_waits_for_the_judgement_and_then_keeps_the_pair_apart(board: Board) -> None:
    chair = board.ctx(Role.CHAIR)
    with pytest.raises(ConflictError, match="hints_not_judged"):
        allocations.draw_allocation(chair, board.competition, without_seeds=NO_SEEDS)
    _judge(board, is_barred=True)

    assert count_open_hints(board.session, board.competition.id) == 0
    assert board.markers[0].account_id in list_recused_accounts(
        board.session, board.competition.id, board.room.candidacies[0].id
    )
    allocations.draw_allocation(chair, board.competition, without_seeds=NO_SEEDS)
    given = board.session.scalars(
        select(Script.code)
        .join(Allocation, Allocation.script_id == Script.id)
        .where(Allocation.assignment_id == board.markers[0].id)
    )
    assert all(board.candidate_of(code) != 0 for code in given)
    row = board.session.scalars(select(RecordRow).where(RecordRow.event == "conflict:judged")).one()
    assert '"barred":true' in row.payload


def test_a_free_judgement_stays_until_something_new_hints(board: Board) -> None:
    _judge(board, is_barred=False)
    assert count_open_hints(board.session, board.competition.id) == 0

    # Somebody joins later with the same unit: asked about then.
    _account(board, board.markers[1]).position_title = "Chuyên viên phòng Kế hoạch"
    board.session.flush()
    assert count_open_hints(board.session, board.competition.id) == 1
    _account(board, board.markers[1]).position_title = ""
    # The judged pair shares something further: asked again.
    first = _account(board, board.markers[0])
    board.room.candidacies[0].email = "a@kehoach.example"
    first.login = "b@kehoach.example"
    board.session.flush()
    (pair,) = [pair for pair in list_hinted_pairs(board.session, board.competition.id) if pair.is_open]
    assert pair.ruling is not None


def test_a_declared_relation_needs_no_judgement(board: Board) -> None:
    marker = board.markers[0]
    conflicts.declare_conflicts(
        board.ctx(marker), board.competition, {board.room.candidacies[0].id: "other"}, unit="Phòng Kế hoạch"
    )
    assert count_open_hints(board.session, board.competition.id) == 0


def test_who_judges_and_how(board: Board) -> None:
    for who in (Role.MARKING_HEAD, Role.ORGANISER, Role.KEEPER):
        with pytest.raises(NotAllowedError, match="role_needed"):
            _judge(board, is_barred=True, who=who)
    with pytest.raises(InvalidError, match="reason_missing"):
        _judge(board, is_barred=True, reason=" ")
    chair = board.ctx(Role.CHAIR)
    with pytest.raises(NotAllowedError, match="judge_concerned"):
        conflicts.judge_hint(
            chair,
            board.competition,
            account_id=chair.actor.account_id or 0,
            candidacy_id=board.room.candidacies[0].id,
            is_barred=False,
            reason="Tôi biết mình.",
        )
    with pytest.raises(NotFoundError, match="hint_not_found"):
        conflicts.judge_hint(
            chair,
            board.competition,
            account_id=board.markers[2].account_id,
            candidacy_id=board.room.candidacies[0].id,
            is_barred=False,
            reason="Không có gì.",
        )


def test_whoever_only_practised_is_still_kept_away_and_still_declares(board: Board) -> None:
    practice = agree(board, ScriptKind.PRACTICE, "45.00").script.code
    for marker in board.markers[:2]:
        standardisation.begin_standards(board.ctx(marker), board.competition, practice)

    _judge(board, is_barred=True)
    other = board.room.candidacies[1]
    conflicts.declare_conflicts(board.ctx(board.markers[1]), board.competition, {other.id: "sibling"})

    for marker, candidacy in zip(board.markers, (board.room.candidacies[0], other), strict=False):
        assert marker.account_id in list_recused_accounts(board.session, board.competition.id, candidacy.id)


def test_after_the_draw_people_settle_it_on_paper(board: Board) -> None:
    _judge(board, is_barred=False)
    allocations.draw_allocation(board.ctx(Role.CHAIR), board.competition, without_seeds=NO_SEEDS)
    with pytest.raises(ConflictError, match="conflict_after_allocation"):
        _judge(board, is_barred=True)
