"""Checks who has which script against the log: a script given, taken or passed on past the product is found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.domain.allocation_records import Fact, Given, allocations_of
from examsite.domain.appeals import FIRST_REMARK
from examsite.domain.marking import ScriptKind
from examsite.domain.table_problems import TableProblem
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Allocation, Script
from examsite.storage.queries.queues import QUEUED

_TABLE = "allocations"


def check_allocations(session: Session, competition: Competition, facts: Sequence[Fact]) -> Iterator[TableProblem]:
    """Every allocation of a candidate's script or a seed that the records do not come to, or that is gone.

    Of a seed the log tells who got it and not that it was taken away: it is nobody's work.
    """
    said = allocations_of(facts)
    rows = session.execute(
        select(Allocation, Script.code, Script.kind, RoleAssignment.pseudonym)
        .join(Script, Script.id == Allocation.script_id)
        .join(RoleAssignment, RoleAssignment.id == Allocation.assignment_id)
        .where(Script.competition_id == competition.id, Script.kind.in_(QUEUED))
        .order_by(Allocation.id)
    )
    for row, code, kind, pseudonym in rows:
        given = said.pop((code, str(pseudonym)), None)
        if given is None:
            yield TableProblem(_TABLE, row.id, "record_missing", "assignment_id")
            continue
        for column in _differing(row, given, is_live=kind is ScriptKind.LIVE):
            yield TableProblem(_TABLE, row.id, "value_differs", column, given.seq, given.event)
    for given in said.values():
        yield TableProblem(_TABLE, None, "row_missing", "", given.seq, given.event)


def _differing(row: Allocation, given: Given, *, is_live: bool) -> Iterator[str]:
    if row.round < FIRST_REMARK if given.round is None else row.round != given.round:
        yield "round"
    if given.position is not None and row.position != given.position:
        yield "position"
    if is_live and (row.withdrawn_at is None) != (given.reason is None):
        yield "withdrawn_at"
    if is_live and row.reason != (given.reason or ""):
        yield "reason"
