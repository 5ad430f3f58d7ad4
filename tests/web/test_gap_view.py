"""What the head reads on the page of a script whose marking guide was changed after it was marked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from examsite.domain.permissions import Role
from examsite.domain.questions import Text
from examsite.services.marking import lock_mark, save_draft
from examsite.services.rubric_changes import agree_change, propose_change
from tests.factories.marking import make_board
from tests.web.conftest import Doing
from tests.web.strict_client import StrictClient, find_all, words

CODE = "VH-2026-01"


def test_head_reads_the_words_in_force_under_which_both_marked(
    scene: Callable[[Callable[[Doing], Any]], Any], password_hash: str, log_in: Callable[..., StrictClient]
) -> None:
    def build(doing: Doing) -> tuple[str, str]:
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
        touched = agree_change(board.ctx(Role.SETTER, at=later), board.competition, change.id)
        # Both choose the criterion anew, by the new words.
        for marker, total in zip(board.pair(script), ("40.00", "42.50"), strict=True):
            revision = 1 + next(row.mark.revision for row in touched if row.mark.assignment_id == marker.id)
            ctx = board.ctx(marker, at=later)
            draft = save_draft(
                ctx, board.competition, script, revision=revision, points=board.points(total), comments={}, rubric=1
            )
            lock_mark(ctx, board.competition, script, revision=draft.revision, rubric=1)
        return script, known.text.vi

    script, old_words = scene(build)
    page = log_in(f"h01-{CODE}".lower()).page(f"/marker/{CODE}/head/scripts/{script}")

    (detail,) = find_all(page, "gap-detail")
    assert "Nêu đúng hai việc phải tách" in words(detail)
    assert old_words not in words(detail)
    (changed,) = find_all(page, "criterion-changed")
    assert "Lời của tiêu chí đã đổi" in words(changed)
