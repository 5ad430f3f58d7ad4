"""Settling by a person: notes of talks, two at one script, a rule for three different marks."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.marking import ScriptState
from examsite.domain.permissions import Role
from examsite.domain.scores import score
from examsite.services import allocations, settling
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.marking import DiscussionNote, Script
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.marking import list_standings
from examsite.storage.queries.settling import find_settling_claim, list_discussion_notes, settling_version
from tests.factories.marking import Board, _assigned, make_board
from tests.factories.standardisation import with_rules


@pytest.fixture
def board(session: Session, now: datetime, tmp_path: Path) -> Board:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    made = make_board(session, now, settings=settings, candidates=2)
    made.allocated()
    return made


@pytest.fixture
def code(board: Board) -> str:
    """A script 7.50 points apart: the head discusses."""
    found = board.session.scalars(select(Script.code).order_by(Script.code)).first()
    assert found is not None
    board.lock_pair(found, ("30.00", "37.50"))
    return found


def _version(board: Board) -> str:
    (standing,) = list_standings(board.session, board.competition)
    return settling_version(board.session, standing)


def test_a_talk_is_noted_recorded_and_listed(board: Board, code: str) -> None:
    head = board.ctx(Role.MARKING_HEAD)
    for text in ("C01 giữ điểm 1.b.", "Hai bên đồng ý 34."):
        settling.note_discussion(head, board.competition, code, text=text)

    script = board.session.scalars(select(Script).where(Script.code == code)).one()
    assert [row.text for row in list_discussion_notes(board.session, script.id)] == [
        "C01 giữ điểm 1.b.",
        "Hai bên đồng ý 34.",
    ]
    rows = board.session.scalars(select(RecordRow).where(RecordRow.event == "discussion:noted")).all()
    assert [row.subject for row in rows] == [f"script/{code}"] * 2
    with pytest.raises(InvalidError, match="reason_missing"):
        settling.note_discussion(head, board.competition, code, text=" ")
    with pytest.raises(NotAllowedError, match="role_needed"):
        settling.note_discussion(board.ctx(board.markers[0]), board.competition, code, text="Tôi nghĩ")


def test_no_note_before_both_marks_are_locked(board: Board) -> None:
    script = board.session.scalars(select(Script).order_by(Script.code)).first()
    assert script is not None
    board.lock(board.pair(script.code)[0], script.code, "30.00")
    with pytest.raises(ConflictError, match="discussion_not_due"):
        settling.note_discussion(board.ctx(Role.MARKING_HEAD), board.competition, script.code, text="Trao đổi")
    assert settling.hold_settling(board.ctx(Role.MARKING_HEAD), board.competition, script.code) is None
    assert board.session.scalars(select(DiscussionNote)).all() == []


def test_two_at_one_script_see_each_other_and_overwrite_nothing(board: Board, code: str) -> None:
    head = board.ctx(Role.MARKING_HEAD)
    other: RoleAssignment = _assigned(board, Role.MARKING_HEAD, "H02", "-")
    second = board.ctx(other)
    seen = _version(board)
    first_claim = settling.hold_settling(head, board.competition, code)
    assert first_claim is not None
    met = settling.hold_settling(second, board.competition, code)
    assert met is not None
    assert met.assignment_id == head.actor.assignment_id

    settling.note_discussion(second, board.competition, code, text="Đã gọi C01.")
    with pytest.raises(ConflictError, match="settling_changed"):
        settling.decide_settlement(head, board.competition, code, decided=score(54), reason="Vì", version=seen)
    now_seen = _version(board)
    settling.decide_settlement(head, board.competition, code, decided=score(54), reason="Vì", version=now_seen)
    with pytest.raises(ConflictError, match="settling_changed"):
        settling.decide_settlement(second, board.competition, code, decided=score(55), reason="Khác", version=now_seen)
    script = board.session.scalars(select(Script).where(Script.code == code)).one()
    assert script.score == score(54)
    assert find_settling_claim(board.session, board.competition.id, code) is None


def test_a_claim_runs_out(board: Board, code: str) -> None:
    other: RoleAssignment = _assigned(board, Role.MARKING_HEAD, "H02", "-")
    head = board.ctx(Role.MARKING_HEAD)
    settling.hold_settling(head, board.competition, code)
    later = board.ctx(other, at=head.now + timedelta(minutes=61))
    taken = settling.hold_settling(later, board.competition, code)
    assert taken is not None
    assert taken.assignment_id == other.id


def test_where_the_rule_set_says_what_three_marks_come_to_the_head_may_say_nothing_else(board: Board) -> None:
    with_rules(board, third_rule='"median"')
    script = board.session.scalars(select(Script).order_by(Script.code)).first()
    assert script is not None
    board.lock_pair(script.code, ("20.00", "40.00"))
    head = board.ctx(Role.MARKING_HEAD)
    allocations.allocate_third(head, board.competition, script.code)
    board.lock(board.pair(script.code, round_number=2)[0], script.code, "30.00")
    (standing,) = list_standings(board.session, board.competition)
    assert settling.score_by_ladder(board.competition, standing) == score(50)

    with pytest.raises(InvalidError, match="decision_not_by_rule"):
        settling.decide_settlement(head, board.competition, script.code, decided=score(51), reason="Vì")
    settling.decide_settlement(head, board.competition, script.code, decided=score(50), reason="Trung vị.")
    assert (script.state, script.step, script.score) == (ScriptState.SETTLED, "collective", score(50))
