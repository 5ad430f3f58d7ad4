"""Reads for the report before a result is approved: marks beside their records, withdrawn marks, acts by the hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from examsite.domain.attempts import AttemptState
from examsite.domain.marking import MarkState, ScriptKind
from examsite.domain.payloads import read_payload
from examsite.domain.result_entries import FIRST_ROUND
from examsite.domain.saves import content_of
from examsite.domain.scores import Score, score
from examsite.storage.models.accounts import Account, LoginSession, RoleAssignment
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.marking import Mark, MarkWithdrawal, Script, Settlement
from examsite.storage.models.proposals import Defence
from examsite.storage.models.records import RecordLog, RecordRow
from examsite.storage.models.sittings import Attempt, Sitting
from examsite.storage.queries.attempts import map_current_versions
from examsite.storage.queries.code_maps import find_closed_map

#: Actors of records who are nobody's colleague.
_NOBODY = ("system", "candidate")


@dataclass(frozen=True, slots=True)
class ChangedMark:
    """A locked mark that is not what its record says."""

    subject: str
    marker: str
    seq: int
    recorded: str
    stands: str


@dataclass(frozen=True, slots=True)
class WithdrawnMark:
    """A locked mark that was withdrawn by two people, and what the same person gave then (None: nothing yet)."""

    script: str
    marker: str
    seq: int
    before: Score
    after: Score | None
    reason: str


@dataclass(frozen=True, slots=True)
class DecidedScore:
    """A score that a person decided, with the totals of the first marks."""

    script: str
    score: Score
    marks: tuple[Score, ...]
    seq: int


@dataclass(frozen=True, slots=True)
class RoomAnswers:
    """The objective answers of one candidate, by item, with paper and room."""

    code: str
    paper_id: int
    room: str
    answers: dict[str, str]


def list_changed_marks(session: Session, competition_id: int) -> list[ChangedMark]:
    """Locked marks whose total or points are not those of their record, by the number of the record."""
    rows = session.execute(
        select(Mark.total, Mark.points, Mark.record_seq, RecordRow.payload, RecordRow.subject, RoleAssignment.pseudonym)
        .join(RoleAssignment, RoleAssignment.id == Mark.assignment_id)
        .join(RecordLog, RecordLog.competition_id == competition_id)
        .join(RecordRow, (RecordRow.log_id == RecordLog.id) & (RecordRow.seq == Mark.record_seq))
        .where(RoleAssignment.competition_id == competition_id, Mark.state == MarkState.LOCKED)
        .order_by(Mark.record_seq)
    )
    found = []
    for total, points, seq, payload, subject, pseudonym in rows:
        said = read_payload(payload)
        if not isinstance(said.get("points"), dict) or "total" not in said:
            continue
        if score(said["total"]) != total or {name: str(value) for name, value in points.items()} != said["points"]:
            found.append(ChangedMark(subject, str(pseudonym), seq or 0, str(said["total"]), str(total)))
    return found


def list_withdrawn_marks(session: Session, competition_id: int) -> list[WithdrawnMark]:
    """Every agreed withdrawal with the mark before and the one after it, by the number of its record."""
    again = aliased(Mark)
    rows = session.execute(
        select(
            Script.code,
            RoleAssignment.pseudonym,
            MarkWithdrawal.record_seq,
            Mark.total,
            again.total,
            MarkWithdrawal.reason,
        )
        .join(Mark, Mark.id == MarkWithdrawal.mark_id)
        .join(Script, Script.id == Mark.script_id)
        .join(RoleAssignment, RoleAssignment.id == Mark.assignment_id)
        .outerjoin(
            again,
            (again.script_id == Mark.script_id)
            & (again.assignment_id == Mark.assignment_id)
            & (again.round == Mark.round)
            & (again.state == MarkState.LOCKED),
        )
        .where(Script.competition_id == competition_id, MarkWithdrawal.is_agreed.is_(True))
        .order_by(MarkWithdrawal.record_seq)
    )
    return [
        WithdrawnMark(code, str(marker), seq or 0, before, after, reason)
        for code, marker, seq, before, after, reason in rows
        if before is not None
    ]


def list_decided_scores(session: Session, competition_id: int) -> list[DecidedScore]:
    """Every standing settlement of a script by a person, with the totals of the two first marks, system included."""
    rows = session.execute(
        select(Script.code, Settlement.score, Settlement.record_seq, Mark.round, Mark.total, Mark.assignment_id)
        .join(Settlement, Settlement.script_id == Script.id)
        .join(Mark, Mark.script_id == Script.id)
        .where(
            Script.competition_id == competition_id,
            Script.kind == ScriptKind.LIVE,
            Settlement.withdrawn_at.is_(None),
            Mark.state == MarkState.LOCKED,
        )
        .order_by(Settlement.record_seq, Mark.record_seq)
    ).all()
    decided: dict[str, tuple[Score, int]] = {}
    given: dict[str, list[Score]] = {}
    system: dict[str, Score] = {}
    for code, value, seq, number, total, assignment_id in rows:
        decided[code] = (value, seq)
        if total is None:
            continue
        if assignment_id is None:
            system[code] = total  # A re-scoring is a further mark of the system, and the last one counts.
        elif number == 1:
            given.setdefault(code, []).append(total)
    none = score(0)
    return [
        DecidedScore(code, value, tuple(total + system.get(code, none) for total in given.get(code, ())), seq)
        for code, (value, seq) in decided.items()
    ]


def list_settled_scores(session: Session, competition_id: int) -> list[Score]:
    """The settled scores of all live scripts, before any deduction."""
    return [
        value
        for value in session.scalars(
            select(Script.score)
            .where(Script.competition_id == competition_id, Script.kind == ScriptKind.LIVE, Script.score.is_not(None))
            .order_by(Script.code)
        )
        if value is not None
    ]


def list_essays(session: Session, competition_id: int) -> dict[tuple[int, str], dict[str, str]]:
    """The essays of live scripts as markers read them: for each paper and item the texts by script code."""
    rows = session.execute(
        select(Script.code, Script.paper_id, Script.content)
        .where(Script.competition_id == competition_id, Script.kind == ScriptKind.LIVE)
        .order_by(Script.code)
    )
    found: dict[tuple[int, str], dict[str, str]] = {}
    for code, paper_id, content in rows:
        for part in content:
            found.setdefault((paper_id, str(part["item"])), {})[code] = str(part.get("text") or "")
    return found


def list_panel_marks(session: Session, competition_id: int) -> list[tuple[str, str, Score]]:
    """Public code, member and total of every mark given at a defence before the discussion."""
    rows = session.execute(
        select(Candidacy.public_code, RoleAssignment.pseudonym, Mark.total)
        .join(Defence, Defence.id == Mark.defence_id)
        .join(Candidacy, Candidacy.id == Defence.candidacy_id)
        .join(RoleAssignment, RoleAssignment.id == Mark.assignment_id)
        .where(Defence.competition_id == competition_id, Mark.state == MarkState.LOCKED, Mark.round == FIRST_ROUND)
        .order_by(Defence.position, RoleAssignment.pseudonym)
    )
    return [(str(code), str(member), total) for code, member, total in rows if total is not None]


def list_objective_answers(session: Session, competition_id: int) -> list[RoomAnswers]:
    """The answers to objective questions of everybody who handed in, by public code; none while the map is closed."""
    if find_closed_map(session, competition_id) is not None:
        return []
    rows = session.execute(
        select(Attempt.id, Candidacy.public_code, Attempt.paper_id, Sitting.room)
        .join(Candidacy, Candidacy.id == Attempt.candidacy_id)
        .join(Sitting, Sitting.id == Attempt.sitting_id)
        .where(
            Sitting.competition_id == competition_id,
            Attempt.paper_id.is_not(None),
            Attempt.state.in_((AttemptState.HANDED_IN, AttemptState.CLOSED)),
        )
        .order_by(Candidacy.public_code)
    ).all()
    versions = map_current_versions(session.connection(), {row[0]: row[1] for row in rows})
    return [
        RoomAnswers(
            code=str(code),
            paper_id=paper_id or 0,
            room=room,
            answers={
                version.item: _given(content_of(version.content))
                for version in versions[attempt_id]
                if version.item.startswith("Q")
            },
        )
        for attempt_id, code, paper_id, room in rows
    ]


def list_acts_of_people(session: Session, log_id: int) -> list[tuple[str, str, int]]:
    """Actor, instant as written and number of every record that a colleague made, in order."""
    rows = session.execute(
        select(RecordRow.actor, RecordRow.at, RecordRow.seq)
        .where(RecordRow.log_id == log_id, RecordRow.actor.not_in(_NOBODY))
        .order_by(RecordRow.seq)
    )
    return [(actor, at, seq) for actor, at, seq in rows]


def list_log_ins(session: Session, competition_id: int, *, since: datetime) -> list[tuple[str, datetime]]:
    """Pseudonym and instant of each log-in since then of people with a duty in the competition, in order."""
    rows = session.execute(
        select(RoleAssignment.pseudonym, LoginSession.created_at)
        .join(Account, Account.id == LoginSession.account_id)
        .join(RoleAssignment, RoleAssignment.account_id == Account.id)
        .where(RoleAssignment.competition_id == competition_id, LoginSession.created_at >= since)
        .order_by(LoginSession.created_at, RoleAssignment.pseudonym)
    )
    return [(str(pseudonym), at) for pseudonym, at in rows]


def list_sitting_spans(session: Session, competition_id: int) -> list[tuple[datetime, datetime | None]]:
    """Planned start and actual end of each sitting."""
    rows = session.execute(
        select(Sitting.starts_at, Sitting.closed_at)
        .where(Sitting.competition_id == competition_id)
        .order_by(Sitting.id)
    )
    return [(starts_at, closed_at) for starts_at, closed_at in rows]


def _given(answer: object) -> str:
    """An answer in one writing, whatever the order in which options were chosen."""
    return "+".join(sorted(map(str, answer))) if isinstance(answer, list) else str(answer)
