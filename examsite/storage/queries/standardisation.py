"""Reads of scripts with agreed marks, of qualifications and of paused markers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session, joinedload

from examsite.domain.competitions import Missing
from examsite.domain.errors import NotFoundError
from examsite.domain.marking import MarkState, ScriptKind
from examsite.domain.permissions import Role
from examsite.domain.rulesets import ruleset_from_toml
from examsite.domain.standardisation import StopOutcome, seeds_needed
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Allocation, Mark, Script
from examsite.storage.models.papers import Paper
from examsite.storage.models.standardisation import AgreedMark, MarkerAlarm, MarkerStop, Qualification
from examsite.storage.queries.marking import count_scripts, list_markers


@dataclass(frozen=True)
class OwnStandard:
    """A practice or qualification script as a marker finds it, with the own mark."""

    agreed: AgreedMark
    mark: Mark | None

    @property
    def is_locked(self) -> bool:
        """Whether the marker is through with it."""
        return self.mark is not None and self.mark.state is MarkState.LOCKED


def list_standards(session: Session, competition_id: int, *kinds: ScriptKind) -> list[AgreedMark]:
    """The scripts with agreed marks (of some kinds), agreed or not, with script, paper and who proposed."""
    statement = _standards(competition_id).order_by(Script.kind, Script.code)
    if kinds:
        statement = statement.where(Script.kind.in_(kinds))
    return list(session.scalars(statement))


def list_agreed(session: Session, competition_id: int, *kinds: ScriptKind) -> list[AgreedMark]:
    """Those of the kinds that two people agreed on, by code."""
    return [row for row in list_standards(session, competition_id, *kinds) if row.agreed_at is not None]


def get_standard(session: Session, competition_id: int, standard_id: int, *, for_update: bool = False) -> AgreedMark:
    """One of them.

    Raises:
        NotFoundError: `standard_not_found`.
    """
    statement = _standards(competition_id).where(AgreedMark.id == standard_id)
    if for_update:
        statement = statement.with_for_update(of=AgreedMark)
    found = session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFoundError("standard_not_found")
    return found


def get_standard_by_code(session: Session, competition_id: int, code: str) -> AgreedMark:
    """One of them by the code of its script.

    Raises:
        NotFoundError: `standard_not_found`.
    """
    found = session.scalars(_standards(competition_id).where(Script.code == code)).one_or_none()
    if found is None:
        raise NotFoundError("standard_not_found")
    return found


def list_codes(session: Session, competition_id: int) -> set[str]:
    """Every script code that is taken."""
    return set(session.scalars(select(Script.code).where(Script.competition_id == competition_id)))


def count_allocated_scripts(session: Session, competition_id: int) -> int:
    """How many scripts of candidates stand in a queue: 0 before the draw."""
    return (
        session.scalar(
            select(func.count(Allocation.id))
            .join(Script, Script.id == Allocation.script_id)
            .where(Script.competition_id == competition_id, Script.kind == ScriptKind.LIVE)
        )
        or 0
    )


@dataclass(frozen=True)
class SeedStock:
    """Seeds that two people agreed on, and how many a marker's queue needs; 0 where the rule set asks for none."""

    agreed: int
    needed: int

    @property
    def is_short(self) -> bool:
        """Whether queues would get fewer seeds than the rule set asks for."""
        return self.agreed < self.needed


def count_seeds(session: Session, competition: Competition) -> SeedStock:
    """What there is and what is needed for queues that are shared out evenly."""
    percent = ruleset_from_toml(competition.ruleset_toml).seed_percent
    markers = max(len(list_markers(session, competition.id)), 1)
    own = -(-2 * count_scripts(session, competition.id) // markers)
    return SeedStock(len(list_agreed(session, competition.id, ScriptKind.SEED)), seeds_needed(own, percent))


def missing_before_allocation(session: Session, competition: Competition, now: datetime) -> list[Missing]:
    """What the head still owes before scripts are given to markers: seeds, and markers who are qualified."""
    del now
    seeds = count_seeds(session, competition)
    missing = []
    if seeds.is_short:
        params = {"agreed": seeds.agreed, "needed": seeds.needed}
        missing.append(Missing("seeds_too_few", Role.MARKING_HEAD, params))
    if ruleset_from_toml(competition.ruleset_toml).qualification_scripts:
        words = list_qualifications(session, competition.id)
        waiting = sum(
            1 for row in list_markers(session, competition.id) if row.id not in words or not words[row.id].is_qualified
        )
        if waiting:
            missing.append(Missing("markers_not_qualified", Role.MARKING_HEAD, {"count": waiting}))
    return missing


def list_own_standards(session: Session, competition_id: int, assignment_id: int) -> list[OwnStandard]:
    """The agreed practice scripts, then the qualification scripts, each with this marker's own mark."""
    agreed = list_agreed(session, competition_id, ScriptKind.PRACTICE, ScriptKind.QUALIFICATION)
    marks = find_marks_of(session, assignment_id, [row.script_id for row in agreed])
    return [OwnStandard(row, marks.get(row.script_id)) for row in agreed]


def get_own_standard(session: Session, competition_id: int, assignment_id: int, code: str) -> OwnStandard:
    """One of them; a seed does not exist here.

    Raises:
        NotFoundError: `script_not_found`.
    """
    for row in list_own_standards(session, competition_id, assignment_id):
        if row.agreed.script.code == code:
            return row
    raise NotFoundError("script_not_found", script=code)


def find_marks_of(session: Session, assignment_id: int, script_ids: Sequence[int]) -> dict[int, Mark]:
    """A marker's own marks on these scripts, by script key."""
    rows = session.scalars(
        select(Mark).where(
            Mark.assignment_id == assignment_id, Mark.script_id.in_(script_ids), Mark.state != MarkState.WITHDRAWN
        )
    )
    return {row.script_id: row for row in rows if row.script_id is not None}


def find_allocation(session: Session, script_id: int, assignment_id: int) -> Allocation | None:
    """The allocation of a script to a marker, if there ever was one."""
    return session.scalars(
        select(Allocation).where(Allocation.script_id == script_id, Allocation.assignment_id == assignment_id)
    ).one_or_none()


def find_qualification(session: Session, assignment_id: int) -> Qualification | None:
    """The head's newest word on a marker's qualification."""
    return session.scalars(
        select(Qualification).where(Qualification.assignment_id == assignment_id).order_by(Qualification.id.desc())
    ).first()


def is_qualified(session: Session, competition: Competition, assignment_id: int) -> bool:
    """Whether a marker may open the queue; always where the rule set asks for no qualification."""
    if ruleset_from_toml(competition.ruleset_toml).qualification_scripts == 0:
        return True
    known = find_qualification(session, assignment_id)
    return known is not None and known.is_qualified


def list_qualifications(session: Session, competition_id: int) -> dict[int, Qualification]:
    """The newest word on each marker, by assignment."""
    rows = session.scalars(
        select(Qualification)
        .join(RoleAssignment, RoleAssignment.id == Qualification.assignment_id)
        .where(RoleAssignment.competition_id == competition_id)
        .order_by(Qualification.id)
    )
    return {row.assignment_id: row for row in rows}


# Asked by every page of a marker: put together once.
_newest_stop = (
    select(MarkerStop)
    .where(MarkerStop.assignment_id == bindparam("assignment_id"))
    .order_by(MarkerStop.id.desc())
    .limit(1)
)


def find_hold(session: Session, assignment_id: int) -> MarkerStop | None:
    """What keeps a marker from marking: an open pause, or that the work went to others."""
    newest = session.scalars(_newest_stop, {"assignment_id": assignment_id}).first()
    if newest is None or newest.outcome == StopOutcome.RESUMED:
        return None
    return newest


def find_open_stop(session: Session, competition_id: int, pseudonym: str) -> MarkerStop | None:
    """The pause of this marker that waits for the head."""
    return session.scalars(
        _stops(competition_id).where(MarkerStop.decided_at.is_(None), RoleAssignment.pseudonym == pseudonym)
    ).one_or_none()


def list_stops(session: Session, competition_id: int) -> list[MarkerStop]:
    """Every pause with its marker, the open ones first, then the newest."""
    return list(
        session.scalars(
            _stops(competition_id).order_by(MarkerStop.decided_at.is_not(None), MarkerStop.stopped_at.desc())
        )
    )


def get_stop(session: Session, competition_id: int, stop_id: int, *, for_update: bool = False) -> MarkerStop:
    """One pause.

    Raises:
        NotFoundError: `stop_not_found`.
    """
    statement = _stops(competition_id).where(MarkerStop.id == stop_id)
    if for_update:
        statement = statement.with_for_update(of=MarkerStop)
    found = session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFoundError("stop_not_found")
    return found


def list_open_alarms(session: Session, competition_id: int) -> list[MarkerAlarm]:
    """The alarms that name markers without pausing anybody, and wait for the head; the oldest first."""
    return list(
        session.scalars(
            select(MarkerAlarm)
            .where(MarkerAlarm.competition_id == competition_id, MarkerAlarm.decided_at.is_(None))
            .order_by(MarkerAlarm.id)
        )
    )


def get_alarm(session: Session, competition_id: int, alarm_id: int, *, for_update: bool = False) -> MarkerAlarm:
    """One of them, decided or not.

    Raises:
        NotFoundError: `alarm_not_found`.
    """
    statement = select(MarkerAlarm).where(MarkerAlarm.competition_id == competition_id, MarkerAlarm.id == alarm_id)
    if for_update:
        statement = statement.with_for_update()
    found = session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFoundError("alarm_not_found")
    return found


def _standards(competition_id: int) -> Select[AgreedMark]:
    return (
        select(AgreedMark)
        .join(AgreedMark.script)
        .options(
            joinedload(AgreedMark.script).joinedload(Script.paper).joinedload(Paper.post),
            joinedload(AgreedMark.proposed_by),
        )
        .where(Script.competition_id == competition_id)
    )


def _stops(competition_id: int) -> Select[MarkerStop]:
    return (
        select(MarkerStop)
        .join(RoleAssignment, RoleAssignment.id == MarkerStop.assignment_id)
        .options(joinedload(MarkerStop.assignment))
        .where(RoleAssignment.competition_id == competition_id)
    )
