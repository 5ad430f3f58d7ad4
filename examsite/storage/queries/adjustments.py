"""Reads of what is asked for candidates who need it in the room, and of what was decided."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from examsite.domain.errors import NotFoundError
from examsite.domain.rooms import RequestState
from examsite.storage.models.dossiers import AdjustmentRequest, Candidacy
from examsite.storage.models.sittings import Attempt


def list_adjustment_requests(session: Session, competition_id: int) -> list[AdjustmentRequest]:
    """Every request of a competition with its candidate: those that wait first, then the newest decisions."""
    return list(
        session.scalars(
            select(AdjustmentRequest)
            .join(Candidacy, Candidacy.id == AdjustmentRequest.candidacy_id)
            .options(joinedload(AdjustmentRequest.candidacy))
            .where(Candidacy.competition_id == competition_id)
            .order_by(AdjustmentRequest.state != RequestState.ASKED, AdjustmentRequest.id.desc())
        )
    )


def get_adjustment_request(session: Session, competition_id: int, request_id: int) -> AdjustmentRequest:
    """One request with its candidate, as it stands now.

    Raises:
        NotFoundError: `request_not_found`.
    """
    found = session.scalars(
        select(AdjustmentRequest)
        .join(Candidacy, Candidacy.id == AdjustmentRequest.candidacy_id)
        .options(joinedload(AdjustmentRequest.candidacy))
        .where(AdjustmentRequest.id == request_id, Candidacy.competition_id == competition_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFoundError("request_not_found")
    return found


def find_newest_adjustment_request(session: Session, candidacy_id: int) -> AdjustmentRequest | None:
    """What was asked last for a candidate and not taken back by a newer request."""
    return session.scalars(
        select(AdjustmentRequest)
        .where(AdjustmentRequest.candidacy_id == candidacy_id, AdjustmentRequest.state != RequestState.WITHDRAWN)
        .order_by(AdjustmentRequest.id.desc())
        .limit(1)
    ).one_or_none()


def count_adjustment_requests(session: Session, sitting_id: int, state: RequestState) -> int:
    """For how many people seated in a sitting the request made last stands so."""
    newest = (
        select(func.max(AdjustmentRequest.id))
        .where(AdjustmentRequest.state != RequestState.WITHDRAWN)
        .group_by(AdjustmentRequest.candidacy_id)
    )
    return (
        session.scalar(
            select(func.count(AdjustmentRequest.id))
            .join(Attempt, Attempt.candidacy_id == AdjustmentRequest.candidacy_id)
            .where(Attempt.sitting_id == sitting_id, AdjustmentRequest.state == state, AdjustmentRequest.id.in_(newest))
        )
        or 0
    )
