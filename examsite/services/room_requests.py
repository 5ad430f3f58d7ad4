"""Acts in a room that take two people: one asks with a reason, another one decides, and only then anything happens."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import select

from examsite.domain.attempts import AttemptState
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.reasons import checked_reason
from examsite.domain.rooms import (
    REQUEST_ASKERS,
    REQUEST_DECIDERS,
    ROOM_REQUEST,
    RequestEvent,
    RequestKind,
)
from examsite.domain.sittings import SittingState, check_extension
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.services.rehearsals import identity_of
from examsite.services.rooms import (
    add_time,
    items_of_paper,
    lock_open_attempts,
    lock_seat,
    lock_seat_of,
    require_watcher,
    subject_of,
)
from examsite.services.submissions import amend_answers
from examsite.storage.models.competitions import Competition
from examsite.storage.models.rooms import RoomRequest
from examsite.storage.models.sittings import AnswerVersion, Attempt, Sitting
from examsite.storage.queries.rooms import find_waiting_request, get_room_request


def ask_room_request(
    ctx: ServiceContext,
    competition: Competition,
    sitting: Sitting,
    *,
    kind: RequestKind,
    reason: str,
    seat: str | None = None,
    minutes: int | None = None,
) -> RoomRequest:
    """Ask for an act that takes two people; nothing happens before another person agrees.

    `minutes` belong to time for the room, `seat` to late answers.

    Raises:
        ConflictError: `request_waits_already`, `sitting_not_running`, `attempt_not_ended`, `late_answers_missing`,
            `late_answers_too_late`, `sitting_started`.
        InvalidError: `reason_missing`, `extension_out_of_range`, `seat_missing`, with the `field`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
        NotFoundError: `seat_not_found`.
    """
    _require_one_of(ctx, competition, sitting, REQUEST_ASKERS[kind])
    words = checked_reason(reason)
    attempt = lock_seat(ctx, sitting, seat) if seat is not None else None
    data: dict[str, Any] = {}
    if kind is RequestKind.EXTEND_ROOM:
        data = {"seconds": check_extension(minutes or 0)}
        if sitting.state is not SittingState.STARTED:
            raise ConflictError("sitting_not_running")
    elif kind is RequestKind.ACCEPT_LATE_ANSWERS:
        data = {"versions": _late_versions(ctx, competition, attempt)}
    elif sitting.state is not SittingState.SCHEDULED:
        raise ConflictError("sitting_started")
    attempt_id = attempt.id if attempt is not None and kind is RequestKind.ACCEPT_LATE_ANSWERS else None
    if find_waiting_request(ctx.session, sitting.id, kind, attempt_id) is not None:
        raise ConflictError("request_waits_already")
    request = RoomRequest(
        sitting_id=sitting.id,
        attempt_id=attempt_id,
        kind=kind,
        data=data,
        reason=words,
        asked_at=ctx.now,
        asked_by_id=ctx.actor.account_id,
    )
    ctx.session.add(request)
    ctx.session.flush()
    payload = {**_facts(request, attempt), "reason": words}
    record(ctx, competition, Event.REQUEST_ASKED, subject_of(sitting), payload)
    return request


def decide_room_request(
    ctx: ServiceContext, competition: Competition, request_id: int, *, approve: bool, reason: str = ""
) -> RoomRequest:
    """Agree to a request or refuse it, as another person than the one who asked; agreeing carries it out.

    A refusal needs a reason; time for a room that writes needs a second factor.

    Raises:
        ConflictError: `event_not_open` when it was decided before; `sitting_not_running`, `attempt_not_ended`,
            `late_answers_missing`, `late_answers_too_late`, `sitting_started` when it is too late to carry it out.
        InvalidError: `reason_missing`.
        NotAllowedError: `role_needed`, `not_in_this_room`, `second_person_needed`, `fresh_factor_needed`.
        NotFoundError: `request_not_found`.
    """
    request = get_room_request(ctx.session, competition.id, request_id)
    sitting = request.sitting
    _require_one_of(ctx, competition, sitting, REQUEST_DECIDERS[request.kind])
    if request.asked_by_id == ctx.actor.account_id:
        raise NotAllowedError("second_person_needed")
    if approve and request.kind is RequestKind.EXTEND_ROOM:
        ctx.require_fresh_factor()
    words = reason.strip() if approve else checked_reason(reason)
    after = ROOM_REQUEST.after(request.state, RequestEvent.APPROVED if approve else RequestEvent.REFUSED)
    attempt = lock_seat_of(ctx, sitting, request.attempt_id) if request.attempt_id is not None else None
    request.state = after
    request.decided_at, request.decided_by_id, request.decision_reason = ctx.now, ctx.actor.account_id, words
    ctx.session.flush()
    payload = {**_facts(request, attempt), "state": after.value, "reason": words}
    if not approve:
        record(ctx, competition, Event.REQUEST_DECIDED, subject_of(sitting), payload)
        return request
    if request.kind is RequestKind.EXTEND_ROOM:
        payload["numbers"] = _extend_room(ctx, sitting, request)
    elif request.kind is RequestKind.START_WITHOUT_REHEARSAL:
        if sitting.state is not SittingState.SCHEDULED:
            raise ConflictError("sitting_started")
        # It is this program with these settings that they let start, not what may run here later.
        request.data = {**request.data, **asdict(identity_of(ctx.settings))}
        payload |= request.data
    record(ctx, competition, Event.REQUEST_DECIDED, subject_of(sitting), payload)
    if request.kind is RequestKind.ACCEPT_LATE_ANSWERS:
        _accept_late(ctx, competition, sitting, attempt, request)
    return request


def withdraw_room_request(ctx: ServiceContext, competition: Competition, request_id: int) -> RoomRequest:
    """Take back a request that one has made oneself and that nobody has decided.

    Raises:
        ConflictError: `event_not_open`.
        NotAllowedError: `role_needed`, `request_not_yours`.
        NotFoundError: `request_not_found`.
    """
    request = get_room_request(ctx.session, competition.id, request_id)
    ctx.require(*REQUEST_ASKERS[request.kind], competition_id=competition.id)
    if request.asked_by_id != ctx.actor.account_id:
        raise NotAllowedError("request_not_yours")
    request.state = ROOM_REQUEST.after(request.state, RequestEvent.WITHDRAWN)
    request.decided_at = ctx.now
    ctx.session.flush()
    payload = {**_facts(request, None), "state": request.state.value, "reason": ""}
    record(ctx, competition, Event.REQUEST_DECIDED, subject_of(request.sitting), payload)
    return request


def _require_one_of(ctx: ServiceContext, competition: Competition, sitting: Sitting, roles: frozenset[Role]) -> None:
    actor = ctx.require(*sorted(roles), competition_id=competition.id)
    if actor.role is Role.INVIGILATOR:
        require_watcher(ctx, competition, sitting)


def _facts(request: RoomRequest, attempt: Attempt | None) -> dict[str, Any]:
    facts: dict[str, Any] = {"kind": request.kind.value}
    if "seconds" in request.data:
        facts["seconds"] = request.data["seconds"]
    if attempt is not None and request.attempt_id is not None:
        facts["number"] = attempt.candidacy.candidate_number
        facts["versions"] = len(request.data["versions"])
    return facts


def _extend_room(ctx: ServiceContext, sitting: Sitting, request: RoomRequest) -> list[str | None]:
    attempts = lock_open_attempts(ctx, sitting)
    if not attempts:
        raise ConflictError("sitting_not_running")
    for attempt in attempts:
        add_time(ctx, sitting, attempt, seconds=int(request.data["seconds"]), reason=request.reason)
    ctx.session.flush()
    return [attempt.candidacy.candidate_number for attempt in attempts]


def _late_versions(ctx: ServiceContext, competition: Competition, attempt: Attempt | None) -> list[int]:
    """The keys of the versions kept beside that may be asked for."""
    if competition.state is not CompetitionState.WRITTEN:
        raise ConflictError("late_answers_too_late")
    if attempt is None:
        raise InvalidError("seat_missing", field="seat")
    if attempt.state not in (AttemptState.HANDED_IN, AttemptState.CLOSED):
        raise ConflictError("attempt_not_ended")
    found = ctx.session.scalars(
        select(AnswerVersion.id)
        .where(
            AnswerVersion.attempt_id == attempt.id,
            AnswerVersion.set_aside,
            AnswerVersion.item.in_(items_of_paper(ctx, attempt)),
        )
        .order_by(AnswerVersion.id)
    ).all()
    if not found:
        raise ConflictError("late_answers_missing")
    return list(found)


def _accept_late(
    ctx: ServiceContext, competition: Competition, sitting: Sitting, attempt: Attempt | None, request: RoomRequest
) -> None:
    """What was asked for counts from now on, where nothing newer of the same item stands; scored and recorded anew."""
    allowed = set(_late_versions(ctx, competition, attempt))
    wanted = [number for number in request.data["versions"] if number in allowed]
    if attempt is None or not wanted:
        raise ConflictError("late_answers_missing")
    for version in ctx.session.scalars(select(AnswerVersion).where(AnswerVersion.id.in_(wanted))):
        version.set_aside = False
    ctx.session.flush()
    before = attempt.objective_total
    amend_answers(ctx, competition, sitting, attempt, reason=request.reason)
    if attempt.objective_total != before:
        # The list of results says something else now: it is signed anew.
        sitting.results_signed_at = None
    ctx.session.flush()
