"""The system's own marks of objective questions: locked as they are made, of several on a script the newest counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from examsite.domain.events import Event
from examsite.domain.marking import MARK_MACHINE, MarkEvent, MarkState
from examsite.domain.result_entries import SYSTEM_ROUND
from examsite.domain.rubrics import Points, Rubric, check_system_points, points_data, total
from examsite.domain.scores import score_text
from examsite.services.context import ServiceContext
from examsite.services.records import record_all
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Mark, Script
from examsite.storage.queries.marking import WRITTEN


def lock_system_marks(
    ctx: ServiceContext, competition: Competition, given: Sequence[tuple[Script, Rubric, Points]]
) -> list[Mark]:
    """Record and keep one more mark of the system for each script, in this order; earlier ones count no more.

    Raises:
        InvalidError: a code of `check_system_points`.
    """
    if not given:
        return []
    for _script, rubric, points in given:
        check_system_points(rubric, points)
    facts: list[tuple[str, dict[str, Any]]] = [
        (
            f"script/{script.code}",
            {
                "part": WRITTEN,
                "round": SYSTEM_ROUND,
                "content": script.content_sha256,
                "points": points_data(points),
                "total": score_text(total(points)),
            },
        )
        for script, _rubric, points in given
    ]
    numbers = record_all(ctx, competition, Event.MARK_LOCKED, facts, actor="system")
    marks = [
        Mark(
            script_id=script.id,
            round=SYSTEM_ROUND,
            state=MARK_MACHINE.after(MarkState.DRAFT, MarkEvent.LOCKED),
            points=points_data(points),
            comments={},
            total=total(points),
            updated_at=ctx.now,
            locked_at=ctx.now,
            record_seq=seq,
        )
        for (script, _rubric, points), seq in zip(given, numbers, strict=True)
    ]
    ctx.session.add_all(marks)
    ctx.session.flush()
    return marks
