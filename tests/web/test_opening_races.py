"""Several browsers send the words of the key sheets at one instant: the code map is opened once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select

from examsite.domain.competitions import CompetitionState
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import CodeEntry
from examsite.storage.models.records import RecordRow
from tests.factories.code_maps import codes_key
from tests.factories.marking import make_board
from tests.web.conftest import Doing
from tests.web.strict_client import StrictClient
from tests.web.test_races import at_once, site_settings

__all__ = ["site_settings"]  # the site on each engine, for this file too

CODE = "VH-2026-01"


def test_the_code_map_is_opened_once(
    scene: Callable[..., Any], log_in: Callable[..., StrictClient], password_hash: str
) -> None:
    def build(doing: Doing) -> None:
        settings = doing.app.extensions["settings"]
        board = make_board(doing.session, doing.now, settings=settings, password_hash=password_hash, candidates=2)
        board.allocated()
        for code in board.codes():
            board.lock_pair(code, ("30.00", "30.00"))

    def told(doing: Doing) -> tuple[int, int, CompetitionState]:
        opened = select(func.count()).select_from(RecordRow).where(RecordRow.event == "codes:opened")
        return (
            doing.session.scalar(opened) or 0,
            doing.session.scalar(select(func.count()).select_from(CodeEntry)) or 0,
            doing.session.scalars(select(Competition.state)).one(),
        )

    scene(build)
    browsers = [log_in(f"chair-{CODE}".lower()) for _ in range(4)]
    first, second, _third = codes_key().shares
    answers = at_once(browsers, f"/council/{CODE}/codes/open", {"share1": first, "share2": second})
    assert Counter(answer.status_code for answer in answers) == {302: 1, 409: 3}
    assert scene(told) == (1, 2, CompetitionState.MERGED)
