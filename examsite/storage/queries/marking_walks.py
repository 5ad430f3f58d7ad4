"""In which order a marker walks through the own queue: script by script, or one question of all scripts at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.domain.draws import draw_seed
from examsite.domain.events import Event
from examsite.domain.marking import MarkState
from examsite.domain.question_orders import order_for_question
from examsite.storage.models.marking import Mark, Script
from examsite.storage.models.papers import Paper
from examsite.storage.queries.codes import ALLOCATION
from examsite.storage.queries.draws import find_draw_record
from examsite.storage.queries.queues import own_rows
from examsite.storage.queries.rubric_changes import read_current_paper


@dataclass(frozen=True)
class Step:
    """One stop of the walk: a script, and one of its questions when the walk goes by questions."""

    code: str
    item: str
    #: done, work or todo; by questions this speaks of the question alone.
    kind: str


_walk = own_rows(Script.code, Script.paper_id, Mark.points, Mark.state).order_by(Script.code)


def list_steps(session: Session, competition_id: int, assignment_id: int, *, marker: str) -> list[Step]:
    """The walk by questions: every script's first question, then every script's second; papers one after the other.

    Without a draw (nothing is allocated then) the codes stand in their own order.
    """
    rows = session.execute(_walk, {"competition_id": competition_id, "assignment_id": assignment_id}).all()
    held = find_draw_record(session, competition_id, ALLOCATION, Event.DRAW_HELD)
    seed = b"" if held is None else draw_seed(held["document"])
    paper_ids = sorted({paper_id for _code, paper_id, _points, _state in rows})
    steps = []
    for row in session.scalars(select(Paper).where(Paper.id.in_(paper_ids)).order_by(Paper.id)):
        paper = read_current_paper(session, row)
        own = {code: (points or {}, state) for code, known, points, state in rows if known == row.id}
        for essay in paper.essays:
            criteria = [row.criterion for row in paper.rubric.human if row.criterion.startswith(f"{essay.item}.")]
            for code in order_for_question(own, seed=seed, marker=marker, item=essay.item):
                steps.append(Step(code, essay.item, _kind(criteria, *own[code])))
    return steps


def _kind(criteria: list[str], points: Mapping[str, str], state: MarkState | None) -> str:
    marked = sum(1 for name in criteria if name in points)
    if state is MarkState.LOCKED or marked == len(criteria):
        return "done"
    return "work" if marked else "todo"
