"""A locked mark is withdrawn by two people with a reason, before the codes are opened, and counts no more."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.errors import ConflictError, DomainError, InvalidError, NotAllowedError, NotFoundError
from examsite.domain.marking import MarkState, NeededAct, ScriptState
from examsite.domain.permissions import Role
from examsite.domain.scores import score
from examsite.services import allocations, codes, settling
from examsite.services.withdrawals import request_withdrawal
from examsite.storage.models.dossiers import ConflictRuling
from examsite.storage.models.marking import Mark, MarkWithdrawal, Settlement
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.code_checklists import list_missing_before_opening
from examsite.storage.queries.codes import written_results
from examsite.storage.queries.marking import list_standings
from examsite.storage.queries.queues import get_blind_script, list_queue
from examsite.storage.queries.withdrawals import list_open_withdrawals, list_withdrawals_of_script
from tests.factories.marking import Board, assigned, make_board
from tests.factories.withdrawals import refuse_withdrawal, withdraw_mark
from tests.scenes import Keep

REASON = "Phiếu ghi nhầm tiêu chí 1.b."


@pytest.fixture
def board(session: Session, now: datetime, tmp_path: Path, keep: Keep) -> Board:
    """Two candidates; both scripts are given to their markers."""
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)

    def build() -> Board:
        made = make_board(session, now, settings=settings, candidates=2)
        made.allocated()
        return made

    return keep("board", build, session, tmp_path, settings=settings)


def _ask(board: Board, code: str, place: int = 0, reason: str = REASON) -> MarkWithdrawal:
    marker = str(board.pair(code)[place].pseudonym)
    return request_withdrawal(board.ctx(Role.MARKING_HEAD), board.competition, code, marker=marker, reason=reason)


def _withdraw(board: Board, code: str, place: int = 0) -> Mark:
    return withdraw_mark(board.ctx(Role.CHAIR), board.competition, _ask(board, code, place).id)


def _refusal(kind: type[DomainError], act: Callable[[], Any]) -> str:
    with pytest.raises(kind) as refused:
        act()
    return refused.value.code


def test_a_chair_with_a_relation_leaves_it_to_a_member_of_the_council(board: Board) -> None:
    code = board.codes()[0]
    board.lock_pair(code, ("40.00", "42.50"))
    wish = _ask(board, code)
    member = assigned(board, Role.COUNCIL_MEMBER, "C02", "-")
    chair = board.room.people[Role.CHAIR]
    assert _refusal(NotAllowedError, lambda: withdraw_mark(board.ctx(member), board.competition, wish.id)) == (
        "chair_answers_withdrawal"
    )
    board.session.add(
        ConflictRuling(
            record_seq=0,
            competition_id=board.competition.id,
            account_id=chair.account_id,
            candidacy_id=board.room.candidacies[0].id,
            is_barred=True,
            reason="Anh ruột của thí sinh.",
            decided_by_id=member.account_id,
            decided_at=wish.requested_at,
        )
    )
    board.session.flush()

    assert _refusal(NotAllowedError, lambda: withdraw_mark(board.ctx(Role.CHAIR), board.competition, wish.id)) == (
        "second_leaves_scripts"
    )
    assert withdraw_mark(board.ctx(member), board.competition, wish.id).state is MarkState.WITHDRAWN


def test_two_people_withdraw_and_the_marker_begins_anew(board: Board) -> None:
    code = board.codes()[0]
    marker = board.pair(code)[0]
    board.lock_pair(code, ("40.00", "42.50"))
    locked = board.session.scalars(select(Mark).where(Mark.assignment_id == marker.id)).one()
    assert board.script(code).state is ScriptState.SETTLED

    wish = _ask(board, code)
    assert locked.state is MarkState.LOCKED
    assert [row.id for row in list_open_withdrawals(board.session, board.competition.id)] == [wish.id]
    no_factor = replace(board.ctx(Role.CHAIR), factor_at=None)
    assert _refusal(NotAllowedError, lambda: withdraw_mark(no_factor, board.competition, wish.id)) == (
        "fresh_factor_needed"
    )
    withdrawn = withdraw_mark(board.ctx(Role.CHAIR), board.competition, wish.id)

    script = board.script(code)
    assert withdrawn.id == locked.id
    assert withdrawn.state is MarkState.WITHDRAWN
    assert (script.state, script.score, script.step, script.settled_at) == (ScriptState.MARKING, None, "", None)
    blind = get_blind_script(board.session, board.competition.id, marker.id, code)
    assert blind.mark is None
    queue = {row.code: row for row in list_queue(board.session, board.competition.id, marker.id)}
    assert queue[code].state is None
    row = board.session.scalars(select(RecordRow).where(RecordRow.event == "mark:withdrawn")).one()
    assert (row.actor, row.subject) == ("head/H01", f"script/{code}")
    assert json.loads(row.payload or "") == {"seq": locked.record_seq, "reason": REASON, "second": "C01"}
    assert list_open_withdrawals(board.session, board.competition.id) == []

    board.lock(marker, code, "60.00")
    assert board.script(code).state is ScriptState.SETTLING


def test_withdrawn_mark_counts_nowhere(board: Board, now: datetime) -> None:
    first, second = board.codes()
    board.lock_pair(first, ("40.00", "42.50"))
    board.lock_pair(second, ("40.00", "40.00"))
    _withdraw(board, first)

    missing = list_missing_before_opening(board.session, board.competition, now)
    assert [item.code for item in missing] == ["scripts_not_settled"]
    with pytest.raises(ConflictError):
        codes.open_codes(board.ctx(Role.CHAIR), board.competition, words=board.sheets)
    again = board.lock(board.pair(first)[0], first, "45.00")
    codes.open_codes(board.ctx(Role.CHAIR), board.competition, words=board.sheets)

    result = next(row for row in written_results(board.session, board.competition) if row.entry.script == first)
    assert result.settlement is not None
    assert result.settlement.score == score("63.75")
    assert len([mark for mark in result.entry.marks if mark.round == 1]) == 2
    assert again.record_seq in {mark.seq for mark in result.entry.marks}


def test_decision_of_the_head_is_set_aside_and_stays_readable(board: Board) -> None:
    code = board.codes()[0]
    head = board.ctx(Role.MARKING_HEAD)
    board.lock_pair(code, ("30.00", "37.50"))
    board.talked(code)
    settling.decide_settlement(
        head, board.competition, code, decided=score("55.00"), reason="Thống nhất sau khi trao đổi với cả hai."
    )

    _withdraw(board, code)
    board.lock(board.pair(code)[0], code, "30.00")

    (standing,) = list_standings(board.session, board.competition)
    assert standing.standing.act is NeededAct.HEAD_DISCUSSES
    assert standing.decision is None
    board.talked(code)
    settling.decide_settlement(
        head, board.competition, code, decided=score("54.00"), reason="Thống nhất sau khi trao đổi với cả hai."
    )
    kept = list(board.session.scalars(select(Settlement).order_by(Settlement.id)))
    assert [row.withdrawn_at is None for row in kept] == [False, True]
    assert board.script(code).score == score("54.00")


def test_third_mark_withdrawn_leaves_the_first_two_on_their_rung(board: Board) -> None:
    code = board.codes()[0]
    board.lock_pair(code, ("20.00", "40.00"))
    third = allocations.allocate_third(board.ctx(Role.MARKING_HEAD), board.competition, code)
    (marker,) = board.pair(code, round_number=2)
    board.lock(marker, code, "20.00")
    assert board.script(code).state is ScriptState.SETTLED

    wish = request_withdrawal(
        board.ctx(Role.MARKING_HEAD), board.competition, code, marker=str(marker.pseudonym), reason=REASON
    )
    withdraw_mark(board.ctx(Role.CHAIR), board.competition, wish.id)

    assert board.script(code).state is ScriptState.SETTLING
    (standing,) = list_standings(board.session, board.competition)
    assert standing.standing.act is NeededAct.THIRD_MARKER
    assert standing.third_allocation is not None
    assert standing.third_allocation.id == third.id
    board.lock(marker, code, "40.00")
    assert board.script(code).score == score("60.00")


def test_third_marker_may_lock_after_the_first_two_came_together(board: Board) -> None:
    code = board.codes()[0]
    board.lock_pair(code, ("20.00", "40.00"))
    allocations.allocate_third(board.ctx(Role.MARKING_HEAD), board.competition, code)
    _withdraw(board, code)
    board.lock(board.pair(code)[0], code, "40.00")
    assert board.script(code).score == score("60.00")

    (third,) = board.pair(code, round_number=2)
    board.lock(third, code, "10.00")

    assert (board.script(code).state, board.script(code).score) == (ScriptState.SETTLED, score("60.00"))


def test_refused_wish_changes_nothing_and_may_be_made_again(board: Board, now: datetime) -> None:
    code = board.codes()[0]
    board.lock_pair(code, ("40.00", "42.50"))
    wish = _ask(board, code)
    assert _refusal(ConflictError, lambda: _ask(board, code)) == "withdrawal_already_requested"
    waiting = {item.code for item in list_missing_before_opening(board.session, board.competition, now)}
    assert "withdrawals_waiting" in waiting
    # That it was asked for stands in the log before anybody answers.
    (asked,) = board.session.scalars(select(RecordRow).where(RecordRow.event == "withdrawal:asked"))
    assert (asked.actor, asked.subject) == ("head/H01", f"script/{code}")
    assert json.loads(asked.payload or "") == {"seq": wish.mark.record_seq, "reason": REASON}

    refuse_withdrawal(board.ctx(Role.CHAIR), board.competition, wish.id)

    script = board.script(code)
    assert (script.state, script.score) == (ScriptState.SETTLED, score("61.25"))
    assert board.session.scalars(select(RecordRow).where(RecordRow.event == "mark:withdrawn")).all() == []
    (refused,) = board.session.scalars(select(RecordRow).where(RecordRow.event == "withdrawal:refused"))
    assert (refused.actor, refused.subject) == ("council/C01", f"script/{code}")
    assert json.loads(refused.payload or "") == {"seq": wish.mark.record_seq, "reason": REASON, "asked_by": "H01"}
    late = lambda: withdraw_mark(board.ctx(Role.CHAIR), board.competition, wish.id)  # noqa: E731 -- one act
    assert _refusal(ConflictError, late) == "withdrawals_changed"
    _withdraw(board, code)
    assert [row.is_agreed for row in list_withdrawals_of_script(board.session, script.id)] == [True, False]


@pytest.mark.parametrize("role", [Role.MARKING_HEAD, Role.KEEPER, Role.ORGANISER])
def test_only_the_chair_is_the_second(board: Board, role: Role) -> None:
    code = board.codes()[0]
    board.lock_pair(code, ("40.00", "42.50"))
    wish = _ask(board, code)

    assert (
        _refusal(NotAllowedError, lambda: withdraw_mark(board.ctx(role), board.competition, wish.id)) == "role_needed"
    )
    assert _refusal(NotAllowedError, lambda: refuse_withdrawal(board.ctx(role), board.competition, wish.id)) == (
        "role_needed"
    )


def test_same_person_never_does_both(board: Board) -> None:
    code = board.codes()[0]
    board.lock_pair(code, ("40.00", "42.50"))
    wish = _ask(board, code)
    chair = board.ctx(Role.CHAIR)
    head = board.room.people[Role.MARKING_HEAD]
    both = replace(chair, actor=replace(chair.actor, account_id=head.account_id))

    assert _refusal(NotAllowedError, lambda: withdraw_mark(both, board.competition, wish.id)) == "second_person_needed"
    wish.decided_by_id, wish.decided_at, wish.is_agreed = wish.requested_by_id, chair.now, True
    with pytest.raises(IntegrityError):
        board.session.flush()
    board.session.rollback()


def test_request_needs_the_head_a_reason_and_a_locked_mark_that_the_head_may_see(board: Board) -> None:
    first, second = board.codes()
    board.lock_pair(first, ("40.00", "42.50"))
    board.lock(board.pair(second)[0], second, "40.00")
    stranger = next(row for row in board.markers if row.id not in {held.id for held in board.pair(first)})

    assert _refusal(InvalidError, lambda: _ask(board, first, reason=" \n ")) == "reason_missing"
    assert _refusal(InvalidError, lambda: _ask(board, first, reason="x" * 4001)) == "reason_too_long"
    assert _refusal(NotFoundError, lambda: _ask(board, second)) == "script_not_found"
    named = {"marker": str(stranger.pseudonym), "reason": REASON}
    head = board.ctx(Role.MARKING_HEAD)
    assert _refusal(InvalidError, lambda: request_withdrawal(head, board.competition, first, **named)) == (
        "mark_not_locked"
    )
    chair = board.ctx(Role.CHAIR)
    assert _refusal(NotAllowedError, lambda: request_withdrawal(chair, board.competition, first, **named)) == (
        "role_needed"
    )


def test_nothing_is_withdrawn_after_the_opening(board: Board) -> None:
    first, second = board.codes()
    board.lock_pair(first, ("40.00", "42.50"))
    board.lock_pair(second, ("40.00", "40.00"))
    codes.open_codes(board.ctx(Role.CHAIR), board.competition, words=board.sheets)

    assert _refusal(ConflictError, lambda: _ask(board, first)) == "marking_not_open"
