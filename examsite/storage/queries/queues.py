"""Reads of a marker's own queue: everything that the marker's pages are made of, and nothing more.

`BlindScript` and `QueueEntry` carry no other person's mark, no points of the system and no instant but those of the
marker's own acts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, case, select
from sqlalchemy.orm import Session, contains_eager

from examsite.domain.errors import NotFoundError
from examsite.domain.marking import MarkState, ScriptKind
from examsite.domain.papers import Paper
from examsite.domain.scores import Score
from examsite.storage.models.marking import Allocation, Mark, Script
from examsite.storage.models.papers import Paper as PaperRow
from examsite.storage.models.papers import RubricChange
from examsite.storage.queries.rubric_changes import paper_with

QUEUED = (ScriptKind.LIVE, ScriptKind.SEED)
"""Kinds that stand in a marker's queue, so that nobody can tell one from the other."""


@dataclass(frozen=True)
class QueueEntry:
    """One script of a marker's own queue and how far the marker's own mark of it has come; no state: none yet."""

    code: str
    position: int
    state: MarkState | None = None
    #: Whether the draft holds points or words.
    is_begun: bool = False
    total: Score | None = None
    locked_at: datetime | None = None

    @property
    def is_locked(self) -> bool:
        """Whether the marker has locked this script."""
        return self.state is MarkState.LOCKED


@dataclass(frozen=True)
class BlindScript:
    """Everything that a marker may know of one script."""

    code: str
    position: int
    content: tuple[tuple[str, str], ...]
    paper: Paper
    mark: Mark | None
    #: Agreed changes of the rubric by criterion, the last one of each.
    changes: Mapping[str, RubricChange] = field(default_factory=dict)
    #: How many changes were agreed: the version of the rubric that a page of it shows.
    rubric: int = 0
    #: Practice or qualification; None in the queue, where a seed is told from no other script.
    kind: ScriptKind | None = None
    #: In which round the marker marks it.
    round: int = 1

    @property
    def is_queued(self) -> bool:
        """Whether it stands in the queue."""
        return self.kind is None


# The mark of the marker to whom a script is allocated, in the round of the allocation.
_is_own_mark = (
    (Mark.script_id == Allocation.script_id)
    & (Mark.assignment_id == Allocation.assignment_id)
    & (Mark.round == Allocation.round)
    & (Mark.state != MarkState.WITHDRAWN)
)


def own_rows(*columns: Any) -> Select[Any]:
    """A marker's own scripts and marks, for the parameters `competition_id`, `assignment_id` and perhaps `kinds`."""
    return (
        select(*columns)
        .select_from(Script)
        .join(Allocation, Allocation.script_id == Script.id)
        .outerjoin(Mark, _is_own_mark)
        .where(
            Script.competition_id == bindparam("competition_id"),
            Script.kind.in_(bindparam("kinds", QUEUED, expanding=True)),
            Allocation.assignment_id == bindparam("assignment_id"),
            Allocation.withdrawn_at.is_(None),
        )
    )


# What is asked at every page and every save of a marker is put together once. Of locked marks, most of a long queue,
# neither points nor words are read.
_is_draft = Mark.state == MarkState.DRAFT


_queue = own_rows(
    Script.code,
    Allocation.position,
    Mark.state,
    case((_is_draft, Mark.points)),
    case((_is_draft, Mark.comments)),
    Mark.total,
    Mark.locked_at,
).order_by(Allocation.position, Script.code)


# The copy of the paper is long and mostly known already, see `frozen_paper`.
_own_allocation = (
    select(Allocation)
    .join(Allocation.script)
    .join(Script.paper)
    .options(contains_eager(Allocation.script).contains_eager(Script.paper).defer(PaperRow.data))
    .where(
        Script.competition_id == bindparam("competition_id"),
        Script.code == bindparam("code"),
        Allocation.assignment_id == bindparam("assignment_id"),
        Allocation.withdrawn_at.is_(None),
    )
)


# Whoever acts on an own mark seldom shows the answers.
_own_allocation_locked = _own_allocation.with_for_update(of=Allocation).options(
    contains_eager(Allocation.script).defer(Script.content)
)


_own_mark = (
    select(Mark)
    .where(
        Mark.script_id == bindparam("script_id"),
        Mark.assignment_id == bindparam("assignment_id"),
        Mark.round == bindparam("round"),
        Mark.state != MarkState.WITHDRAWN,
    )
    .execution_options(populate_existing=True)
)


_own_work = (
    select(Mark, RubricChange)
    .select_from(Allocation)
    .join(Script, Script.id == Allocation.script_id)
    .outerjoin(Mark, _is_own_mark)
    .outerjoin(RubricChange, (RubricChange.paper_id == Script.paper_id) & RubricChange.is_agreed.is_(True))
    .where(Allocation.id == bindparam("allocation_id"))
    .order_by(RubricChange.record_seq)
    .execution_options(populate_existing=True)
)


def list_queue(
    session: Session, competition_id: int, assignment_id: int, *, kinds: Collection[ScriptKind] = QUEUED
) -> list[QueueEntry]:
    """A marker's own scripts in the drawn order, each with how far the marker's own mark has come."""
    named = {"competition_id": competition_id, "assignment_id": assignment_id, "kinds": kinds}
    rows = session.execute(_queue, named)
    return [
        QueueEntry(code, position, state, bool(points or comments), total, locked_at)
        for code, position, state, points, comments, total, locked_at in rows
    ]


@dataclass(frozen=True)
class ReopenedEntry:
    """A script of the own queue whose own mark counts no more, and the criteria to choose anew; none: the whole."""

    code: str
    criteria: tuple[str, ...] = ()


def list_reopened(session: Session, competition_id: int, assignment_id: int) -> list[ReopenedEntry]:
    """What a marker has to do again in the own queue, in its order: after a change of the rubric or a withdrawal."""
    withdrawn = set(
        session.scalars(
            select(Script.code)
            .join(Mark, Mark.script_id == Script.id)
            .where(
                Script.competition_id == competition_id,
                Mark.assignment_id == assignment_id,
                Mark.state == MarkState.WITHDRAWN,
            )
        )
    )
    named = {"competition_id": competition_id, "assignment_id": assignment_id, "kinds": QUEUED}
    rows = session.execute(
        own_rows(Script.code, Mark.state, Mark.points, Mark.earlier_points).order_by(Allocation.position, Script.code),
        named,
    )
    found = []
    for code, state, points, earlier in rows:
        criteria = tuple(sorted(set(earlier or {}) - set(points or {})))
        if state is not MarkState.LOCKED and (criteria or (code in withdrawn and not earlier)):
            found.append(ReopenedEntry(code, criteria))
    return found


def get_own_allocation(
    session: Session, competition_id: int, assignment_id: int, code: str, *, for_update: bool = False
) -> Allocation:
    """A marker's own allocation of a script, with script and paper; a script of others does not exist here.

    The copy of the paper, and `for_update` the answers, are fetched when they are asked for.

    Raises:
        NotFoundError: `script_not_found`.
    """
    statement = _own_allocation_locked if for_update else _own_allocation
    named = {"competition_id": competition_id, "assignment_id": assignment_id, "code": code}
    found = session.scalars(statement, named).one_or_none()
    if found is None:
        raise NotFoundError("script_not_found", script=code)
    return found


def has_allocations(session: Session, assignment_id: int) -> bool:
    """Whether a marker has or had any script of a candidate; practice comes before the draw and tells of nobody."""
    statement = select(Allocation.id).join(Allocation.script).where(Allocation.assignment_id == assignment_id)
    return session.scalars(statement.where(Script.kind == ScriptKind.LIVE).limit(1)).first() is not None


def find_own_mark(session: Session, allocation: Allocation) -> Mark | None:
    """The marker's own mark of an allocation, read anew."""
    named = {
        "script_id": allocation.script_id,
        "assignment_id": allocation.assignment_id,
        "round": allocation.round,
    }
    return session.scalars(_own_mark, named).one_or_none()


def read_own_work(session: Session, allocation: Allocation) -> tuple[Mark | None, tuple[RubricChange, ...]]:
    """The marker's own mark of an allocation and the agreed changes of its rubric in their order, read anew."""
    rows = session.execute(_own_work, {"allocation_id": allocation.id}).all()
    return rows[0][0], tuple(change for _mark, change in rows if change is not None)


def get_blind_script(session: Session, competition_id: int, assignment_id: int, code: str) -> BlindScript:
    """One script of the marker's own: of the queue, or one for practice that the marker has begun.

    Raises:
        NotFoundError: `script_not_found`.
    """
    allocation = get_own_allocation(session, competition_id, assignment_id, code)
    return blind_script_of(allocation, *read_own_work(session, allocation))


def blind_script_of(allocation: Allocation, mark: Mark | None, changes: Sequence[RubricChange]) -> BlindScript:
    """What a marker may know of an allocation that was read with its own mark and the changes of its rubric."""
    script = allocation.script
    return BlindScript(
        code=script.code,
        position=allocation.position,
        content=tuple((part["item"], part["text"]) for part in script.content),
        paper=paper_with(script.paper, changes),
        mark=mark,
        changes={change.criterion: change for change in changes},
        rubric=len(changes),
        kind=None if script.kind in QUEUED else script.kind,
        round=allocation.round,
    )
