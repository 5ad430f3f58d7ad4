"""Reads of sittings: whose they are, what keeps one from starting, what the board of the room shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from examsite.domain.attempts import AttemptState, deadline_of, is_to_close
from examsite.domain.competitions import CompetitionState, Missing
from examsite.domain.dossiers import CandidacyState
from examsite.domain.errors import NotFoundError
from examsite.domain.events import Event
from examsite.domain.papers import PaperState
from examsite.domain.payloads import read_payload
from examsite.domain.permissions import Role
from examsite.domain.rehearsals import Identity
from examsite.domain.rooms import RequestKind
from examsite.domain.sittings import IncidentState, SittingState
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition, Post
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.papers import Paper
from examsite.storage.models.records import RecordLog, RecordRow
from examsite.storage.models.sittings import Attempt, Incident, Sitting, SittingInvigilator
from examsite.storage.queries.rehearsals import list_certificate_faults
from examsite.storage.queries.rooms import count_waiting_requests, list_held


def get_sitting(session: Session, competition_id: int, code: str) -> Sitting:
    """One sitting with its competition and invigilators.

    Raises:
        NotFoundError: `sitting_not_found`.
    """
    found = session.scalars(
        select(Sitting).options(*_with_people()).where(Sitting.competition_id == competition_id, Sitting.code == code)
    ).one_or_none()
    if found is None:
        raise NotFoundError("sitting_not_found", sitting=code)
    return found


def list_sittings(session: Session, competition_id: int) -> list[Sitting]:
    """All sittings of a competition with their invigilators, by code."""
    return list(
        session.scalars(
            select(Sitting)
            .options(*_with_people())
            .where(Sitting.competition_id == competition_id)
            .order_by(Sitting.code)
        )
    )


def list_sittings_of_invigilator(session: Session, account_id: int) -> list[Sitting]:
    """The sittings that a person watches, in any competition, soonest first."""
    return list(
        session.scalars(
            select(Sitting)
            .options(joinedload(Sitting.competition).joinedload(Competition.body), *_with_people())
            .where(
                Sitting.id.in_(
                    select(SittingInvigilator.sitting_id)
                    .join(RoleAssignment, RoleAssignment.id == SittingInvigilator.assignment_id)
                    .where(RoleAssignment.account_id == account_id, RoleAssignment.revoked_at.is_(None))
                )
            )
            .order_by(Sitting.starts_at, Sitting.code, Sitting.id)
        )
    )


def list_attempts(session: Session, sitting_id: int) -> list[Attempt]:
    """The attempts of a sitting with candidacies, posts and extensions, in the order of seats."""
    return list(
        session.scalars(
            select(Attempt)
            .options(
                joinedload(Attempt.candidacy).joinedload(Candidacy.post),
                # A paper is large and everybody's: read once, not with each attempt.
                selectinload(Attempt.paper),
                selectinload(Attempt.extensions),
            )
            .where(Attempt.sitting_id == sitting_id)
            .order_by(Attempt.id)
        )
    )


def count_attempts(session: Session, competition_id: int) -> dict[int, int]:
    """How many people sit in each sitting of a competition, by its key."""
    rows = session.execute(
        select(Attempt.sitting_id, func.count(Attempt.id))
        .join(Sitting, Sitting.id == Attempt.sitting_id)
        .where(Sitting.competition_id == competition_id)
        .group_by(Attempt.sitting_id)
    )
    return {sitting_id: count for sitting_id, count in rows}  # noqa: C416 -- rows are not pairs to the type checker


def list_seatable(session: Session, competition_id: int) -> list[Candidacy]:
    """Eligible candidates with a number, in the order of their numbers."""
    return list(
        session.scalars(
            select(Candidacy)
            .where(
                Candidacy.competition_id == competition_id,
                Candidacy.state == CandidacyState.ELIGIBLE,
                Candidacy.candidate_number.is_not(None),
            )
            .order_by(Candidacy.candidate_number)
        )
    )


def list_incidents(session: Session, sitting_id: int) -> list[Incident]:
    """Incidents of a sitting with the candidates they concern, newest first."""
    return list(
        session.scalars(
            select(Incident)
            .options(joinedload(Incident.candidacy))
            .where(Incident.sitting_id == sitting_id)
            .order_by(Incident.recorded_at.desc(), Incident.id.desc())
        )
    )


def list_competition_incidents(session: Session, competition_id: int) -> list[Incident]:
    """Incidents of all sittings of a competition with sitting and candidate, oldest first: what the council decides."""
    return list(
        session.scalars(
            select(Incident)
            .join(Sitting, Sitting.id == Incident.sitting_id)
            .options(joinedload(Incident.sitting), joinedload(Incident.candidacy))
            .where(Sitting.competition_id == competition_id)
            .order_by(Incident.recorded_at, Incident.id)
        )
    )


def get_incident(session: Session, competition_id: int, incident_id: int) -> Incident:
    """One incident of a competition with sitting and candidate.

    Raises:
        NotFoundError: `incident_not_found`.
    """
    found = session.scalars(
        select(Incident)
        .join(Sitting, Sitting.id == Incident.sitting_id)
        .options(joinedload(Incident.sitting), joinedload(Incident.candidacy))
        .where(Sitting.competition_id == competition_id, Incident.id == incident_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFoundError("incident_not_found")
    return found


def is_invigilator_of(session: Session, sitting_id: int, assignment_id: int | None) -> bool:
    """Whether this role holder watches this sitting."""
    return (
        session.scalars(
            select(SittingInvigilator.id).where(
                SittingInvigilator.sitting_id == sitting_id, SittingInvigilator.assignment_id == assignment_id
            )
        ).first()
        is not None
    )


def find_first_watcher(session: Session, sitting_id: int) -> int | None:
    """The account of the first invigilator of a sitting: of those who still watch, the one assigned first."""
    return session.scalars(
        select(RoleAssignment.account_id)
        .join(SittingInvigilator, SittingInvigilator.assignment_id == RoleAssignment.id)
        .where(SittingInvigilator.sitting_id == sitting_id, RoleAssignment.revoked_at.is_(None))
        .order_by(SittingInvigilator.id)
    ).first()


def is_watching(session: Session, assignment_id: int) -> bool:
    """Whether this role holder watches a sitting that is not over."""
    return (
        session.scalars(
            select(SittingInvigilator.id)
            .join(Sitting, Sitting.id == SittingInvigilator.sitting_id)
            .where(SittingInvigilator.assignment_id == assignment_id, Sitting.state != SittingState.CLOSED)
        ).first()
        is not None
    )


def opened_papers(session: Session, sitting_id: int) -> tuple[dict[int, Paper], list[Post]]:
    """The opened paper of each post in a sitting, by the post's key, and the posts that still have none.

    A sitting that has begun keeps what its start put on record, also when a reserve was opened since.
    """
    posts = list(
        session.scalars(
            select(Post)
            .where(
                Post.id.in_(
                    select(Candidacy.post_id)
                    .join(Attempt, Attempt.candidacy_id == Candidacy.id)
                    .where(Attempt.sitting_id == sitting_id)
                )
            )
            .order_by(Post.code)
        )
    )
    begun_with = _begun_with(session, sitting_id)
    in_turn = Paper.set_aside_at.is_(None) if begun_with is None else Paper.code.in_(begun_with)
    papers = session.scalars(
        select(Paper).where(Paper.post_id.in_([post.id for post in posts]), Paper.state == PaperState.OPENED, in_turn)
    )
    found = {paper.post_id: paper for paper in papers}
    return found, [post for post in posts if post.id not in found]


def _begun_with(session: Session, sitting_id: int) -> list[str] | None:
    """The versions that the record of a start names; None before the start."""
    payload = session.scalars(
        select(RecordRow.payload)
        .join(RecordLog, RecordLog.id == RecordRow.log_id)
        .join(Sitting, Sitting.competition_id == RecordLog.competition_id)
        .where(
            Sitting.id == sitting_id,
            Sitting.started_at.is_not(None),
            RecordRow.event == Event.SITTING_STARTED.value,
            RecordRow.subject == "sitting/" + Sitting.code,
        )
    ).first()
    return None if payload is None else list(read_payload(payload)["papers"].values())


def list_waiting_sittings(session: Session, post_id: int, *, for_update: bool = False) -> list[Sitting]:
    """The sittings that have not begun and seat somebody who stands for the post, by code."""
    seated = select(Attempt.sitting_id).join(Candidacy, Candidacy.id == Attempt.candidacy_id)
    statement = (
        select(Sitting)
        .where(Sitting.state == SittingState.SCHEDULED, Sitting.id.in_(seated.where(Candidacy.post_id == post_id)))
        .order_by(Sitting.code)
    )
    if for_update:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return list(session.scalars(statement))


def reasons_against_start(
    session: Session, sitting: Sitting, state: CompetitionState, *, identity: Identity, now: datetime
) -> list[Missing]:
    """Why a sitting cannot start even when its time has come, and who owes it. Empty: it starts by itself.

    `identity` is what runs here: only a rehearsal of the same program under the same settings speaks for it.
    """
    reasons: list[Missing] = []
    if state is not CompetitionState.WRITTEN:
        reasons.append(Missing("written_not_begun", Role.ORGANISER))
    _papers, without = opened_papers(session, sitting.id)
    reasons.extend(Missing("paper_not_opened", Role.CHAIR, {"post": post.code}) for post in without)
    reasons.extend(list_certificate_faults(session, sitting, identity=identity, now=now))
    return reasons


def list_due_starts(session: Session, now: datetime) -> list[int]:
    """Keys of the sittings whose hour has come and that have not started."""
    return list(
        session.scalars(
            select(Sitting.id)
            .where(Sitting.state == SittingState.SCHEDULED, Sitting.starts_at <= now)
            .order_by(Sitting.starts_at, Sitting.id)
        )
    )


def list_overdue(session: Session, now: datetime) -> dict[int, list[int]]:
    """What is to be closed: by the key of a running sitting the attempts past their end that nothing holds.

    A running sitting in which nobody writes any more is there without an attempt.
    """
    found: dict[int, list[int]] = {}
    for sitting in session.scalars(select(Sitting).where(Sitting.state == SittingState.STARTED)):
        working = (Attempt.sitting_id == sitting.id, Attempt.state == AttemptState.OPEN)
        # Asked every few seconds: a whole room has few different ends, so few rows are read.
        ends = session.execute(select(Attempt.added_seconds, Attempt.paused_at).where(*working).distinct()).all()
        if not ends or sitting.started_at is None:
            if not waits_for_left_behind(session, sitting, now):
                found[sitting.id] = []
            continue
        over = {
            added_seconds
            for added_seconds, paused_at in ends
            if is_to_close(
                now,
                deadline_of(sitting.started_at, sitting.duration_minutes, added_seconds),
                sitting.grace_seconds,
                paused_at=paused_at,
            )
        }
        if over:
            past = session.scalars(
                select(Attempt.id).where(*working, Attempt.added_seconds.in_(over), Attempt.paused_at.is_(None))
            )
            free = set(past) - list_held(session, sitting.id, now)
            if free:
                found[sitting.id] = sorted(free)
    return found


def list_left_behind(session: Session, sitting_id: int | None = None) -> list[Attempt]:
    """Attempts that the start of their sitting could not open, of one sitting or of all, in the order of keys."""
    statement = (
        select(Attempt)
        .join(Sitting, Sitting.id == Attempt.sitting_id)
        .where(Sitting.state == SittingState.STARTED, Attempt.state == AttemptState.SEATED)
    )
    if sitting_id is not None:
        statement = statement.where(Attempt.sitting_id == sitting_id)
    return list(session.scalars(statement.order_by(Attempt.sitting_id, Attempt.id)))


def waits_for_left_behind(session: Session, sitting: Sitting, now: datetime) -> bool:
    """Whether a sitting in which nobody writes stays open for somebody whose attempt the server has yet to open.

    Until the planned end for everybody; after it for those whose papers were looked at, who are surely there.
    """
    left = list_left_behind(session, sitting.id)
    if not left or sitting.started_at is None:
        return False
    end = deadline_of(sitting.started_at, sitting.duration_minutes)
    return not is_to_close(now, end, sitting.grace_seconds) or any(row.checked_in_at is not None for row in left)


def list_running(session: Session) -> list[int]:
    """Keys of the sittings that have started and are not closed."""
    return list(session.scalars(select(Sitting.id).where(Sitting.state == SittingState.STARTED).order_by(Sitting.id)))


def missing_before_codes(session: Session, competition: Competition, now: datetime) -> list[Missing]:
    """What the room still owes before codes are sealed: closed sittings, signed attendance, decided incidents.

    Every incident, those without a proposed measure too: nobody can decide one after the sealing, and the competition
    does not close over one that is undecided.
    """
    del now
    sittings = list_sittings(session, competition.id)
    missing = [
        Missing("sitting_not_closed", Role.INVIGILATOR, {"sitting": sitting.code})
        for sitting in sittings
        if sitting.state is not SittingState.CLOSED
    ]
    missing.extend(
        Missing("attendance_not_signed", Role.INVIGILATOR, {"sitting": sitting.code})
        for sitting in sittings
        if sitting.state is SittingState.CLOSED and sitting.attendance_signed_at is None
    )
    waiting = [
        incident
        for incident in list_competition_incidents(session, competition.id)
        if incident.state is IncidentState.RECORDED
    ]
    if waiting:
        missing.append(Missing("incidents_undecided", Role.CHAIR, {"count": len(waiting)}))
    asked = count_waiting_requests(session, competition.id, RequestKind.ACCEPT_LATE_ANSWERS)
    if asked:
        missing.append(Missing("late_answers_undecided", Role.CHAIR, {"count": asked}))
    return missing


def _with_people() -> Iterable:
    return (
        joinedload(Sitting.competition),
        selectinload(Sitting.invigilators).joinedload(SittingInvigilator.assignment).joinedload(RoleAssignment.account),
    )
