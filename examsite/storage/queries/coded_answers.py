"""The one read through the code map while it is sealed: what stands behind a code was answered, never who answered."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.domain.attempts import AttemptState
from examsite.domain.saves import content_of
from examsite.storage.models.marking import CodeEntry, Script
from examsite.storage.models.sittings import Attempt
from examsite.storage.queries.attempts import map_current_versions


def map_answers_by_code(session: Session, competition_id: int, paper_id: int) -> dict[str, dict[str, object]]:
    """The answers behind each script of a paper by item, under its code alone: nothing of the candidate comes along."""
    rows = session.execute(
        select(Script.code, Attempt.id)
        .join(CodeEntry, CodeEntry.script_id == Script.id)
        .join(Attempt, Attempt.candidacy_id == CodeEntry.candidacy_id)
        .where(
            Script.competition_id == competition_id,
            Script.paper_id == paper_id,
            Attempt.paper_id == paper_id,
            Attempt.state.in_((AttemptState.HANDED_IN, AttemptState.CLOSED)),
        )
        .order_by(Script.code)
    )
    codes = {attempt_id: code for code, attempt_id in rows}
    found = map_current_versions(session.connection(), codes)
    return {
        code: {version.item: content_of(version.content) for version in found[attempt_id]}
        for attempt_id, code in codes.items()
    }
