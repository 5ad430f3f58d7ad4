"""Reads of rehearsals: what was tried on this installation, and whether it lets a sitting start."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from examsite.domain.competitions import CompetitionState, Missing
from examsite.domain.errors import NotFoundError
from examsite.domain.rehearsals import LONGEST_MINUTES, Certificate, Identity, Override, best_faults, lapse_of
from examsite.domain.rooms import RequestKind, RequestState
from examsite.domain.sittings import SittingState
from examsite.storage.models.competitions import Competition
from examsite.storage.models.rooms import Rehearsal, RoomRequest
from examsite.storage.models.sittings import Attempt, Sitting

#: How many certificates are looked at; older ones are out of date long ago.
_LOOKED_AT = 20


def list_rehearsals(session: Session, competition_id: int) -> list[Rehearsal]:
    """The rehearsals of a competition, newest first."""
    return list(
        session.scalars(
            select(Rehearsal)
            .where(Rehearsal.competition_id == competition_id)
            .order_by(Rehearsal.began_at.desc(), Rehearsal.id.desc())
            .limit(_LOOKED_AT)
        )
    )


def get_rehearsal(session: Session, rehearsal_id: int) -> Rehearsal:
    """One rehearsal as it stands now.

    Raises:
        NotFoundError: `rehearsal_not_found`.
    """
    found = session.get(Rehearsal, rehearsal_id, populate_existing=True)
    if found is None:
        raise NotFoundError("rehearsal_not_found")
    return found


def find_running_rehearsal(session: Session, now: datetime) -> Rehearsal | None:
    """A rehearsal under way on this installation, of any competition; one that is silent for too long is over."""
    return session.scalars(
        select(Rehearsal)
        .where(Rehearsal.finished_at.is_(None), Rehearsal.began_at > now - timedelta(minutes=LONGEST_MINUTES))
        .order_by(Rehearsal.id.desc())
    ).first()


def list_waiting_sittings(session: Session) -> list[Sitting]:
    """The sittings whose written test has begun and that have not started, with their competitions."""
    return list(
        session.scalars(
            select(Sitting)
            .join(Competition, Competition.id == Sitting.competition_id)
            .options(joinedload(Sitting.competition))
            .where(Sitting.state == SittingState.SCHEDULED, Competition.state == CompetitionState.WRITTEN)
            .order_by(Sitting.id)
        )
    )


def count_at_once(session: Session, sitting: Sitting) -> int:
    """How many candidates sit on this installation while this sitting runs: its own and those of overlapping ones."""
    ends_at = sitting.starts_at + timedelta(minutes=sitting.duration_minutes)
    rows = session.execute(
        select(Sitting.starts_at, Sitting.duration_minutes, func.count(Attempt.id))
        .join(Attempt, Attempt.sitting_id == Sitting.id)
        .where(Sitting.starts_at < ends_at, Sitting.state != SittingState.CLOSED)
        .group_by(Sitting.id, Sitting.starts_at, Sitting.duration_minutes)
    )
    return sum(
        count for starts_at, minutes, count in rows if starts_at + timedelta(minutes=minutes) > sitting.starts_at
    )


def list_certificate_faults(session: Session, sitting: Sitting, *, identity: Identity, now: datetime) -> list[Missing]:
    """Why no rehearsal lets this sitting start; empty: one does, or two people decided to start without."""
    rows = session.scalars(
        select(Rehearsal)
        .where(Rehearsal.competition_id == sitting.competition_id, Rehearsal.finished_at.is_not(None))
        .order_by(Rehearsal.finished_at.desc(), Rehearsal.id.desc())
        .limit(_LOOKED_AT)
    )
    # Of two that finished at one instant the later row is the newer one: it stands last.
    certificates = [
        Certificate(Identity(row.code_sha256, row.settings_sha256), row.head_count, row.finished_at, passed=row.passed)
        for row in reversed(rows.all())
        if row.finished_at is not None
    ]
    faults = best_faults(certificates, identity=identity, head_count=count_at_once(session, sitting), now=now)
    if not faults:
        return []
    request = _newest_override(session, sitting.id)
    if request is None:
        return list(faults)
    lapse = lapse_of(_override_of(request), identity=identity, now=now)
    return [] if lapse is None else [*faults, lapse]


def find_start_override(session: Session, sitting_id: int, *, identity: Identity, now: datetime) -> RoomRequest | None:
    """The approved request of two people to start this sitting without a certificate, while it holds."""
    found = _newest_override(session, sitting_id)
    if found is None or lapse_of(_override_of(found), identity=identity, now=now) is not None:
        return None
    return found


def _override_of(request: RoomRequest) -> Override:
    approved = Identity(str(request.data.get("code_sha256", "")), str(request.data.get("settings_sha256", "")))
    # Only an approved request comes here, and one that is approved has an instant.
    return Override(approved, request.decided_at or request.asked_at)


def _newest_override(session: Session, sitting_id: int) -> RoomRequest | None:
    return session.scalars(
        select(RoomRequest)
        .where(
            RoomRequest.sitting_id == sitting_id,
            RoomRequest.kind == RequestKind.START_WITHOUT_REHEARSAL,
            RoomRequest.state == RequestState.APPROVED,
        )
        .order_by(RoomRequest.decided_at.desc(), RoomRequest.id.desc())
        .limit(1)
    ).first()
