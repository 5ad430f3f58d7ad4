"""Reads of scripts and marks as the head of marking and the rules know them.

Nothing here touches the code map; what markers themselves may know is read in `queues`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.sql.base import ExecutableOption

from examsite.domain.appeals import is_remark
from examsite.domain.errors import NotFoundError
from examsite.domain.marking import (
    BLIND_ROUND,
    THIRD_ROUND,
    LadderPlace,
    MarkingStep,
    MarkState,
    NeededAct,
    ScriptKind,
    ScriptState,
    marks_straddle_pass,
)
from examsite.domain.papers import Paper, paper_from_data
from examsite.domain.permissions import Role
from examsite.domain.result_entries import SYSTEM_MARKER, SYSTEM_ROUND, DecisionEntry, MarkEntry, PartEntry
from examsite.domain.results import settle_part
from examsite.domain.rubrics import points_from_data
from examsite.domain.ruleset_model import BlindPairPart
from examsite.domain.rulesets import ruleset_from_toml
from examsite.domain.scores import ZERO, Score, sum_scores
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Allocation, Mark, Script, Settlement
from examsite.storage.row_sets import among

WRITTEN = "written"


@dataclass(frozen=True)
class ScriptStanding:
    """A script whose two marks are locked, as its head sees it: the marks and where the ladder stands."""

    script: Script
    paper: Paper
    marks: tuple[Mark, ...]
    third: Mark | None
    third_allocation: Allocation | None
    decision: Settlement | None
    system_total: Score
    standing: LadderPlace

    @property
    def totals(self) -> tuple[Score, ...]:
        """Script totals of the two marks."""
        return tuple((mark.total or ZERO) + self.system_total for mark in self.marks)

    @property
    def all_totals(self) -> tuple[Score, ...]:
        """Script totals of the two marks and of the third, where there is one."""
        if self.third is None:
            return self.totals
        return (*self.totals, (self.third.total or ZERO) + self.system_total)

    @property
    def is_settled(self) -> bool:
        """Whether a score stands."""
        return self.standing.act is NeededAct.SETTLED

    @property
    def straddle_unseen(self) -> bool:
        """Whether the head still has to say that the marks on the two sides of the pass mark were seen.

        Only a mean comes about without the head; on every other rung the head has seen the marks.
        """
        by_itself = self.standing.step is MarkingStep.MEAN
        return self.standing.straddles and by_itself and self.script.straddle_seen_at is None

    @property
    def needs_head(self) -> bool:
        """Whether the next act is the head's."""
        waits = self.standing.act is NeededAct.THIRD_MARKER and self.third_allocation is not None
        return self.straddle_unseen or (not self.is_settled and not waits)


def written_part(competition: Competition) -> BlindPairPart:
    """The figures of the written part under the competition's rule set."""
    return ruleset_from_toml(competition.ruleset_toml).blind_pair(WRITTEN)


def list_markers(session: Session, competition_id: int) -> list[RoleAssignment]:
    """The markers of a competition by pseudonym."""
    return list(
        session.scalars(
            select(RoleAssignment)
            .where(
                RoleAssignment.competition_id == competition_id,
                RoleAssignment.role == Role.MARKER,
                RoleAssignment.revoked_at.is_(None),
            )
            .order_by(RoleAssignment.pseudonym)
        )
    )


def find_marker(session: Session, competition_id: int, pseudonym: str) -> RoleAssignment | None:
    """The marker with this pseudonym, also one whose role was taken back."""
    return session.scalars(
        select(RoleAssignment)
        .where(
            RoleAssignment.competition_id == competition_id,
            RoleAssignment.role == Role.MARKER,
            RoleAssignment.pseudonym == pseudonym,
        )
        .order_by(RoleAssignment.revoked_at.is_not(None), RoleAssignment.id)
    ).first()


def lock_script(session: Session, competition_id: int, code: str) -> None:
    """Take the lock of a script's row; everyone takes it before the lock of the log."""
    session.scalars(
        select(Script.id).where(Script.competition_id == competition_id, Script.code == code).with_for_update()
    ).all()


def get_script_for_update(session: Session, competition_id: int, code: str) -> Script:
    """One script with paper, marks and allocations, its row locked for an act on it.

    Raises:
        NotFoundError: `script_not_found`.
    """
    lock_script(session, competition_id, code)
    found = session.scalars(_with_marks(Script.competition_id == competition_id, Script.code == code)).one_or_none()
    if found is None:
        raise NotFoundError("script_not_found", script=code)
    return found


def list_scripts_for_update(session: Session, competition_id: int, codes: Collection[str]) -> list[Script]:
    """These scripts by code as `get_script_for_update` reads one, their rows locked in that order."""
    wanted = (Script.competition_id == competition_id, Script.code.in_(codes))
    session.scalars(select(Script.id).where(*wanted).order_by(Script.code).with_for_update()).all()
    return scripts_with_marks(session, *wanted)


def find_decision(session: Session, script_id: int) -> Settlement | None:
    """The head's decision on a script; one that was set aside with a withdrawn mark is none."""
    return session.scalars(
        select(Settlement).where(Settlement.script_id == script_id, Settlement.withdrawn_at.is_(None))
    ).one_or_none()


def list_scripts(session: Session, competition_id: int, *, script_ids: Collection[int] | None = None) -> list[Script]:
    """All scripts of candidates (or those with these keys) by code with papers, marks and allocations."""
    wanted = [Script.competition_id == competition_id, Script.kind == ScriptKind.LIVE]
    if script_ids is not None:
        wanted.append(Script.id.in_(script_ids))
    return scripts_with_marks(session, *wanted)


def list_scripts_with_marks(session: Session, competition_id: int, script_ids: Collection[int]) -> list[Script]:
    """Those of `list_scripts` with these keys, without their allocations: what a result is computed from."""
    return list(
        session.scalars(
            select(Script)
            .options(selectinload(Script.paper), selectinload(Script.marks).joinedload(Mark.assignment))
            .where(
                Script.competition_id == competition_id,
                Script.kind == ScriptKind.LIVE,
                among(Script.id, "script_ids"),
            )
            .order_by(Script.code)
            .execution_options(populate_existing=True),
            {"script_ids": script_ids},
        )
    )


def list_decisions(session: Session, competition_id: int) -> dict[int, Settlement]:
    """The head's decisions that count, by script key."""
    rows = session.scalars(
        select(Settlement)
        .join(Script, Script.id == Settlement.script_id)
        .where(Script.competition_id == competition_id, Settlement.withdrawn_at.is_(None))
    )
    return {row.script_id: row for row in rows if row.script_id is not None}


def count_scripts(session: Session, competition_id: int, *states: ScriptState) -> int:
    """How many scripts of candidates there are, or how many in one of the states."""
    statement = select(func.count(Script.id)).where(
        Script.competition_id == competition_id, Script.kind == ScriptKind.LIVE
    )
    if states:
        statement = statement.where(Script.state.in_(states))
    return session.scalar(statement) or 0


def count_third_allocations(session: Session, competition_id: int) -> dict[str, int]:
    """How many scripts each marker was given as third one, by pseudonym."""
    rows = session.execute(
        select(RoleAssignment.pseudonym, func.count(Allocation.id))
        .join(Allocation, Allocation.assignment_id == RoleAssignment.id)
        .join(Script, Script.id == Allocation.script_id)
        .where(
            Script.competition_id == competition_id, Allocation.round == THIRD_ROUND, Allocation.withdrawn_at.is_(None)
        )
        .group_by(RoleAssignment.pseudonym)
    )
    return {str(pseudonym): count for pseudonym, count in rows}


def find_last_position(session: Session, assignment_id: int) -> int:
    """The last place of a marker's queue, 0 when it is empty."""
    return session.scalar(select(func.max(Allocation.position)).where(Allocation.assignment_id == assignment_id)) or 0


def list_standings(
    session: Session, competition: Competition, *, script_ids: Collection[int] | None = None
) -> list[ScriptStanding]:
    """Every script (of those with these keys) whose two marks are locked, by code.

    Those with one mark are not there, not even for the head.
    """
    part = written_part(competition)
    decisions = list_decisions(session, competition.id)
    papers: dict[int, Paper] = {}
    found = []
    for script in list_scripts(session, competition.id, script_ids=script_ids):
        if script.paper_id not in papers:
            papers[script.paper_id] = paper_from_data(script.paper.data)
        standing = standing_of(part, script, papers[script.paper_id], decisions.get(script.id))
        if standing is not None:
            found.append(standing)
    return found


def list_unseen_straddles(session: Session, competition: Competition) -> list[ScriptStanding]:
    """The standings of which the head still has to say that the marks on both sides of the pass mark were seen."""
    part = written_part(competition)
    totals: dict[int, dict[int, list[Score]]] = {}
    rows = session.execute(
        select(Script.id, Mark.round, Mark.total)
        .join(Mark, Mark.script_id == Script.id)
        .where(
            Script.competition_id == competition.id,
            Script.kind == ScriptKind.LIVE,
            Script.straddle_seen_at.is_(None),
            Mark.state == MarkState.LOCKED,
            Mark.round.in_((BLIND_ROUND, SYSTEM_ROUND)),
        )
    )
    for script_id, number, total in rows:
        totals.setdefault(script_id, {}).setdefault(number, []).append(total or ZERO)
    # Few scripts stand on both sides: only for them the whole ladder is read, whichever mark of the system counts.
    near = [
        script_id
        for script_id, by_round in totals.items()
        if len(blind := by_round.get(BLIND_ROUND, [])) > 1
        and any(
            marks_straddle_pass(part, min(blind) + system, max(blind) + system)
            for system in by_round.get(SYSTEM_ROUND, [ZERO])
        )
    ]
    standings = list_standings(session, competition, script_ids=near) if near else []
    return [row for row in standings if row.straddle_unseen]


def find_standing(session: Session, competition: Competition, code: str) -> ScriptStanding | None:
    """One of `list_standings` by its code."""
    wanted = (Script.competition_id == competition.id, Script.kind == ScriptKind.LIVE, Script.code == code)
    for script in scripts_with_marks(session, *wanted):
        decision = find_decision(session, script.id)
        return standing_of(written_part(competition), script, paper_from_data(script.paper.data), decision)
    return None


def standing_of(
    part: BlindPairPart, script: Script, paper: Paper, decision: Settlement | None
) -> ScriptStanding | None:
    """Where the ladder stands for a script, or None as long as it waits for its two marks."""
    standing = settle_part(part, paper.rubric, script_entry(script, paper, decision))
    if standing.act is NeededAct.WAIT:
        return None
    locked = locked_marks(script.marks)
    return ScriptStanding(
        script=script,
        paper=paper,
        marks=tuple(mark for mark in locked if mark.round == BLIND_ROUND),
        third=next((mark for mark in locked if mark.round == THIRD_ROUND), None),
        third_allocation=next(
            (row for row in script.allocations if row.round == THIRD_ROUND and row.withdrawn_at is None), None
        ),
        decision=decision,
        system_total=sum_scores(mark.total or ZERO for mark in locked if mark.round == SYSTEM_ROUND),
        standing=standing,
    )


def script_entry(script: Script, paper: Paper, decision: Settlement | None) -> PartEntry:
    """The marks that count of one script, as the rules of the result take them."""
    return PartEntry(
        part=WRITTEN,
        paper=paper.code,
        script=script.code,
        marks=tuple(
            MarkEntry(
                seq=mark.record_seq or 0,
                marker=SYSTEM_MARKER if mark.assignment is None else str(mark.assignment.pseudonym),
                round=mark.round,
                points=points_from_data(mark.points),
            )
            for mark in locked_marks(script.marks)
        ),
        decision=None if decision is None else DecisionEntry(seq=decision.record_seq, score=decision.score),
    )


def locked_marks(marks: Iterable[Mark]) -> list[Mark]:
    """The marks that the settlement rests on: the last one of the system first, then by round; no re-marks."""
    known = [mark for mark in marks if mark.state is MarkState.LOCKED and not is_remark(mark.round)]
    last = max((mark.record_seq or 0 for mark in known if mark.round == SYSTEM_ROUND), default=0)
    known = [mark for mark in known if mark.round != SYSTEM_ROUND or (mark.record_seq or 0) == last]
    return sorted(
        known, key=lambda mark: (mark.round, "" if mark.assignment is None else str(mark.assignment.pseudonym))
    )


def scripts_with_marks(session: Session, *conditions: ColumnElement[bool]) -> list[Script]:
    """The scripts that fit, by code, with papers, marks and allocations, read anew."""
    # A paper is large and the same for many: it comes once, not beside each of them.
    return list(session.scalars(_with_marks(*conditions, paper=selectinload(Script.paper)).order_by(Script.code)))


def _with_marks(*conditions: ColumnElement[bool], paper: ExecutableOption | None = None) -> Select[Script]:
    return (
        select(Script)
        .options(
            joinedload(Script.paper) if paper is None else paper,
            selectinload(Script.marks).joinedload(Mark.assignment),
            selectinload(Script.allocations).joinedload(Allocation.assignment),
        )
        .where(*conditions)
        .execution_options(populate_existing=True)
    )
