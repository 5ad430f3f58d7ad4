"""A marker asks the head about a script; the answer is given once."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.errors import ConflictError, NotAllowedError, NotFoundError
from examsite.domain.permissions import Role
from examsite.services.script_flags import MOST_WAITING, answer_flag, flag_script
from examsite.storage.queries.marking_notes import list_own_flags
from tests.factories.marking import Board, make_board
from tests.scenes import Keep


@pytest.fixture
def board(session: Session, now: datetime, tmp_path: Path, keep: Keep) -> Board:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)

    def build() -> Board:
        made = make_board(session, now, settings=settings, candidates=2)
        made.allocated()
        return made

    return keep("board", build, session, tmp_path, settings=settings)


def test_a_few_questions_may_wait_and_each_is_answered_once(board: Board) -> None:
    code = board.codes()[0]
    marker, other = board.pair(code)
    ctx, head = board.ctx(marker), board.ctx(Role.MARKING_HEAD)
    flags = [
        flag_script(ctx, board.competition, code, text=f"Ý {number} có trong hướng dẫn chấm không?")
        for number in range(MOST_WAITING)
    ]
    with pytest.raises(ConflictError, match="flags_waiting"):
        flag_script(ctx, board.competition, code, text="Một câu nữa.")

    with pytest.raises(NotAllowedError):
        answer_flag(board.ctx(other), board.competition, flags[0].id, text="Có.")
    answer_flag(head, board.competition, flags[0].id, text="Có, ở ý b.")
    with pytest.raises(ConflictError, match="flag_already_answered"):
        answer_flag(head, board.competition, flags[0].id, text="Không.")
    assert flags[0].answer == "Có, ở ý b."
    flag_script(ctx, board.competition, code, text="Một câu nữa.")
    assert len(list_own_flags(board.session, board.competition.id, marker.id, code)) == MOST_WAITING + 1
    assert list_own_flags(board.session, board.competition.id, other.id, code) == []


def test_nobody_asks_about_a_script_of_others(board: Board) -> None:
    code = board.codes()[0]
    stranger = next(one for one in board.markers if one.id not in {held.id for held in board.pair(code)})
    with pytest.raises(NotFoundError, match="script_not_found"):
        flag_script(board.ctx(stranger), board.competition, code, text="Bài này của ai?")
