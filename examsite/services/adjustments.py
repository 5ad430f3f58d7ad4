"""Adjustments for candidates who need them: asked for by the organiser, decided by the council before the test.

The room applies them without being asked.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from examsite.domain.adjustments import (
    Adjustments,
    adjustments_data,
    check_adjustments,
    planned_seconds,
)
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, NotAllowedError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.reasons import checked_reason
from examsite.domain.rooms import ROOM_REQUEST, RequestEvent, RequestState
from examsite.domain.sittings import SittingState
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import AdjustmentRequest, Candidacy
from examsite.storage.models.sittings import Attempt, Extension, Sitting
from examsite.storage.queries.adjustments import find_newest_adjustment_request, get_adjustment_request

#: Why the time was added, as the minutes of the room say it: data like every other reason, not a text of a page.
ADJUSTMENT_REASON = "Thêm giờ theo điều chỉnh đã duyệt trước ngày thi"


def ask_adjustments(
    ctx: ServiceContext, competition: Competition, application_code: str, *, wanted: Adjustments, reason: str
) -> AdjustmentRequest:
    """Ask the council for what a candidate needs in the room; nothing wanted asks to take everything back.

    A request that still waits is replaced: the newest is the one that is decided.

    Raises:
        ConflictError: `adjustments_too_late`: the candidate's sitting has begun, or the written test is over.
        InvalidError: `extra_time_out_of_range`, `text_size_unknown`, `reason_missing`, with the `field`.
        NotAllowedError: `role_needed`.
        NotFoundError: `candidacy_not_found`.
    """
    ctx.require(Role.ORGANISER, competition_id=competition.id)
    check_adjustments(wanted)
    words = checked_reason(reason)
    candidacy = _locked(ctx, Candidacy.competition_id == competition.id, Candidacy.application_code == application_code)
    if not can_decide(ctx, competition, candidacy):
        raise ConflictError("adjustments_too_late")
    waiting = find_newest_adjustment_request(ctx.session, candidacy.id)
    if waiting is not None and waiting.state is RequestState.ASKED:
        waiting.state = ROOM_REQUEST.after(waiting.state, RequestEvent.WITHDRAWN)
        waiting.decided_at = ctx.now
        ctx.session.flush()
    request = AdjustmentRequest(
        candidacy_id=candidacy.id,
        wanted=adjustments_data(wanted),
        reason=words,
        asked_at=ctx.now,
        asked_by_id=ctx.actor.account_id,
    )
    ctx.session.add(request)
    ctx.session.flush()
    payload = {**request.wanted, "reason": words}
    record(ctx, competition, Event.ADJUSTMENTS_ASKED, f"application/{candidacy.id}", payload)
    return request


def decide_adjustments(
    ctx: ServiceContext, competition: Competition, request_id: int, *, approve: bool, reason: str
) -> AdjustmentRequest:
    """Approve what is asked for a candidate or refuse it, with a reason, as another person than the one who asked.

    What is approved replaces what was approved before; the room applies it without being asked.

    Raises:
        ConflictError: `event_not_open` when it was decided before; `adjustments_too_late` to approve it now.
        InvalidError: `reason_missing`, with the `field`.
        NotAllowedError: `role_needed`, `second_person_needed`.
        NotFoundError: `request_not_found`.
    """
    ctx.require(Role.CHAIR, Role.COUNCIL_MEMBER, competition_id=competition.id)
    words = checked_reason(reason)
    request = get_adjustment_request(ctx.session, competition.id, request_id)
    if request.asked_by_id == ctx.actor.account_id:
        raise NotAllowedError("second_person_needed")
    candidacy = _locked(ctx, Candidacy.id == request.candidacy_id)
    # Another one may have decided while the row was waited for.
    ctx.session.refresh(request)
    after = ROOM_REQUEST.after(request.state, RequestEvent.APPROVED if approve else RequestEvent.REFUSED)
    if approve and not can_decide(ctx, competition, candidacy):
        raise ConflictError("adjustments_too_late")
    request.state = after
    request.decided_at, request.decided_by_id, request.decision_reason = ctx.now, ctx.actor.account_id, words
    if approve:
        approved = {**request.wanted, "reason": request.reason, "decided_by_id": ctx.actor.account_id}
        candidacy.adjustments = approved if request.wanted else {}
    ctx.session.flush()
    payload = {**request.wanted, "state": after.value, "reason": words}
    record(ctx, competition, Event.ADJUSTMENTS_DECIDED, f"application/{candidacy.id}", payload)
    return request


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


def _locked(ctx: ServiceContext, *conditions: ColumnElement[bool]) -> Candidacy:
    candidacy = ctx.session.scalars(
        select(Candidacy).where(*conditions).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if candidacy is None:
        raise NotFoundError("candidacy_not_found")
    return candidacy
