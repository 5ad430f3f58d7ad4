"""Answers and what the system counts of them, held against the record log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.domain.attempts import AttemptState
from examsite.domain.errors import DomainError
from examsite.domain.events import Event
from examsite.domain.saves import recorded_content
from examsite.domain.scores import Score
from examsite.domain.table_problems import TableProblem
from examsite.services.submissions import score_held
from examsite.storage.models.competitions import Competition
from examsite.storage.models.papers import Paper
from examsite.storage.models.records import RecordRow
from examsite.storage.models.sittings import Attempt, Sitting
from examsite.storage.queries.attempts import map_current_versions
from examsite.storage.queries.erasures import erased_contents
from examsite.storage.queries.papers import get_frozen_paper

_Records = Mapping[int, RecordRow]

#: How an attempt stands when its answers were put on record by whom.
_ENDED_BY = {"candidate": AttemptState.HANDED_IN, "system": AttemptState.CLOSED}


def check_answers(session: Session, competition: Competition, records: _Records) -> Iterator[TableProblem]:
    """Every attempt whose answers or counted points are not what was recorded, and every one that is gone."""
    attempts = session.execute(
        select(Attempt.id, Attempt.state, Attempt.record_seq, Attempt.objective_points, Attempt.objective_total, Paper)
        .join(Sitting, Sitting.id == Attempt.sitting_id)
        .outerjoin(Paper, Paper.id == Attempt.paper_id)
        .where(Sitting.competition_id == competition.id)
        .order_by(Attempt.id)
    ).all()
    # Answers that a recorded erasure destroyed have no row; `check_erasures` looks at what is gone.
    named = {seq for _key, _state, seq, *_rest in attempts} | erased_contents(session, competition.code)
    versions = map_current_versions(session.connection(), [key for key, *_rest in attempts])
    for key, state, seq, points, total, paper in attempts:
        row = records.get(-1 if seq is None else seq)
        # Whose act the hand-in was; of what was amended later the log says nothing about that.
        if row is not None and row.event == Event.ANSWERS_SUBMITTED and state is not _ENDED_BY.get(row.actor):
            yield TableProblem("attempts", key, "value_differs", "state", row.seq, row.event)
        payload = {} if row is None else row.content
        if row is None or "answers" not in payload:
            continue
        held = {version.item: version.content for version in versions[key]}
        said = {answer["item"]: answer["content"] for answer in payload["answers"]}
        if {item: recorded_content(held[item]) if item in held else None for item in said} != said:
            yield TableProblem("answer_versions", key, "value_differs", "content", row.seq, row.event)
        # Points lie in the closed code map while it is closed; before and after they are what the answers give.
        counted = None if paper is None or points is None else _counted(session, paper, held, said)
        for column, value, wanted in zip(("points", "total"), (points, total), counted or (points, total), strict=True):
            if value != wanted:
                yield TableProblem("attempts", key, "value_differs", f"objective_{column}", row.seq, row.event)
    for row in records.values():
        # What lies in the closed code map says nothing until it is opened.
        if row.event != Event.ANSWERS_SUBMITTED or row.payload is None:
            continue
        if row.seq not in named and not _is_amended(records, row):
            yield TableProblem("attempts", None, "row_missing", "", row.seq, row.event)


def _counted(
    session: Session, paper: Paper, held: Mapping[str, str], said: Mapping[str, object]
) -> tuple[dict[str, str], Score] | None:
    """What the system counts for answers; None for a paper that cannot be read, which is named itself.

    A hand-in records every question of the paper; where one is missing it is about another paper.
    """
    try:
        frozen = get_frozen_paper(session, paper.id, paper.paper_sha256 or "")
        return score_held(frozen, held) if {item.item for item in frozen.objective} <= said.keys() else None
    except (DomainError, KeyError, TypeError, ValueError):
        return None


def _is_amended(records: _Records, submitted: RecordRow) -> bool:
    candidate = submitted.content.get("candidate")
    return any(
        row.seq > submitted.seq
        and row.event in (Event.ANSWERS_AMENDED, Event.ANSWERS_SUBMITTED)
        and row.content.get("candidate") == candidate
        for row in records.values()
    )
