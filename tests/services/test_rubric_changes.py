"""A rubric that changes while people mark: two people, every mark it touches opened again and named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.errors import ConflictError, DomainError, InvalidError, NotAllowedError, NotFoundError
from examsite.domain.marking import MarkState, ScriptKind, ScriptState
from examsite.domain.permissions import Role
from examsite.domain.questions import Level, Text
from examsite.domain.rubric_changes import MarkFate
from examsite.domain.rubrics import RubricCriterion
from examsite.domain.scores import score
from examsite.domain.sittings import SittingState
from examsite.services.marking import lock_mark, save_draft
from examsite.services.rubric_changes import agree_change, propose_change, refuse_change, take_back_change
from examsite.services.standardisation import agree_standard, change_standard
from examsite.services.withdrawals import request_withdrawal
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.dossiers import ConflictDeclaration
from examsite.storage.models.marking import Mark, MarkWithdrawal, Script
from examsite.storage.models.papers import RubricChange
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.papers import get_opened_paper, list_opened_papers
from examsite.storage.queries.queues import get_blind_script
from examsite.storage.queries.rubric_changes import list_changes, list_reopened_marks, list_standards_to_agree
from examsite.storage.queries.standardisation import list_agreed
from tests.factories.marking import Board, make_board
from tests.factories.standardisation import agree
from tests.scenes import Keep

REASON = "Mức 3 nói hai điều trái nhau."
TOUCHED = "E1.a"


@pytest.fixture
def board(session: Session, now: datetime, tmp_path: Path, keep: Keep) -> Board:
    """Three candidates; every script is given to its markers."""
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)

    def build() -> Board:
        made = make_board(session, now, settings=settings, candidates=3)
        made.allocated()
        return made

    return keep("board", build, session, tmp_path, settings=settings)


def test_nobody_who_marks_reads_a_paper_that_somebody_is_still_to_write(board: Board) -> None:
    session, competition = board.session, board.competition
    assert list_opened_papers(session, competition.id) == [board.room.paper]
    sitting = board.room.sitting
    for state, started_at in ((SittingState.STARTED, sitting.started_at), (SittingState.SCHEDULED, None)):
        sitting.state, sitting.started_at, sitting.closed_at = state, started_at, None
        session.flush()
        assert list_opened_papers(session, competition.id) == []
        with pytest.raises(NotFoundError, match="paper_not_found"):
            get_opened_paper(session, competition.id, board.room.paper.code)


def _criterion(board: Board) -> RubricCriterion:
    return next(one for one in board.rubric.human if one.criterion == TOUCHED)


def _propose(board: Board, **changes: Any) -> RubricChange:
    known = _criterion(board)
    values: dict[str, Any] = {
        "text": Text("Nêu đúng hai việc phải tách", "Separates the two issues"),
        "levels": known.levels,
        "reason": REASON,
        **changes,
    }
    ctx = board.ctx(Role.MARKING_HEAD)
    return propose_change(ctx, board.competition, board.room.paper.code, TOUCHED, **values)


def _agree(board: Board, change: RubricChange) -> list[tuple[str, str, MarkFate]]:
    touched = agree_change(board.ctx(Role.SETTER), board.competition, change.id)
    return [(row.marker, row.script.code, row.fate) for row in touched]


def _own(board: Board, code: str, place: int) -> Mark:
    marker = board.pair(code)[place]
    statement = (
        select(Mark)
        .join(Mark.script)
        .where(Script.code == code, Mark.assignment_id == marker.id, Mark.state != MarkState.WITHDRAWN)
        .execution_options(populate_existing=True)
    )
    return board.session.scalars(statement).one()


def _refusal(kind: type[DomainError], act: Callable[[], Any]) -> str:
    with pytest.raises(kind) as refused:
        act()
    return refused.value.code


def _records(board: Board, event: str) -> list[RecordRow]:
    return list(board.session.scalars(select(RecordRow).where(RecordRow.event == event).order_by(RecordRow.seq)))


def test_every_touched_mark_is_opened_again_and_named(board: Board) -> None:
    one, gap, settled = board.codes()
    board.lock(board.pair(one)[0], one, "40.00")
    drafting = board.ctx(board.pair(one)[1])
    save_draft(drafting, board.competition, one, revision=0, points=board.points("20.00"), comments={})
    board.lock_pair(gap, ("30.00", "50.00"))
    board.lock_pair(settled, ("40.00", "42.50"))

    touched = _agree(board, _propose(board))

    fates = {(code, fate) for _marker, code, fate in touched}
    assert fates == {
        (one, MarkFate.WITHDRAWN),
        (one, MarkFate.REOPENED),
        (gap, MarkFate.WITHDRAWN),
        (settled, MarkFate.WITHDRAWN),
    }
    assert len(touched) == 6
    for code in (gap, settled):
        assert (board.script(code).state, board.script(code).score) == (ScriptState.MARKING, None)
    for code in (one, gap, settled):
        for place in (0, 1):
            mark = _own(board, code, place)
            assert mark.state is MarkState.DRAFT
            assert TOUCHED not in mark.points
            assert mark.earlier_points[TOUCHED]
            assert mark.points
    assert _own(board, one, 0).comments == {"": "Đã đọc kỹ."}
    change = list_changes(board.session, board.competition.id)[0].change
    assert {code for _marker, code in list_reopened_marks(board.session, change)} == {one, gap, settled}


def test_what_becomes_of_a_mark_tells_nothing_of_the_other_one_and_of_seeds(board: Board) -> None:
    alone, settled, seed = board.codes()
    for code in (alone, seed):
        board.lock(board.pair(code)[0], code, "40.00")
    board.lock_pair(settled, ("40.00", "42.50"))
    board.script(seed).kind = ScriptKind.SEED
    board.session.flush()

    _agree(board, _propose(board))

    seen = set()
    for code in (alone, settled, seed):
        mark = _own(board, code, 0)
        blind = get_blind_script(board.session, board.competition.id, board.pair(code)[0].id, code)
        seen.add((mark.state, mark.revision, str(mark.points), str(mark.earlier_points), blind.rubric))
    assert len(seen) == 1
    # Of a seed there is no record under its code: nobody stands behind it.
    assert {row.subject for row in _records(board, "mark:withdrawn")} == {f"script/{alone}", f"script/{settled}"}


def test_a_settled_script_is_settled_anew_after_the_change(board: Board) -> None:
    code = board.codes()[0]
    board.lock_pair(code, ("40.00", "42.50"))
    _agree(board, _propose(board))
    for place, total in enumerate(("30.00", "32.50")):
        marker = board.pair(code)[place]
        ctx = board.ctx(marker)
        draft = save_draft(
            ctx,
            board.competition,
            code,
            revision=_own(board, code, place).revision,
            points=board.points(total),
            comments={},
            rubric=1,
        )
        lock_mark(ctx, board.competition, code, revision=draft.revision, rubric=1)

    assert (board.script(code).state, board.script(code).score) == (ScriptState.SETTLED, score("51.25"))


def test_each_withdrawal_is_recorded_with_both_people(board: Board) -> None:
    code = board.codes()[0]
    lock = board.lock(board.pair(code)[0], code, "40.00")
    _agree(board, _propose(board))

    changed = json.loads(_records(board, "rubric:changed")[0].payload)
    withdrawn = _records(board, "mark:withdrawn")[0]

    assert (withdrawn.actor, withdrawn.subject) == ("head/H01", f"script/{code}")
    assert json.loads(withdrawn.payload) == {"seq": lock.record_seq, "reason": REASON, "second": "D01"}
    assert (changed["criterion"], changed["second"], changed["withdrawn"]) == (TOUCHED, "D01", [lock.record_seq])
    assert changed["before"]["maximum"] == changed["after"]["maximum"]
    wish = board.session.scalars(select(MarkWithdrawal)).one()
    assert (wish.is_agreed, wish.record_seq) == (True, withdrawn.seq)


def test_the_criterion_is_chosen_anew_before_the_lock(board: Board) -> None:
    code = board.codes()[0]
    marker = board.pair(code)[0]
    board.lock(marker, code, "40.00")
    _agree(board, _propose(board))
    ctx = board.ctx(marker)
    blind = get_blind_script(board.session, board.competition.id, marker.id, code)
    assert blind.mark is not None
    assert blind.changes[TOUCHED].before["vi"] == _criterion(board).text.vi
    shown = next(one for one in blind.paper.rubric.human if one.criterion == TOUCHED)
    assert shown.text.vi == "Nêu đúng hai việc phải tách"

    revision = blind.mark.revision
    assert (
        _refusal(InvalidError, lambda: lock_mark(ctx, board.competition, code, revision=revision)) == "points_missing"
    )
    points = {**{name: score(given) for name, given in blind.mark.points.items()}, TOUCHED: score("0.00")}
    draft = save_draft(ctx, board.competition, code, revision=revision, points=points, comments=blind.mark.comments)
    again = lock_mark(ctx, board.competition, code, revision=draft.revision)

    assert again.points[TOUCHED] == "0.00"
    assert len(_records(board, "mark:locked")) == len(board.codes()) + 2


def test_a_page_that_was_open_before_is_told_at_its_next_save(board: Board) -> None:
    code = board.codes()[0]
    marker = board.pair(code)[0]
    ctx = board.ctx(marker)
    draft = save_draft(ctx, board.competition, code, revision=0, points=board.points("20.00"), comments={})
    seen = draft.revision
    _agree(board, _propose(board))

    def save() -> object:
        return save_draft(ctx, board.competition, code, revision=seen, points=board.points("22.50"), comments={})

    assert _refusal(ConflictError, save) == "draft_changed_elsewhere"


@pytest.mark.parametrize("begun", [False, True])
def test_a_page_with_older_words_keeps_and_locks_nothing(board: Board, *, begun: bool) -> None:
    code = board.codes()[0]
    ctx = board.ctx(board.pair(code)[0])
    points = {name: given for name, given in board.points("40.00").items() if name != TOUCHED}
    revision = 0
    if begun:
        revision = save_draft(ctx, board.competition, code, revision=0, points=points, comments={}, rubric=0).revision
    _agree(board, _propose(board))

    def save(rubric: int) -> Mark:
        given = {**points, TOUCHED: score("2.50")}
        return save_draft(ctx, board.competition, code, revision=revision, points=given, comments={}, rubric=rubric)

    with pytest.raises(ConflictError, match="rubric_changed") as refused:
        save(0)
    assert refused.value.params == {"criterion": TOUCHED}
    draft = save(1)
    _agree(board, _propose(board, text=Text("Nêu rõ", "Clear")))
    assert (
        _refusal(ConflictError, lambda: lock_mark(ctx, board.competition, code, revision=draft.revision, rubric=1))
        == "rubric_changed"
    )


def test_agreed_marks_measure_nobody_until_they_are_agreed_anew(board: Board, session: Session) -> None:
    kept = agree(board, ScriptKind.QUALIFICATION, "40.00")
    seen = kept.script.content_sha256
    change = _propose(board)
    _agree(board, change)
    setter, chair, head = board.ctx(Role.SETTER), board.ctx(Role.CHAIR), board.ctx(Role.MARKING_HEAD)

    assert [row.script.code for row in list_standards_to_agree(session, change)] == [kept.script.code]
    assert list_agreed(session, board.competition.id, ScriptKind.QUALIFICATION) == []
    texts = {part["item"]: part["text"] for part in kept.script.content}
    # A second person alone cannot put it back.
    assert (
        _refusal(InvalidError, lambda: agree_standard(setter, board.competition, kept.id, sha256=seen))
        == "points_missing"
    )
    other = dict.fromkeys(texts, "Bài khác")
    assert (
        _refusal(
            ConflictError,
            lambda: change_standard(
                head, board.competition, kept.id, texts=other, points=board.points("30.00"), comments={}
            ),
        )
        == "standard_text_fixed"
    )
    change_standard(head, board.competition, kept.id, texts=texts, points=board.points("30.00"), comments={})
    agree_standard(chair, board.competition, kept.id, sha256=kept.script.content_sha256)

    assert list_standards_to_agree(session, change) == []
    assert [row.total for row in list_agreed(session, board.competition.id, ScriptKind.QUALIFICATION)] == [score(30)]


def test_a_wish_of_the_head_about_the_same_mark_is_answered_by_the_change(board: Board) -> None:
    code = board.codes()[0]
    board.lock_pair(code, ("30.00", "50.00"))
    marker = str(board.pair(code)[0].pseudonym)
    wish = request_withdrawal(
        board.ctx(Role.MARKING_HEAD), board.competition, code, marker=marker, reason="Chấm nhầm tiêu chí."
    )
    _agree(board, _propose(board))

    board.session.refresh(wish)
    assert wish.is_agreed
    assert wish.reason == "Chấm nhầm tiêu chí."


def test_a_second_change_begins_from_the_first(board: Board) -> None:
    _agree(board, _propose(board))
    again = _propose(board, text=Text("Nêu rõ", "Clear"))

    assert again.before["vi"] == "Nêu đúng hai việc phải tách"


def test_the_table_takes_one_waiting_change_of_a_criterion(board: Board) -> None:
    first = _propose(board)
    again = {"paper_id": first.paper_id, "criterion": first.criterion, "before": first.before, "after": first.after}
    people = {"reason": first.reason, "proposed_by_id": first.proposed_by_id, "proposed_at": first.proposed_at}
    board.session.add(RubricChange(**again, **people))
    with pytest.raises(IntegrityError):
        board.session.flush()
    board.session.rollback()


def test_refused_nothing_changes_and_one_person_is_not_two(board: Board) -> None:
    code = board.codes()[0]
    board.lock(board.pair(code)[0], code, "40.00")
    change = _propose(board)
    assert _refusal(ConflictError, lambda: _propose(board)) == "rubric_change_waiting"
    own = board.ctx(Role.MARKING_HEAD)
    assert _refusal(NotAllowedError, lambda: agree_change(own, board.competition, change.id)) == "role_needed"

    refuse_change(board.ctx(Role.SETTER), board.competition, change.id)

    assert _own(board, code, 0).state is MarkState.LOCKED
    assert _records(board, "rubric:changed") == []
    (refused,) = _records(board, "rubric:refused")
    assert refused.actor == "setter/D01"
    assert json.loads(refused.payload) == {"criterion": TOUCHED, "reason": REASON, "proposed_by": "H01"}
    assert _refusal(NotFoundError, lambda: _agree(board, change)) == "rubric_change_not_found"


def test_who_stands_near_to_a_candidate_neither_proposes_nor_agrees(board: Board) -> None:
    waiting = _propose(board)
    for role in (Role.MARKING_HEAD, Role.SETTER):
        near = {"assignment_id": board.room.people[role].id, "candidacy_id": board.room.candidacies[0].id}
        board.session.add(ConflictDeclaration(**near, relation="sibling", declared_at=waiting.proposed_at))
    board.session.flush()

    def take_back() -> None:
        take_back_change(board.ctx(Role.MARKING_HEAD), board.competition, waiting.id)

    def refuse() -> None:
        refuse_change(board.ctx(Role.SETTER), board.competition, waiting.id)

    assert _refusal(NotAllowedError, lambda: _propose(board)) == "head_leaves_scripts"
    assert _refusal(NotAllowedError, take_back) == "head_leaves_scripts"
    assert _refusal(NotAllowedError, lambda: _agree(board, waiting)) == "second_leaves_scripts"
    assert _refusal(NotAllowedError, refuse) == "second_leaves_scripts"


def test_how_many_marks_a_change_touches_does_not_change_how_many_statements_it_takes(board: Board) -> None:
    codes = board.codes()
    counts = []
    for many, text in ((codes[:1], "Nêu đúng hai việc"), (codes, "Nêu rõ hai việc")):
        for code in many:
            for place, marker in enumerate(board.pair(code)):
                _lock_again(board, code, marker, place)
        change = _propose(board, text=Text(text, text))
        board.session.flush()
        with _statements(board.session) as made:
            touched = _agree(board, change)
        assert len(touched) == 2 * len(many)
        counts.append(len(made))
    assert counts[1] == counts[0]


def _lock_again(board: Board, code: str, marker: RoleAssignment, place: int) -> None:
    """Lock a sheet that a change may have opened again."""
    found = board.session.scalars(
        select(Mark.revision)
        .join(Mark.script)
        .where(Script.code == code, Mark.assignment_id == marker.id, Mark.state == MarkState.DRAFT)
    ).one_or_none()
    ctx = board.ctx(marker)
    points = board.points("40.00" if place else "30.00")
    draft = save_draft(ctx, board.competition, code, revision=found or 0, points=points, comments={})
    lock_mark(ctx, board.competition, code, revision=draft.revision)


@contextmanager
def _statements(session: Session) -> Iterator[list[str]]:
    """What is sent to the database meanwhile; many rows of one statement count once, SQLite sends them one by one."""
    made: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if made[-1:] != [statement]:
            made.append(statement)

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", listen)
    try:
        yield made
    finally:
        event.remove(connection, "before_cursor_execute", listen)


def test_maximum_and_step_never_change(board: Board) -> None:
    known = _criterion(board)
    too_much = [*known.levels[:-1], Level(known.maximum + known.step, Text("Hơn", "More"))]
    off = [Level(known.step / 2, Text("Nửa", "Half"))]
    assert _refusal(InvalidError, lambda: _propose(board, levels=too_much)) == "level_not_reachable"
    assert _refusal(InvalidError, lambda: _propose(board, levels=off)) == "level_off_step"
    assert _refusal(InvalidError, lambda: _propose(board, text=known.text)) == "criterion_not_changed"
    assert _refusal(InvalidError, lambda: _propose(board, levels=[])) == "levels_missing"
    assert _refusal(InvalidError, lambda: _propose(board, text=Text("", ""))) == "criterion_words_missing"
    twice = [known.levels[0], known.levels[0]]
    assert _refusal(InvalidError, lambda: _propose(board, levels=twice)) == "level_twice"
    falling = [known.levels[1], known.levels[0], *known.levels[2:]]
    assert _refusal(InvalidError, lambda: _propose(board, levels=falling)) == "levels_not_rising"
    assert _refusal(InvalidError, lambda: _propose(board, reason=" ")) == "reason_missing"
    higher = [*known.levels[:-1], replace(known.levels[-1], text=Text("Rõ hơn", "Clearer"))]
    assert _propose(board, levels=higher).after["maximum"] == f"{known.maximum:.2f}"


def test_the_head_takes_back_the_own_proposal_before_it_is_answered(board: Board) -> None:
    change = _propose(board)
    ctx = board.ctx(Role.MARKING_HEAD)
    assert _refusal(NotAllowedError, lambda: take_back_change(board.ctx(Role.SETTER), board.competition, change.id))

    take_back_change(ctx, board.competition, change.id)

    (taken,) = _records(board, "rubric:taken-back")
    assert json.loads(taken.payload)["criterion"] == TOUCHED
    assert (change.is_agreed, change.record_seq) == (False, taken.seq)
    assert _refusal(NotFoundError, lambda: _agree(board, change)) == "rubric_change_not_found"
    assert (
        _refusal(NotFoundError, lambda: take_back_change(ctx, board.competition, change.id))
        == "rubric_change_not_found"
    )
    assert _propose(board).id != change.id
