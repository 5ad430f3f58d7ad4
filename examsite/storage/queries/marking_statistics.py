"""Reads of locked marks as figures need them: columns only, by pseudonym, in the order in which they were locked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import Integer, bindparam, func, select, type_coerce
from sqlalchemy.orm import Session

from examsite.domain.appeals import FIRST_REMARK
from examsite.domain.marking import BLIND_ROUND, MarkState, ScriptKind
from examsite.domain.scores import ZERO, Score
from examsite.domain.standardisation import NamingOutcome
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.marking import Allocation, Mark, Script
from examsite.storage.models.papers import Paper
from examsite.storage.models.standardisation import AgreedMark, MarkerAlarm, MarkerStop
from examsite.storage.queries.queues import QUEUED

if TYPE_CHECKING:
    from examsite.statistics.drift import Check


_HUNDREDTHS: Final = 100


@dataclass(frozen=True, slots=True)
class LockedMark:
    """One locked mark of a person; `number` counts this marker's own locked scripts from 1, 0 for qualification."""

    mark_id: int
    script_id: int
    script: str
    kind: ScriptKind
    paper: str
    assignment_id: int
    marker: str
    round: int
    seq: int
    number: int
    total: Score
    points: dict[str, Any]
    agreed: Score | None
    opened_at: datetime | None
    locked_at: datetime

    @property
    def error(self) -> Score | None:
        """How far it lies above the agreed mark, where there is one."""
        return None if self.agreed is None else self.total - self.agreed

    @property
    def is_blind(self) -> bool:
        """Whether it is one of the two marks of a candidate's script."""
        return self.kind is ScriptKind.LIVE and self.round == BLIND_ROUND


class WatchedMark(NamedTuple):
    """As much of a locked mark as the watch over drift looks at after each lock; points as plain numbers."""

    script_id: int
    assignment_id: int
    marker: str
    seq: int
    number: int
    total: float
    error: float | None
    is_blind: bool


def list_locked_marks(session: Session, competition_id: int) -> list[LockedMark]:
    """Every locked mark on a script of candidates, a seed or a qualification script, as its marker locked them.

    A mark on a seed tells of nobody while its agreed mark waits to be agreed anew under a changed rubric.
    """
    rows = session.execute(
        select(
            Mark.id,
            Script.id,
            Script.code,
            Script.kind,
            Paper.code,
            Mark.assignment_id,
            RoleAssignment.pseudonym,
            Mark.round,
            Mark.record_seq,
            Mark.total,
            Mark.points,
            AgreedMark.total,
            Allocation.opened_at,
            Mark.locked_at,
        )
        .join(Script, Script.id == Mark.script_id)
        .join(Paper, Paper.id == Script.paper_id)
        .join(RoleAssignment, RoleAssignment.id == Mark.assignment_id)
        .outerjoin(AgreedMark, (AgreedMark.script_id == Script.id) & AgreedMark.agreed_at.is_not(None))
        .outerjoin(Allocation, (Allocation.script_id == Script.id) & (Allocation.assignment_id == Mark.assignment_id))
        .where(
            Script.competition_id == competition_id,
            Script.kind != ScriptKind.PRACTICE,
            Mark.state == MarkState.LOCKED,
            Mark.round < FIRST_REMARK,
        )
        .order_by(Mark.record_seq)
    ).all()
    counted: dict[int, int] = {}
    found = []
    for row in rows:
        assignment_id = int(row[5] or 0)
        is_queued = row[3] is not ScriptKind.QUALIFICATION
        if is_queued:
            counted[assignment_id] = counted.get(assignment_id, 0) + 1
        found.append(
            LockedMark(
                mark_id=row[0],
                script_id=row[1],
                script=row[2],
                kind=row[3],
                paper=row[4],
                assignment_id=assignment_id,
                marker=str(row[6]),
                round=row[7],
                seq=row[8] or 0,
                number=counted[assignment_id] if is_queued else 0,
                total=row[9] or ZERO,
                points=row[10],
                agreed=row[11],
                opened_at=row[12],
                locked_at=row[13],
            )
        )
    return found


# Asked after each lock of a marker, over everything that was locked before: put together once, no texts, no objects.
# Totals come in whole hundredths, as they are kept.
_watched = (
    select(
        Mark.script_id,
        Mark.assignment_id,
        Mark.record_seq,
        type_coerce(Mark.total, Integer).label("given"),
        type_coerce(AgreedMark.total, Integer).label("agreed"),
        (Script.kind == ScriptKind.QUALIFICATION).label("qualifies"),
        ((Script.kind == ScriptKind.LIVE) & (Mark.round == BLIND_ROUND)).label("is_blind"),
    )
    .join(Script, Script.id == Mark.script_id)
    .outerjoin(AgreedMark, (AgreedMark.script_id == Script.id) & AgreedMark.agreed_at.is_not(None))
    .where(
        Script.competition_id == bindparam("competition_id"),
        Script.kind != ScriptKind.PRACTICE,
        Mark.state == MarkState.LOCKED,
        Mark.assignment_id.is_not(None),
        Mark.round < FIRST_REMARK,
    )
    .order_by(Mark.record_seq)
)


def list_watched_marks(session: Session, competition_id: int) -> list[WatchedMark]:
    """What `list_locked_marks` lists, in the same order, as the watch over drift needs it."""
    names = {
        key: str(pseudonym)
        for key, pseudonym in session.execute(
            select(RoleAssignment.id, RoleAssignment.pseudonym).where(RoleAssignment.competition_id == competition_id)
        )
    }
    counted = dict.fromkeys(names, 0)
    found = []
    rows: Iterable[Any] = session.execute(_watched, {"competition_id": competition_id})
    for script_id, assignment_id, seq, total, agreed, qualifies, is_blind in rows:
        number = 0
        if not qualifies:
            number = counted[assignment_id] = counted[assignment_id] + 1
        error = None if agreed is None else ((total or 0) - agreed) / _HUNDREDTHS
        points = (total or 0) / _HUNDREDTHS
        found.append(
            WatchedMark(script_id, assignment_id, names[assignment_id], seq or 0, number, points, error, bool(is_blind))
        )
    return found


def list_new_beginnings(session: Session, competition_id: int) -> dict[str, int]:
    """From which record on a marker whom the head let go on, after a pause or an alarm, is watched anew."""
    rows = session.execute(
        select(RoleAssignment.pseudonym, func.max(MarkerStop.record_seq))
        .join(RoleAssignment, RoleAssignment.id == MarkerStop.assignment_id)
        .where(RoleAssignment.competition_id == competition_id, MarkerStop.decided_at.is_not(None))
        .group_by(RoleAssignment.pseudonym)
    )
    found = {str(pseudonym): int(seq) for pseudonym, seq in rows if seq is not None}
    left = session.execute(
        select(MarkerAlarm.named, MarkerAlarm.record_seq).where(
            MarkerAlarm.competition_id == competition_id, MarkerAlarm.outcome == NamingOutcome.LEFT
        )
    )
    for named, seq in left:
        for pseudonym in named.split(" "):
            found[pseudonym] = max(found.get(pseudonym, -1), seq or 0)
    return found


def count_queues(session: Session, competition_id: int) -> dict[str, int]:
    """How many scripts each marker was given in all, by pseudonym; seeds included."""
    rows = session.execute(
        select(RoleAssignment.pseudonym, func.count(Allocation.id))
        .join(Allocation, Allocation.assignment_id == RoleAssignment.id)
        .join(Script, Script.id == Allocation.script_id)
        .where(RoleAssignment.competition_id == competition_id, Script.kind.in_(QUEUED))
        .group_by(RoleAssignment.pseudonym)
    )
    return {str(pseudonym): count for pseudonym, count in rows}


def checks_of(marks: Iterable[LockedMark | WatchedMark], beginnings: dict[str, int]) -> list[Check]:
    """What is known about drift: errors on seeds and qualification scripts, and differences on common scripts."""
    from examsite.statistics.drift import PairCheck, SeedCheck  # noqa: PLC0415 - numbers only when needed

    checks: list[Check] = []
    pairs: dict[int, list[LockedMark | WatchedMark]] = {}
    for mark in marks:
        if mark.seq <= beginnings.get(mark.marker, -1):
            continue
        if mark.error is not None:
            checks.append(SeedCheck(mark.marker, mark.number, mark.error))
        elif mark.is_blind:
            pairs.setdefault(mark.script_id, []).append(mark)
    for found in pairs.values():
        if len(found) == 2:
            one, other = found
            checks.append(PairCheck(one.marker, one.number, one.total, other.marker, other.number, other.total))
    return checks
