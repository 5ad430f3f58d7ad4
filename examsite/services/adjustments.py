"""Adjustments for candidates who need them: decided before the test, applied in the room without being asked for."""

from __future__ import annotations

from sqlalchemy import select

from examsite.domain.adjustments import (
    Adjustments,
    adjustments_data,
    check_adjustments,
    planned_seconds,
)
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, InvalidError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.sittings import SittingState
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.sittings import Attempt, Extension, Sitting

#: Why the time was added, as the minutes of the room say it: data like every other reason, not a text of a page.
ADJUSTMENT_REASON = "Thêm giờ theo điều chỉnh đã duyệt trước ngày thi"


def decide_adjustments(
    ctx: ServiceContext, competition: Competition, application_code: str, *, wanted: Adjustments, reason: str
) -> None:
    """Approve what a candidate gets in the room, or take it back with nothing wanted; the newest decision counts.

    Raises:
        ConflictError: `adjustments_too_late`: the candidate's sitting has begun, or the written test is over.
        InvalidError: `extra_time_out_of_range`, `text_size_unknown`, `reason_missing`, with the `field`.
        NotAllowedError: `role_needed`.
        NotFoundError: `candidacy_not_found`.
    """
    ctx.require(Role.ORGANISER, Role.CHAIR, competition_id=competition.id)
    check_adjustments(wanted)
    if not reason.strip():
        raise InvalidError("reason_missing", field="reason")
    candidacy = ctx.session.scalars(
        select(Candidacy)
        .where(Candidacy.competition_id == competition.id, Candidacy.application_code == application_code)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if candidacy is None:
        raise NotFoundError("candidacy_not_found")
    if not can_decide(ctx, competition, candidacy):
        raise ConflictError("adjustments_too_late")
    approved = adjustments_data(wanted)
    payload = {**approved, "reason": reason.strip()}
    candidacy.adjustments = {**payload, "decided_by_id": ctx.actor.account_id} if approved else {}
    ctx.session.flush()
    record(ctx, competition, Event.ADJUSTMENTS_DECIDED, f"application/{application_code}", payload)


def can_decide(ctx: ServiceContext, competition: Competition, candidacy: Candidacy) -> bool:
    """Whether adjustments may still be decided: the candidate's sitting has not begun."""
    if competition.state.has_reached(CompetitionState.MARKING):
        return False
    state = ctx.session.scalar(
        select(Sitting.state)
        .join(Attempt, Attempt.sitting_id == Sitting.id)
        .where(Attempt.candidacy_id == candidacy.id)
    )
    return state in (None, SittingState.SCHEDULED)


def apply_adjustments(ctx: ServiceContext, sitting: Sitting, attempt: Attempt) -> int:
    """Add the approved extra time to an attempt as its sitting starts; gives back the seconds that were added.

    Called once by the start of the sitting, while the attempt is locked with it and its candidacy is loaded.
    """
    seconds = planned_seconds(attempt.candidacy.adjustments, sitting.duration_minutes)
    decided_by_id = attempt.candidacy.adjustments.get("decided_by_id")
    if seconds and decided_by_id is not None:
        ctx.session.add(
            Extension(
                attempt_id=attempt.id,
                seconds=seconds,
                reason=ADJUSTMENT_REASON,
                granted_by_id=decided_by_id,
                granted_at=ctx.now,
            )
        )
        attempt.added_seconds += seconds
        return seconds
    return 0
