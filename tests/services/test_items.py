"""An objective question is decided by two people before the codes are opened, and its scripts are scored anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.competitions import GateEvent
from examsite.domain.errors import ConflictError, DomainError, InvalidError, NotAllowedError, NotFoundError
from examsite.domain.items import LEAST_SCRIPTS_TO_DECIDE, Ruling
from examsite.domain.marking import MarkState, ScriptState
from examsite.domain.permissions import Role
from examsite.domain.questions import QuestionKind, is_correct
from examsite.domain.scores import score
from examsite.services import codes
from examsite.services.items import agree_ruling, propose_ruling, refuse_ruling
from examsite.services.settling import decide_settlement
from examsite.storage.models.code_maps import ScriptCut
from examsite.storage.models.marking import Mark, Script, Settlement
from examsite.storage.models.papers import ItemDecision
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.codes import written_results
from examsite.storage.queries.gates import list_missing
from examsite.storage.queries.items import list_item_effects, list_item_history, list_paper_items
from examsite.storage.queries.marking import list_standings
from examsite.storage.queries.settling import settling_version
from tests.factories.marking import Board, make_board
from tests.scenes import Keep

REASON = "Cả hai phương án đều đúng theo văn bản mới."


@pytest.fixture
def board(session: Session, now: datetime, tmp_path: Path, keep: Keep) -> Board:
    """Two candidates with the first ten questions right, allocated."""
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)

    def build() -> Board:
        made = make_board(session, now, settings=settings, candidates=2)
        made.allocated()
        return made

    return keep("board", build, session, tmp_path, settings=settings)


def _propose(board: Board, item: str = "Q11", ruling: Ruling = Ruling.EVERYONE, **changes: Any) -> ItemDecision:
    paper = board.room.paper.code
    values: dict[str, Any] = {"ruling": ruling, "reason": REASON, **changes}
    return propose_ruling(board.ctx(Role.SETTER), board.competition, paper, item, **values)


def _agree(board: Board, decision: ItemDecision) -> list[str]:
    return agree_ruling(board.ctx(Role.CHAIR), board.competition, decision.id)


def _refusal(kind: type[DomainError], act: Callable[[], Any]) -> str:
    with pytest.raises(kind) as refused:
        act()
    return refused.value.code


def _record(board: Board, event: str) -> list[RecordRow]:
    return list(board.session.scalars(select(RecordRow).where(RecordRow.event == event).order_by(RecordRow.seq)))


def test_everyone_gets_the_points_by_a_further_mark_of_the_system(board: Board) -> None:
    first, second = board.codes()
    board.lock_pair(first, ("30.00", "30.00"))
    assert board.script(first).score == score("50.00")
    decision = _propose(board)

    effects = list_item_effects(board.session, board.competition, decision)
    touched = _agree(board, decision)

    assert [(row.code, row.after - row.before) for row in effects] == [(first, score(2)), (second, score(2))]
    assert touched == [first, second]
    assert board.script(first).score == score("52.00")
    assert board.script(second).state is ScriptState.MARKING
    marks = list(
        board.session.scalars(
            select(Mark).join(Mark.script).where(Script.code == first, Mark.round == 0).order_by(Mark.record_seq)
        )
    )
    assert [mark.total for mark in marks] == [score("20.00"), score("22.00")]
    assert {mark.state for mark in marks} == {MarkState.LOCKED}
    recorded = _record(board, "item:decided")[0]
    assert (recorded.actor, recorded.subject) == ("setter/D01", f"paper/{board.room.paper.code}")
    assert json.loads(recorded.payload) == {"criterion": "Q11", "ruling": "everyone", "second": "C01"}
    last = _record(board, "mark:locked")[-1]
    assert (last.actor, json.loads(last.payload)["total"], json.loads(last.payload)["round"]) == ("system", "22.00", 0)
    assert last.seq > recorded.seq


def test_every_script_on_the_paper_is_scored_after_the_ruling_even_where_nothing_changes(board: Board) -> None:
    code = board.codes()[0]
    board.lock_pair(code, ("30.00", "37.50"))
    board.talked(code)
    decide_settlement(board.ctx(Role.MARKING_HEAD), board.competition, code, decided=score("54.00"), reason=REASON)

    assert _agree(board, _propose(board, ruling=Ruling.KEEP)) == []

    ruled = _record(board, "item:decided")[0].seq
    later = [row.subject for row in _record(board, "mark:locked") if row.seq > ruled]
    assert later == [f"script/{code}" for code in board.codes()]
    assert board.script(code).score == score("54.00")


def test_the_head_decides_over_no_page_with_the_totals_before_a_ruling(board: Board) -> None:
    code = board.codes()[0]
    head = board.ctx(Role.MARKING_HEAD)
    board.lock_pair(code, ("30.00", "37.50"))
    board.talked(code)
    (before,) = list_standings(board.session, board.competition)
    shown = settling_version(board.session, before)

    _agree(board, _propose(board))

    decide = lambda: decide_settlement(  # noqa: E731 -- one act
        head, board.competition, code, decided=score("54.00"), reason=REASON, version=shown
    )
    assert _refusal(ConflictError, decide) == "settling_changed"
    assert board.script(code).score is None


def test_the_result_carries_the_last_mark_of_the_system_alone(board: Board) -> None:
    for code in board.codes():
        board.lock_pair(code, ("60.00", "60.00"))
    for item in ("Q11", "Q12"):
        _agree(board, _propose(board, item))
    board.session.flush()

    codes.open_codes(board.ctx(Role.CHAIR), board.competition, words=board.sheets)
    results = written_results(board.session, board.competition)

    assert len(results) == len(board.codes())
    for result in results:
        system = [mark for mark in result.entry.marks if mark.round == 0]
        assert [mark.total for mark in system] == [score("24.00")]
        assert result.outcome.score == score("84.00")


def test_a_further_key_is_worth_the_points_to_those_who_gave_it(board: Board) -> None:
    lines = list_paper_items(board.session, board.competition.id)[0].lines
    one_of = (QuestionKind.SINGLE, QuestionKind.TRUE_FALSE)
    asked = next(line.item for line in lines if line.number > 10 and line.item.question.kind in one_of)
    wrong = next(option.key for option in asked.question.options if not is_correct(asked.question, option.key))
    code = next(code for code in board.codes() if board.candidate_of(code) == 0)
    cut = board.session.scalars(select(ScriptCut).where(ScriptCut.script_id == board.script(code).id)).one()
    cut.responses = {asked.item: wrong}
    board.session.flush()

    touched = _agree(board, _propose(board, asked.item, Ruling.FURTHER_KEYS, keys=(wrong,)))

    assert touched == [code]
    assert json.loads(_record(board, "item:decided")[0].payload)["ruling"] == f"further-keys: {wrong}"


def test_keeping_after_everyone_takes_the_points_back_and_twice_changes_nothing(board: Board) -> None:
    _agree(board, _propose(board))
    assert _agree(board, _propose(board)) == []
    assert _agree(board, _propose(board, ruling=Ruling.KEEP)) == board.codes()

    history = list_item_history(board.session, board.room.paper.id, "Q11")
    assert [line.decision.ruling for line in history] == ["keep", "everyone", "everyone"]
    assert {(line.proposed_by, line.decided_by) for line in history} == {("D01", "C01")}
    line = next(row for row in list_paper_items(board.session, board.competition.id)[0].lines if row.item.item == "Q11")
    assert line.decided is not None
    assert line.decided.ruling == "keep"


def test_a_score_that_the_head_had_decided_is_for_the_head_again(board: Board) -> None:
    code = board.codes()[0]
    board.lock_pair(code, ("30.00", "37.50"))
    board.talked(code)
    decide_settlement(board.ctx(Role.MARKING_HEAD), board.competition, code, decided=score("54.00"), reason=REASON)
    decision = _propose(board)
    assert list_item_effects(board.session, board.competition, decision)[0].head_again

    _agree(board, decision)

    assert board.script(code).state is ScriptState.SETTLING
    assert board.script(code).score is None
    assert board.session.scalars(select(Settlement)).one().withdrawn_at is not None
    board.talked(code)
    decide_settlement(board.ctx(Role.MARKING_HEAD), board.competition, code, decided=score("56.00"), reason=REASON)
    assert board.script(code).score == score("56.00")


def test_who_crosses_the_pass_mark_is_seen_before_agreeing(board: Board) -> None:
    code = board.codes()[0]
    pass_mark = score("50.00")
    board.lock_pair(code, ("27.50", "30.00"))
    before = board.script(code).score
    assert before is not None
    assert before < pass_mark

    effects = {row.code: row for row in list_item_effects(board.session, board.competition, _propose(board))}

    assert effects[code].crosses == 1
    assert effects[board.codes()[1]].crosses == 0


def test_two_marks_astride_the_pass_mark_are_for_the_head_again(board: Board) -> None:
    code = board.codes()[0]
    board.lock_pair(code, ("27.50", "30.00"))
    _agree(board, _propose(board))

    standing = next(row for row in list_standings(board.session, board.competition) if row.script.code == code)

    assert standing.straddle_unseen


def test_one_person_is_not_two_and_an_answer_is_given_once(board: Board) -> None:
    decision = _propose(board)
    own = board.ctx(Role.SETTER)
    assert (
        _refusal(NotAllowedError, lambda: agree_ruling(own, board.competition, decision.id)) == "second_person_needed"
    )
    assert _refusal(ConflictError, lambda: _propose(board)) == "item_decision_waiting"
    refuse_ruling(board.ctx(Role.CHAIR), board.competition, decision.id)
    refused = board.session.scalars(select(RecordRow).where(RecordRow.event == "ruling:refused")).one()
    assert (refused.actor, refused.seq) == ("council/C01", decision.record_seq)
    assert json.loads(refused.payload or "")["proposed_by"] == "D01"
    assert _refusal(NotFoundError, lambda: _agree(board, decision)) == "item_decision_not_found"
    assert _record(board, "item:decided") == []
    assert _propose(board).id != decision.id


@pytest.mark.parametrize(
    ("item", "changes", "code"),
    [
        ("E1", {}, "item_not_objective"),
        ("Q11", {"reason": "  "}, "reason_missing"),
        ("Q11", {"ruling": Ruling.FURTHER_KEYS}, "further_keys_missing"),
    ],
)
def test_what_cannot_be_decided_is_refused(board: Board, item: str, changes: dict[str, Any], code: str) -> None:
    assert _refusal(InvalidError, lambda: _propose(board, item, **changes)) == code


@pytest.mark.parametrize("role", [Role.MARKING_HEAD, Role.KEEPER, Role.ORGANISER])
def test_others_neither_propose_nor_agree(board: Board, role: Role) -> None:
    decision = _propose(board)
    ctx = board.ctx(role)
    assert _refusal(NotAllowedError, lambda: agree_ruling(ctx, board.competition, decision.id)) == "role_needed"
    paper = board.room.paper.code

    def act() -> object:
        return propose_ruling(ctx, board.competition, paper, "Q12", ruling=Ruling.KEEP, reason=REASON)

    assert _refusal(NotAllowedError, act) == "role_needed"


def _owed(board: Board) -> dict[str, Any]:
    missing = list_missing(board.session, board.competition, GateEvent.CODES_OPENED, now=board.room.now)
    return {item.code: item.params for item in missing}


def test_a_waiting_proposal_keeps_the_codes_sealed(board: Board) -> None:
    assert "item_decisions_waiting" not in _owed(board)
    _propose(board)
    assert _owed(board)["item_decisions_waiting"] == {"count": 1}


def test_few_scripts_oblige_nobody_and_enough_do(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    paper = list_paper_items(board.session, board.competition.id)[0]
    assert paper.is_weak
    assert any(line.is_flagged for line in paper.lines)
    assert "items_undecided" not in _owed(board)
    assert LEAST_SCRIPTS_TO_DECIDE > 2

    monkeypatch.setattr("examsite.storage.queries.items.LEAST_SCRIPTS_TO_DECIDE", 2)
    flagged = sum(line.is_flagged for line in paper.lines)
    assert _owed(board)["items_undecided"]["count"] == flagged
    _agree(board, _propose(board, "Q01", Ruling.KEEP))
    assert _owed(board)["items_undecided"]["count"] == flagged - 1
