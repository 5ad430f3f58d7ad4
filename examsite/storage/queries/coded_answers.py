"""What stands behind a code beside the essays: the answers to objective questions, never who gave them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.storage.models.code_maps import ScriptCut
from examsite.storage.models.marking import Script


def map_answers_by_code(session: Session, competition_id: int, paper_id: int) -> dict[str, dict[str, object]]:
    """The answers to the objective questions behind each script of a paper, by item."""
    rows = session.execute(
        select(Script.code, ScriptCut.responses)
        .join(ScriptCut, ScriptCut.script_id == Script.id)
        .where(Script.competition_id == competition_id, Script.paper_id == paper_id)
        .order_by(Script.code)
    )
    return {code: responses for code, responses in rows}  # noqa: C416 -- rows are no pairs to a type checker
