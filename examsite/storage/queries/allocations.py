"""Reads of who has which scripts, for the head of marking and for the draw that passes work on.

Counts and pseudonyms; no points of anybody, and no script of which only one of two markers has locked is told apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from examsite.domain.allocation import MarkerStanding
from examsite.domain.appeals import FIRST_REMARK
from examsite.domain.marking import MarkState, ScriptKind
from examsite.domain.rulesets import ruleset_from_toml
from examsite.domain.standardisation import StopOutcome
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Allocation, Mark, MarkWithdrawal, Script
from examsite.storage.models.standardisation import MarkerStop
from examsite.storage.queries.barred import list_barred
from examsite.storage.queries.conflicts import list_unclear
from examsite.storage.queries.marking import list_markers
from examsite.storage.queries.queues import QUEUED


@dataclass(frozen=True)
class OpenScript:
    """A script that a marker has and has not locked, and when the marker last did anything on it."""

    code: str
    marker: str
    round: int
    touched_at: datetime | None
    is_begun: bool


@dataclass(frozen=True)
class MarkerLoad:
    """What one marker has: scripts of candidates, locked ones, those still open."""

    pseudonym: str
    standing: MarkerStanding
    allocated: int
    locked: int
    open_scripts: tuple[OpenScript, ...]

    @property
    def begun(self) -> int:
        """How many of the open ones were opened or have a draft."""
        return sum(1 for row in self.open_scripts if row.touched_at is not None)


@dataclass(frozen=True)
class Outlook:
    """Whether a script could be given to somebody now, and how many markers are paused in the whole competition.

    No name, and no count that depends on the script: whoever sees pairs by pseudonym would learn who may not have it.
    """

    is_open: bool
    paused: int


@dataclass(frozen=True)
class UnassignedScript:
    """A script that was taken from a replaced marker and has no other one yet."""

    code: str
    marker: str
    outlook: Outlook


@dataclass(frozen=True)
class ChangedAllocation:
    """One script that was passed on, with the head's reason."""

    code: str
    marker: str
    round: int
    reason: str
    changed_at: datetime


def list_marker_loads(session: Session, competition_id: int) -> list[MarkerLoad]:
    """Every marker by pseudonym with what they have; one whose role was taken back only while scripts wait there."""
    people = {row.id: row for row in list_markers(session, competition_id)}
    rows = _list_allocations(session, competition_id)
    for row in rows:
        people.setdefault(row.assignment_id, row.assignment)
    standings = _standings(session, competition_id)
    marks = _own_marks(session, competition_id)
    fallen = _withdrawn_at(session, competition_id)
    found = []
    for assignment_id, person in people.items():
        own = [row for row in rows if row.assignment_id == assignment_id]
        waiting = tuple(
            _open_script(
                row,
                marks.get((row.script_id, row.assignment_id, row.round)),
                fallen.get((row.script_id, row.assignment_id)),
            )
            for row in own
            if not _is_locked(marks.get((row.script_id, row.assignment_id, row.round)))
        )
        if person.revoked_at is not None and not waiting:
            continue
        found.append(
            MarkerLoad(
                pseudonym=str(person.pseudonym),
                standing=MarkerStanding.REPLACED
                if person.revoked_at is not None
                else standings.get(assignment_id, MarkerStanding.ACTIVE),
                allocated=len(own),
                locked=len(own) - len(waiting),
                open_scripts=tuple(sorted(waiting, key=lambda row: row.code)),
            )
        )
    return sorted(found, key=lambda load: load.pseudonym)


def standing_still(loads: Iterable[MarkerLoad], *, now: datetime, claim_minutes: int) -> list[OpenScript]:
    """The begun scripts on which nothing happened for longer than a claim lasts, the longest wait first.

    What a replaced marker still holds stands in the list of scripts without a marker.
    """
    limit = now - timedelta(minutes=claim_minutes)
    waiting = [row for load in loads if load.standing is not MarkerStanding.REPLACED for row in load.open_scripts]
    still = [row for row in waiting if row.touched_at and row.touched_at < limit]
    return sorted(still, key=lambda row: (row.touched_at or limit, row.code, row.marker))


def find_still(
    session: Session, competition: Competition, code: str, *, marker: str, now: datetime
) -> OpenScript | None:
    """The script of a marker, if it is one that stands still; of all others nobody learns how far they are."""
    minutes = ruleset_from_toml(competition.ruleset_toml).claim_minutes
    still = standing_still(list_marker_loads(session, competition.id), now=now, claim_minutes=minutes)
    return next((row for row in still if (row.code, row.marker) == (code, marker)), None)


def list_open_allocations(
    session: Session, competition_id: int, assignment_id: int, *, code: str | None = None
) -> list[Allocation]:
    """What a marker has in the queue and has not locked, seeds too, locked for an act; in the marker's own order."""
    statement = (
        select(Allocation)
        .join(Allocation.script)
        .options(joinedload(Allocation.script), joinedload(Allocation.assignment))
        .where(
            Script.competition_id == competition_id,
            Script.kind.in_(QUEUED),
            Allocation.assignment_id == assignment_id,
            Allocation.withdrawn_at.is_(None),
        )
        .order_by(Allocation.id)
        .with_for_update(of=Allocation)
    )
    if code is not None:
        statement = statement.where(Script.code == code)
    rows = list(session.scalars(statement))
    marks = session.scalars(select(Mark).where(Mark.assignment_id == assignment_id, Mark.state == MarkState.LOCKED))
    locked = {(mark.script_id, mark.round) for mark in marks}
    return [row for row in rows if (row.script_id, row.round) not in locked]


def list_takers(session: Session, script_ids: Iterable[int]) -> dict[int, set[str]]:
    """Everybody who has or had each script, by pseudonym."""
    wanted = list(script_ids)
    found: dict[int, set[str]] = {key: set() for key in wanted}
    rows = session.execute(
        select(Allocation.script_id, RoleAssignment.pseudonym)
        .join(RoleAssignment, RoleAssignment.id == Allocation.assignment_id)
        .where(Allocation.script_id.in_(wanted))
    )
    for script_id, pseudonym in rows:
        found[script_id].add(str(pseudonym))
    return found


def count_allocated(session: Session, competition_id: int) -> Counter[str]:
    """How many scripts of candidates each marker has, locked or not, by pseudonym."""
    return Counter(str(row.assignment.pseudonym) for row in _list_allocations(session, competition_id))


@dataclass(frozen=True)
class Eligible:
    """Who may be given scripts now, by pseudonym, and which pairs (script, pseudonym) may not meet.

    For a draw alone, never for a page: the pairs betray whose script it is.
    """

    markers: dict[str, RoleAssignment]
    barred: frozenset[tuple[str, str]]


def find_eligible(session: Session, competition_id: int) -> Eligible:
    """What every draw of a marker asks, first, third or substitute: who has declared, has no open hint and is not away.

    Source: TT 22/2025/TT-BNV art. 23(7b); that whoever joins later is asked the same is our choice, because it is fair.
    """
    away = list_unavailable(session, competition_id)
    unclear = list_unclear(session, competition_id)
    return Eligible(
        markers={
            str(row.pseudonym): row
            for row in list_markers(session, competition_id)
            if row.pseudonym not in away and row.account_id not in unclear
        },
        barred=list_barred(session, competition_id),
    )


def list_unavailable(session: Session, competition_id: int) -> set[str]:
    """The pseudonyms of the markers who are stopped, or whose work was given to others."""
    return set(_standings_by_pseudonym(session, competition_id))


def list_replaced(session: Session, competition_id: int) -> set[str]:
    """The pseudonyms of the markers whose work was given to others."""
    found = _standings_by_pseudonym(session, competition_id)
    return {name for name, standing in found.items() if standing is MarkerStanding.REPLACED}


def find_outlook(session: Session, competition_id: int, script_id: int, code: str) -> Outlook:
    """What may become of a script that somebody has to be found for."""
    return _list_outlooks(session, competition_id, {code: script_id})[code]


def list_unassigned(session: Session, competition_id: int, loads: Iterable[MarkerLoad]) -> list[UnassignedScript]:
    """The open scripts of markers who were replaced: nobody marks them until they are given to somebody."""
    rows = [row for load in loads if load.standing is MarkerStanding.REPLACED for row in load.open_scripts]
    if not rows:
        return []
    known = session.execute(
        select(Script.code, Script.id).where(
            Script.competition_id == competition_id, Script.code.in_([row.code for row in rows])
        )
    )
    keys = {code: script_id for code, script_id in known}  # noqa: C416 - rows are no pairs to a type checker
    outlooks = _list_outlooks(session, competition_id, keys)
    found = [UnassignedScript(row.code, row.marker, outlooks[row.code]) for row in rows]
    return sorted(found, key=lambda row: (row.code, row.marker))


def list_changed(session: Session, competition_id: int) -> list[ChangedAllocation]:
    """What was passed on so far, the latest first."""
    rows = session.scalars(
        select(Allocation)
        .join(Allocation.script)
        .options(joinedload(Allocation.script), joinedload(Allocation.assignment))
        .where(
            Script.competition_id == competition_id,
            Script.kind == ScriptKind.LIVE,
            Allocation.round < FIRST_REMARK,
            Allocation.withdrawn_at.is_not(None),
        )
        .order_by(Allocation.withdrawn_at.desc(), Script.code)
    )
    return [
        ChangedAllocation(row.script.code, str(row.assignment.pseudonym), row.round, row.reason, row.withdrawn_at)
        for row in rows
        if row.withdrawn_at is not None
    ]


def _list_outlooks(session: Session, competition_id: int, scripts: Mapping[str, int]) -> dict[str, Outlook]:
    """Of scripts by code and key: open to somebody who never had it, is not barred from it and may mark now."""
    eligible = find_eligible(session, competition_id)
    standings = _standings(session, competition_id)
    stopped = {key for key, standing in standings.items() if standing is MarkerStanding.STOPPED}
    paused = sum(1 for row in list_markers(session, competition_id) if row.id in stopped)
    takers = list_takers(session, scripts.values())
    return {
        code: Outlook(
            is_open=any(
                name not in takers[script_id] and (code, name) not in eligible.barred for name in eligible.markers
            ),
            paused=paused,
        )
        for code, script_id in scripts.items()
    }


def _list_allocations(session: Session, competition_id: int) -> list[Allocation]:
    return list(
        session.scalars(
            select(Allocation)
            .join(Allocation.script)
            .options(joinedload(Allocation.script), joinedload(Allocation.assignment))
            .where(
                Script.competition_id == competition_id,
                Script.kind == ScriptKind.LIVE,
                Allocation.round < FIRST_REMARK,
                Allocation.withdrawn_at.is_(None),
            )
            .order_by(Allocation.id)
        )
    )


def _own_marks(session: Session, competition_id: int) -> dict[tuple[int | None, int | None, int], Mark]:
    rows = session.scalars(
        select(Mark)
        .join(Script, Script.id == Mark.script_id)
        .where(
            Script.competition_id == competition_id,
            Mark.assignment_id.is_not(None),
            Mark.state != MarkState.WITHDRAWN,
        )
    )
    return {(mark.script_id, mark.assignment_id, mark.round): mark for mark in rows}


def _withdrawn_at(session: Session, competition_id: int) -> dict[tuple[int | None, int | None], datetime]:
    """When a mark of a script was withdrawn last, by script and marker: from then on the wait is counted anew."""
    rows = session.execute(
        select(Mark.script_id, Mark.assignment_id, MarkWithdrawal.decided_at)
        .join(MarkWithdrawal, MarkWithdrawal.mark_id == Mark.id)
        .join(Script, Script.id == Mark.script_id)
        .where(Script.competition_id == competition_id, MarkWithdrawal.is_agreed.is_(True))
        .order_by(MarkWithdrawal.decided_at)
    )
    return {(script_id, assignment_id): at for script_id, assignment_id, at in rows if at is not None}


def _standings_by_pseudonym(session: Session, competition_id: int) -> dict[str, MarkerStanding]:
    standings = _standings(session, competition_id)
    if not standings:
        return {}
    rows = session.execute(select(RoleAssignment.id, RoleAssignment.pseudonym).where(RoleAssignment.id.in_(standings)))
    return {str(pseudonym): standings[assignment_id] for assignment_id, pseudonym in rows}


def _standings(session: Session, competition_id: int) -> dict[int, MarkerStanding]:
    rows = session.execute(
        select(MarkerStop.assignment_id, MarkerStop.outcome)
        .join(RoleAssignment, RoleAssignment.id == MarkerStop.assignment_id)
        .where(
            RoleAssignment.competition_id == competition_id,
            or_(MarkerStop.decided_at.is_(None), MarkerStop.outcome == StopOutcome.REPLACED),
        )
        .order_by(MarkerStop.id)
    )
    found: dict[int, MarkerStanding] = {}
    for assignment_id, outcome in rows:
        if outcome == StopOutcome.REPLACED:
            found[assignment_id] = MarkerStanding.REPLACED
        else:
            found.setdefault(assignment_id, MarkerStanding.STOPPED)
    return found


def _is_locked(mark: Mark | None) -> bool:
    return mark is not None and mark.state is MarkState.LOCKED


def _open_script(row: Allocation, draft: Mark | None, withdrawn_at: datetime | None) -> OpenScript:
    moments = [
        moment for moment in (row.opened_at, draft.updated_at if draft else None, withdrawn_at) if moment is not None
    ]
    return OpenScript(
        code=row.script.code,
        marker=str(row.assignment.pseudonym),
        round=row.round,
        touched_at=max(moments, default=None),
        is_begun=draft is not None,
    )
