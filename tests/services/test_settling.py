"""Settling by a person: notes of talks, two at one script, a rule for three different marks."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.errors import ConflictError, DomainError, InvalidError, NotAllowedError
from examsite.domain.marking import ScriptState
from examsite.domain.permissions import Role
from examsite.domain.scores import score
from examsite.services import allocations, settling
from examsite.services.withdrawals import request_withdrawal
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.marking import DiscussionNote, Script
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.claims import find_claim
from examsite.storage.queries.marking import list_standings
from examsite.storage.queries.settling import list_discussion_notes, settling_subject, settling_version
from tests.factories.marking import Board, assigned, make_board
from tests.factories.standardisation import with_rules
from tests.factories.withdrawals import withdraw_mark
from tests.scenes import Keep

REASON = "Thống nhất sau khi đối chiếu hướng dẫn chấm."


@pytest.fixture
def board(session: Session, now: datetime, tmp_path: Path, keep: Keep) -> Board:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)

    def build() -> Board:
        made = make_board(session, now, settings=settings, candidates=2)
        made.allocated()
        return made

    return keep("board", build, session, tmp_path, settings=settings)


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
    other: RoleAssignment = assigned(board, Role.MARKING_HEAD, "H02", "-")
    second = board.ctx(other)
    seen = _version(board)
    first_claim = settling.hold_settling(head, board.competition, code)
    assert first_claim is not None
    met = settling.hold_settling(second, board.competition, code)
    assert met is not None
    assert met.assignment_id == head.actor.assignment_id

    settling.note_discussion(second, board.competition, code, text="Đã gọi C01.")
    with pytest.raises(ConflictError, match="settling_changed"):
        settling.decide_settlement(head, board.competition, code, decided=score(54), reason=REASON, version=seen)
    now_seen = _version(board)
    settling.decide_settlement(head, board.competition, code, decided=score(54), reason=REASON, version=now_seen)
    with pytest.raises(ConflictError, match="settling_changed"):
        settling.decide_settlement(second, board.competition, code, decided=score(55), reason=REASON, version=now_seen)
    script = board.session.scalars(select(Script).where(Script.code == code)).one()
    assert script.score == score(54)
    assert find_claim(board.session, board.competition.id, settling_subject(code)) is None


def test_a_claim_runs_out(board: Board, code: str) -> None:
    other: RoleAssignment = assigned(board, Role.MARKING_HEAD, "H02", "-")
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
        settling.decide_settlement(head, board.competition, script.code, decided=score(51), reason=REASON)
    settling.decide_settlement(
        head, board.competition, script.code, decided=score(50), reason="Trung vị của ba lượt chấm."
    )
    assert (script.state, script.step, script.score) == (ScriptState.SETTLED, "collective", score(50))


def test_the_head_decides_within_the_marks_with_a_sentence_and_after_a_noted_talk(board: Board, code: str) -> None:
    head = board.ctx(Role.MARKING_HEAD)

    def decide(decided: str, reason: str = REASON) -> str:
        with pytest.raises(DomainError) as refused:
            settling.decide_settlement(head, board.competition, code, decided=score(decided), reason=reason)
        return refused.value.code

    assert decide("54.00") == "discussion_not_noted"
    board.talked(code)
    assert decide("100.00") == decide("57.51") == decide("49.99") == "decision_outside_marks"
    assert decide("54.00", ".") == "reason_too_short"

    settling.decide_settlement(head, board.competition, code, decided=score("57.50"), reason=REASON)
    assert board.script(code).score == score("57.50")


def test_a_talk_about_a_mark_that_was_withdrawn_is_none_about_the_new_one(board: Board, code: str) -> None:
    head = board.ctx(Role.MARKING_HEAD)
    board.talked(code)
    marker = board.pair(code)[0]
    wish = request_withdrawal(head, board.competition, code, marker=str(marker.pseudonym), reason=REASON)
    withdraw_mark(board.ctx(Role.CHAIR), board.competition, wish.id)
    board.lock(marker, code, "30.00")

    with pytest.raises(ConflictError, match="discussion_not_noted"):
        settling.decide_settlement(head, board.competition, code, decided=score("54.00"), reason=REASON)


@pytest.mark.parametrize(("decided", "stands"), [("39.99", False), ("40.00", True), ("60.00", True), ("60.01", False)])
def test_collective_marking_stays_within_the_three_marks(board: Board, decided: str, *, stands: bool) -> None:
    code = board.codes()[0]
    board.lock_pair(code, ("20.00", "40.00"))
    head = board.ctx(Role.MARKING_HEAD)
    allocations.allocate_third(head, board.competition, code)
    board.lock(board.pair(code, round_number=2)[0], code, "30.00")

    with nullcontext() if stands else pytest.raises(InvalidError, match="decision_outside_marks"):
        settling.decide_settlement(head, board.competition, code, decided=score(decided), reason=REASON)

    assert board.script(code).score == (score(decided) if stands else None)
