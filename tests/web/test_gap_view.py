"""What the head reads on the page of a script whose marking guide was changed after it was marked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from examsite.domain.permissions import Role
from examsite.domain.questions import Text
from examsite.services.rubric_changes import agree_change, propose_change
from tests.factories.marking import make_board
from tests.web.conftest import Doing
from tests.web.strict_client import StrictClient, find_all, words

CODE = "VH-2026-01"


def test_head_reads_the_words_in_force_and_who_marked_under_the_old_ones(
    scene: Callable[[Callable[[Doing], Any]], Any], password_hash: str, log_in: Callable[..., StrictClient]
) -> None:
    def build(doing: Doing) -> tuple[str, str, list[str]]:
        settings = doing.app.extensions["settings"]
        board = make_board(doing.session, doing.now, settings=settings, password_hash=password_hash, candidates=2)
        script = board.allocated()[0].code
        board.lock_pair(script, ("40.00", "42.50"))
        known = next(one for one in board.rubric.human if one.criterion == "E1.a")
        later = doing.now + timedelta(minutes=5)
        change = propose_change(
            board.ctx(Role.MARKING_HEAD, at=later),
            board.competition,
            board.room.paper.code,
            "E1.a",
            text=Text("Nêu đúng hai việc phải tách", "Separates the two issues"),
            levels=known.levels,
            reason="Mức 3 nói hai điều trái nhau.",
        )
        agree_change(board.ctx(Role.SETTER, at=later), board.competition, change.id)
        return script, known.text.vi, [str(marker.pseudonym) for marker in board.pair(script)]

    script, old_words, pair = scene(build)
    page = log_in(f"h01-{CODE}".lower()).page(f"/marker/{CODE}/head/scripts/{script}")

    (detail,) = find_all(page, "gap-detail")
    assert "Nêu đúng hai việc phải tách" in words(detail)
    assert old_words not in words(detail)
    (changed,) = find_all(page, "criterion-changed")
    assert all(marker in words(changed) for marker in pair)
    assert "theo lời cũ" in words(changed)
