"""Reads of changes of a rubric after the paper was opened, and of the marks that they touch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from examsite.domain.errors import NotFoundError
from examsite.domain.marking import MarkState
from examsite.domain.papers import Paper, paper_from_data
from examsite.domain.rubric_changes import MarkFate, fate_of, with_changes
from examsite.domain.rubrics import criterion_from_data
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.marking import Allocation, Mark, MarkWithdrawal, Script
from examsite.storage.models.papers import Paper as PaperRow
from examsite.storage.models.papers import RubricChange
from examsite.storage.models.standardisation import AgreedMark

#: How many papers are kept as they were read. Source: our choice, because a competition has a handful of posts.
_MOST_FROZEN = 64

_frozen: dict[tuple[int, str], Paper] = {}


@dataclass(frozen=True)
class ChangeLine:
    """One proposed change with the pseudonyms of its two people."""

    change: RubricChange
    proposed_by: str
    decided_by: str | None


@dataclass(frozen=True)
class TouchedMark:
    """A mark of the changed criterion and what becomes of it."""

    mark: Mark
    script: Script
    marker: str
    fate: MarkFate


def list_changes(session: Session, competition_id: int) -> list[ChangeLine]:
    """Every proposed change with its answer: those that wait first, then the newest."""
    proposer, decider = aliased(RoleAssignment), aliased(RoleAssignment)
    rows = session.execute(
        _with_paper(competition_id)
        .add_columns(proposer.pseudonym, decider.pseudonym)
        .join(proposer, proposer.id == RubricChange.proposed_by_id)
        .outerjoin(decider, decider.id == RubricChange.decided_by_id)
        .order_by(RubricChange.decided_at.is_not(None), RubricChange.id.desc())
    )
    return [ChangeLine(change, str(first), second) for change, first, second in rows]


def get_change(session: Session, competition_id: int, change_id: int) -> ChangeLine:
    """One change, answered or not.

    Raises:
        NotFoundError: `rubric_change_not_found`.
    """
    found = next((row for row in list_changes(session, competition_id) if row.change.id == change_id), None)
    if found is None:
        raise NotFoundError("rubric_change_not_found")
    return found


def get_waiting_change(session: Session, competition_id: int, change_id: int) -> RubricChange:
    """A change that waits for its second person, its row locked, with its paper.

    Raises:
        NotFoundError: `rubric_change_not_found`, also once it was answered.
    """
    statement = _with_paper(competition_id).where(RubricChange.id == change_id, RubricChange.decided_at.is_(None))
    locked = statement.with_for_update(of=RubricChange).execution_options(populate_existing=True)
    found = session.scalars(locked).one_or_none()
    if found is None:
        raise NotFoundError("rubric_change_not_found")
    return found


def find_waiting_change(session: Session, paper_id: int, criterion: str) -> RubricChange | None:
    """The change of a criterion that waits for its second person."""
    return session.scalars(
        select(RubricChange).where(
            RubricChange.paper_id == paper_id,
            RubricChange.criterion == criterion,
            RubricChange.decided_at.is_(None),
        )
    ).one_or_none()


# Asked by every page and every save of a marker: put together once.
_agreed = (
    select(RubricChange)
    .where(RubricChange.paper_id == bindparam("paper_id"), RubricChange.is_agreed.is_(True))
    .order_by(RubricChange.record_seq)
)


def list_agreed_changes(session: Session, paper_id: int) -> list[RubricChange]:
    """The changes of a paper that both people agreed to, in their order."""
    return list(session.scalars(_agreed, {"paper_id": paper_id}))


def read_current_paper(session: Session, paper: PaperRow) -> Paper:
    """The paper as it reads now, agreed changes included."""
    return paper_with(paper, list_agreed_changes(session, paper.id))


def paper_with(paper: PaperRow, changes: Iterable[RubricChange]) -> Paper:
    """The paper under changes that were read already."""
    return with_changes(frozen_paper(paper), [criterion_from_data(change.after) for change in changes])


def frozen_paper(paper: PaperRow) -> Paper:
    """The paper as it was frozen; a copy that was left out of the read row is fetched unless it was read lately.

    Its seal says which copy a row holds: whatever the product writes into the row, the seal is another one.
    """
    key = (paper.id, paper.row_seal)
    known = _frozen.get(key)
    if known is None:
        if len(_frozen) >= _MOST_FROZEN:
            _frozen.clear()
        known = _frozen[key] = paper_from_data(paper.data)
    return known


def lock_work_on_paper(session: Session, paper_id: int) -> None:
    """Take the locks of everybody who acts on marks of the paper: agreed marks, wishes, allocations, then scripts."""
    session.scalars(
        select(AgreedMark.id)
        .join(Script, Script.id == AgreedMark.script_id)
        .where(Script.paper_id == paper_id)
        .order_by(AgreedMark.id)
        .with_for_update(of=AgreedMark)
    ).all()
    session.scalars(
        select(MarkWithdrawal.id)
        .join(Mark, Mark.id == MarkWithdrawal.mark_id)
        .join(Script, Script.id == Mark.script_id)
        .where(Script.paper_id == paper_id, MarkWithdrawal.decided_at.is_(None))
        .order_by(MarkWithdrawal.id)
        .with_for_update(of=MarkWithdrawal)
    ).all()
    session.scalars(
        select(Allocation.id)
        .join(Script, Script.id == Allocation.script_id)
        .where(Script.paper_id == paper_id)
        .order_by(Allocation.id)
        .with_for_update(of=Allocation)
    ).all()
    session.scalars(select(Script.id).where(Script.paper_id == paper_id).order_by(Script.code).with_for_update()).all()


def list_touched_marks(session: Session, paper_id: int, criterion: str) -> list[TouchedMark]:
    """The marks with points for a criterion, by marker and script, as long as their script is the marker's to mark."""
    rows = session.execute(
        _marks(paper_id).where(Mark.state != MarkState.WITHDRAWN).execution_options(populate_existing=True)
    )
    found = []
    for mark, script, marker in rows:
        fate = fate_of(mark.state)
        if criterion in mark.points and fate is not MarkFate.UNTOUCHED:
            found.append(TouchedMark(mark, script, str(marker), fate))
    return found


def list_reopened_marks(session: Session, change: RubricChange) -> list[tuple[str, str]]:
    """Marker and script of the marks that an agreed change opened again; not whether they had been locked."""
    rows = session.execute(_marks(change.paper_id).where(Mark.state != MarkState.WITHDRAWN))
    return [(str(marker), script.code) for mark, script, marker in rows if change.criterion in mark.earlier_points]


def list_agreed_marks_of(session: Session, paper_id: int) -> list[AgreedMark]:
    """The agreed marks on scripts of a paper with their scripts, agreed by a second person or not, by code."""
    return list(
        session.scalars(
            select(AgreedMark)
            .join(AgreedMark.script)
            .options(contains_eager(AgreedMark.script))
            .where(Script.paper_id == paper_id)
            .order_by(Script.code)
            .execution_options(populate_existing=True)
        )
    )


def list_standards_to_agree(session: Session, change: RubricChange) -> list[AgreedMark]:
    """The agreed marks that wait for points of the changed criterion; until then they measure nobody."""
    return [row for row in list_agreed_marks_of(session, change.paper_id) if change.criterion not in row.points]


def _with_paper(competition_id: int) -> Select[RubricChange]:
    return (
        select(RubricChange)
        .join(RubricChange.paper)
        .options(joinedload(RubricChange.paper))
        .where(PaperRow.competition_id == competition_id)
    )


def _marks(paper_id: int) -> Select[Mark, Script, str | None]:
    """Marks of people whose script is still theirs; a script that was passed on belongs to somebody else."""
    return (
        select(Mark, Script, RoleAssignment.pseudonym)
        .join(Script, Script.id == Mark.script_id)
        .join(RoleAssignment, RoleAssignment.id == Mark.assignment_id)
        .join(
            Allocation,
            (Allocation.script_id == Mark.script_id)
            & (Allocation.assignment_id == Mark.assignment_id)
            & (Allocation.round == Mark.round),
        )
        .where(Script.paper_id == paper_id, Allocation.withdrawn_at.is_(None))
        .order_by(RoleAssignment.pseudonym, Script.code, Mark.id)
    )
