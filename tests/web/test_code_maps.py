"""The closed map on the pages: what waits for the opening says so, and enough holders open on one page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from examsite.storage.models.marking import CodeEntry, Script
from examsite.storage.queries.code_maps import find_closed_map
from tests.factories.code_maps import codes_key
from tests.factories.marking import make_board
from tests.factories.sittings import shows_points_at_once
from tests.web.conftest import Doing
from tests.web.strict_client import StrictClient, find_all

CODE = "VH-2026-01"
Scene = Callable[[Callable[[Doing], Any]], Any]
LogIn = Callable[..., StrictClient]


@pytest.fixture
def seat(scene: Scene, password_hash: str) -> str:
    """Every script has its score and the map is closed; the seat of a candidate."""

    def build(doing: Doing) -> str:
        settings = doing.app.extensions["settings"]
        board = make_board(doing.session, doing.now, settings=settings, password_hash=password_hash, candidates=2)
        shows_points_at_once(board.room.competition)
        board.allocated()
        for code in board.codes():
            board.lock_pair(code, ("30.00", "30.00"))
        return board.room.attempt().seat

    made: str = scene(build)
    return made


def test_enough_holders_open_on_one_page_and_a_wrong_sheet_is_named(seat: str, log_in: LogIn, scene: Scene) -> None:
    chair = log_in(f"chair-{CODE}".lower())
    path = f"/council/{CODE}/codes/open"
    page = chair.page(path)
    assert len(find_all(page, "holders")) == 1
    first, second, _third = codes_key().shares
    wrong = chair.submit(path, {"share1": first, "share2": f"{second.rsplit(maxsplit=1)[0]} academic"})
    assert wrong.status_code == 422
    assert "Lượt nhập 2: Từng từ đều có trong bảng" in wrong.text
    assert scene(lambda doing: doing.session.scalars(select(CodeEntry)).all()) == []

    opened = chair.submit(path, {"share1": first, "share2": second})
    assert opened.status_code == 302
    assert "Đã mở bảng phách bằng tờ khóa của C01" in chair.get(opened.location).text
    assert scene(lambda doing: len(doing.session.scalars(select(CodeEntry)).all())) == 2
    assert scene(lambda doing: find_closed_map(doing.session, 1)) is None
    assert chair.get(path).status_code == 409
    assert len(scene(lambda doing: doing.session.scalars(select(Script)).all())) == 2
    assert seat


def test_what_waits_for_the_opening_says_so(seat: str, log_in: LogIn) -> None:
    chair, watcher = log_in(f"chair-{CODE}".lower()), log_in(f"invigilator-{CODE}".lower())
    course = chair.page(f"/council/{CODE}/sittings/CA1/seats/{seat}/timeline")
    assert find_all(course, "answers-closed")
    results = watcher.page(f"/invigilator/{CODE}/sittings/CA1/results")
    assert find_all(results, "answers-closed")
    assert not find_all(results, "sign-results"), "nobody signs a list without points"
    keeper = log_in(f"k01-{CODE}".lower())
    assert find_all(keeper.page(f"/keeper/{CODE}/scripts"), "scripts-closed")
