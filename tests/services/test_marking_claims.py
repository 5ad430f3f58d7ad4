"""What the log says of changed rubrics, withdrawn marks and allocations: a row gone, moved or too many is named."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, inspect, select, update
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.permissions import Role
from examsite.domain.questions import Text
from examsite.services.allocations import allocate_third
from examsite.services.marker_stops import take_over_marker
from examsite.services.rubric_changes import agree_change, propose_change, refuse_change, take_back_change
from examsite.services.table_checks import check_tables
from examsite.services.withdrawals import request_withdrawal
from examsite.storage.models.marking import Allocation, MarkWithdrawal, Script
from examsite.storage.models.papers import RubricChange
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.queues import list_queue
from tests.factories.marking import Board, make_board
from tests.factories.withdrawals import refuse_withdrawal, withdraw_mark
from tests.scenes import Keep

TABLES = {"rubric_changes", "mark_withdrawals", "allocations"}
REASON = "Mức 3 nói hai điều trái nhau."


@pytest.fixture
def board(session: Session, now: datetime, tmp_path: Path, keep: Keep) -> Board:
    """Marks withdrawn and a wish refused; a rubric changed, refused, taken back and proposed; scripts passed on."""
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    return keep("board", lambda: _made(session, now, settings), session, tmp_path, settings=settings)


def _made(session: Session, now: datetime, settings: Settings) -> Board:
    made = make_board(session, now, settings=settings, candidates=4, markers=5)
    made.allocated()
    wide, near, *_rest = made.codes()
    made.lock_pair(wide, ("20.00", "40.00"))
    made.lock_pair(near, ("40.00", "42.50"))
    head, competition = made.ctx(Role.MARKING_HEAD), made.competition
    allocate_third(head, competition, wide)
    for answer in (refuse_withdrawal, withdraw_mark):
        marker = str(made.pair(near)[0].pseudonym)
        wish = request_withdrawal(head, competition, near, marker=marker, reason=REASON)
        answer(made.ctx(Role.CHAIR), competition, wish.id)
    # A wish that the changed rubric answers is recorded with the change's own reason.
    asked = request_withdrawal(head, competition, wide, marker=str(made.pair(wide)[0].pseudonym), reason="Chấm nhầm.")
    for place, text in enumerate(("Nêu hai việc", "Nêu rõ", "Nêu đủ", "Nêu gọn")):
        levels = next(one for one in made.rubric.human if one.criterion == "E1.a").levels
        change = propose_change(
            head, competition, made.room.paper.code, "E1.a", text=Text(text, text), levels=levels, reason=REASON
        )
        if place < 3:
            (refuse_change, take_back_change, agree_change)[place](
                made.ctx(Role.MARKING_HEAD if place == 1 else Role.SETTER), competition, change.id
            )
    assert session.get_one(MarkWithdrawal, asked.id).is_agreed
    fallen = made.markers[4]
    expected = len(list_queue(session, competition.id, fallen.id))
    take_over_marker(head, competition, str(fallen.pseudonym), expected=expected, reason=REASON)
    return made


def problems(board: Board) -> set[tuple[str, int | None, str, str]]:
    found = check_tables(board.session, board.competition)
    return {(one.table, one.row, one.code, one.column) for one in found if one.table in TABLES}


def raw(board: Board, model: type[Any], key: int, values: dict[str, Any] | None = None) -> None:
    """Change or delete one row past the product."""
    table = inspect(model).local_table
    done = delete(table) if values is None else update(table).values(values)
    board.session.connection().execute(done.where(table.c.id == key))
    board.session.expire_all()


def test_nothing_is_said_of_what_the_product_wrote(board: Board) -> None:
    assert problems(board) == set()


@pytest.mark.parametrize("model", [RubricChange, MarkWithdrawal, Allocation])
def test_a_row_that_is_gone_is_named(board: Board, model: type[Any]) -> None:
    answered = {
        RubricChange: RubricChange.record_seq.is_not(None),
        MarkWithdrawal: MarkWithdrawal.record_seq.is_not(None),
        Allocation: Allocation.id.is_not(None),
    }[model]
    keys = board.session.scalars(select(model.id).where(answered)).all()
    assert keys
    for key in keys:
        nested = board.session.begin_nested()
        raw(board, model, key)
        assert (model.__tablename__, None, "row_missing", "") in problems(board), key
        nested.rollback()


@pytest.mark.parametrize(
    ("model", "which", "values", "column"),
    [
        (RubricChange, RubricChange.is_agreed.is_(True), {"after": {"vi": "Khác"}}, "after"),
        (RubricChange, RubricChange.is_agreed.is_(True), {"reason": "Lý do khác"}, "reason"),
        (RubricChange, RubricChange.decided_by_id.is_(None), {"criterion": "E1.b"}, "criterion"),
        (MarkWithdrawal, MarkWithdrawal.is_agreed.is_(False), {"reason": "Lý do khác"}, "reason"),
        (Allocation, Allocation.withdrawn_at.is_not(None), {"reason": "Lý do khác"}, "reason"),
        (Allocation, Allocation.withdrawn_at.is_not(None), {"withdrawn_at": None}, "withdrawn_at"),
        (Allocation, Allocation.round == 2, {"round": 1}, "round"),
        (Allocation, Allocation.position == 2, {"position": 99}, "position"),
    ],
)
def test_what_a_row_says_otherwise_is_named(
    board: Board, model: type[Any], which: Any, values: dict[str, Any], column: str
) -> None:
    key = board.session.scalars(select(model.id).where(which, _is_answered(model)).order_by(model.id)).first()
    assert key is not None
    raw(board, model, key, values)
    assert problems(board) == {(model.__tablename__, key, "value_differs", column)}


def test_a_script_in_other_hands_is_named_with_the_row_that_is_missing(board: Board) -> None:
    held = select(Allocation).join(Script).where(Allocation.round == 1, Allocation.withdrawn_at.is_(None))
    row = board.session.scalars(held.order_by(Allocation.id)).first()
    assert row is not None
    others = {one.assignment_id for one in board.session.scalars(select(Allocation).filter_by(script_id=row.script_id))}
    stranger = next(one.id for one in board.markers if one.id not in others)
    raw(board, Allocation, row.id, {"assignment_id": stranger})

    assert problems(board) == {
        ("allocations", row.id, "record_missing", "assignment_id"),
        ("allocations", None, "row_missing", ""),
    }


def test_of_erased_records_nothing_is_made_up(board: Board) -> None:
    board.session.connection().execute(
        update(inspect(RecordRow).local_table)
        .where(RecordRow.event == "allocation:drawn")
        .values(payload=None, salt=None)
    )
    board.session.expire_all()
    assert problems(board) == set()


def _is_answered(model: type[Any]) -> Any:
    return model.id.is_not(None) if model is Allocation else model.record_seq.is_not(None)
