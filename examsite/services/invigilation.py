"""What an invigilator does in the room, and what the council makes of the minutes.

Nothing here shows or changes an answer, and nothing punishes by itself: an incident is written down, the council
decides it, and the decision takes effect only when marks are merged.
"""

from __future__ import annotations

from sqlalchemy import select

from examsite.domain.attempts import AttemptState
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.scores import score_text
from examsite.domain.sittings import (
    INCIDENT,
    IncidentEvent,
    SittingState,
    check_extension,
    is_let_in,
    seat_codes,
)
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.services.rulesets import ruleset_of
from examsite.storage.models.competitions import Competition
from examsite.storage.models.sittings import Attempt, Extension, Incident, Sitting
from examsite.storage.queries.attempts import get_attempt
from examsite.storage.queries.sittings import get_incident, is_invigilator_of, list_attempts

#: The part of the competition that is written in a sitting.
PART = "written"


def check_in(ctx: ServiceContext, competition: Competition, sitting: Sitting, *, seat: str) -> Attempt:
    """Say that the person at this seat is the candidate of the list; saying it twice changes nothing.

    Raises:
        ConflictError: `late_arrival_refused`, `sitting_over`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
        NotFoundError: `seat_not_found`.
    """
    _require_watcher(ctx, competition, sitting)
    attempt = _locked_seat(ctx, sitting, seat)
    if attempt.checked_in_at is not None:
        return attempt
    if sitting.state is SittingState.CLOSED or attempt.state is AttemptState.ABSENT:
        raise ConflictError("sitting_over")
    late_minutes = ruleset_of(competition).late_minutes
    if not is_let_in(ctx.now, sitting.started_at or max(sitting.starts_at, ctx.now), late_minutes):
        raise ConflictError("late_arrival_refused", minutes=late_minutes)
    attempt.checked_in_at = ctx.now
    attempt.checked_in_by_id = ctx.actor.account_id
    payload = {"number": attempt.candidacy.candidate_number, "seat": seat}
    record(ctx, competition, Event.CANDIDATE_CHECKED_IN, _subject(sitting), payload)
    return attempt


def extend_time(
    ctx: ServiceContext, competition: Competition, sitting: Sitting, *, seat: str, minutes: int, reason: str
) -> Extension:
    """Give time to one candidate, with a reason and a name; time is only ever added.

    Units: minutes.

    Raises:
        ConflictError: `extension_not_open`: the candidate's attempt has ended.
        InvalidError: `extension_out_of_range`, `reason_missing`, with the `field`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
        NotFoundError: `seat_not_found`.
    """
    _require_watcher(ctx, competition, sitting)
    seconds = check_extension(minutes)
    if not reason.strip():
        raise InvalidError("reason_missing", field="reason")
    attempt = _locked_seat(ctx, sitting, seat)
    if attempt.state not in (AttemptState.SEATED, AttemptState.OPEN):
        raise ConflictError("extension_not_open")
    extension = Extension(
        attempt_id=attempt.id,
        seconds=seconds,
        reason=reason.strip(),
        granted_by_id=ctx.actor.account_id,
        granted_at=ctx.now,
    )
    ctx.session.add(extension)
    attempt.added_seconds += seconds
    ctx.session.flush()
    payload = {"number": attempt.candidacy.candidate_number, "seconds": seconds, "reason": reason.strip()}
    record(ctx, competition, Event.TIME_EXTENDED, _subject(sitting), payload)
    return extension


def free_attempt(ctx: ServiceContext, competition: Competition, sitting: Sitting, *, seat: str, reason: str) -> None:
    """Fence the machine at this seat, so that the candidate goes on at another one from the last word kept.

    Raises:
        ConflictError: `attempt_not_open`.
        InvalidError: `reason_missing`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
        NotFoundError: `seat_not_found`.
    """
    _require_watcher(ctx, competition, sitting)
    if not reason.strip():
        raise InvalidError("reason_missing", field="reason")
    attempt = _locked_seat(ctx, sitting, seat)
    if attempt.state is not AttemptState.OPEN:
        raise ConflictError("attempt_not_open")
    attempt.epoch += 1
    payload = {
        "number": attempt.candidacy.candidate_number,
        "seat": seat,
        "epoch": attempt.epoch,
        "reason": reason.strip(),
    }
    record(ctx, competition, Event.ATTEMPT_FREED, _subject(sitting), payload)


def move_seat(
    ctx: ServiceContext, competition: Competition, sitting: Sitting, *, seat: str, to: str, reason: str
) -> Attempt:
    """Move a candidate to a free seat; the machine left behind is fenced.

    Raises:
        ConflictError: `seat_taken`, `attempt_not_open`.
        InvalidError: `seat_not_in_room`, `reason_missing`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
        NotFoundError: `seat_not_found`.
    """
    _require_watcher(ctx, competition, sitting)
    if not reason.strip():
        raise InvalidError("reason_missing", field="reason")
    if to not in seat_codes(sitting.seat_rows, sitting.seat_columns):
        raise InvalidError("seat_not_in_room", field="to", seat=to)
    if to in {attempt.seat for attempt in list_attempts(ctx.session, sitting.id)}:
        raise ConflictError("seat_taken", seat=to)
    attempt = _locked_seat(ctx, sitting, seat)
    if attempt.state not in (AttemptState.SEATED, AttemptState.OPEN):
        raise ConflictError("attempt_not_open")
    attempt.seat = to
    attempt.epoch += 1
    payload = {"number": attempt.candidacy.candidate_number, "from": seat, "to": to, "reason": reason.strip()}
    record(ctx, competition, Event.SEAT_CHANGED, _subject(sitting), payload)
    return attempt


def record_incident(
    ctx: ServiceContext,
    competition: Competition,
    sitting: Sitting,
    *,
    seat: str | None,
    measure: str,
    minutes: str,
    witnesses: str = "",
) -> Incident:
    """Write down what happened; a measure is a proposal to the council and takes nothing from anyone by itself.

    Raises:
        InvalidError: `minutes_missing`, `measure_not_known`, `measure_without_candidate`, with the `field`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
        NotFoundError: `seat_not_found`.
    """
    _require_watcher(ctx, competition, sitting)
    if not minutes.strip():
        raise InvalidError("minutes_missing", field="minutes")
    if measure and measure not in {item.measure for item in ruleset_of(competition).measures}:
        raise InvalidError("measure_not_known", field="measure")
    if measure and not seat:
        raise InvalidError("measure_without_candidate", field="measure")
    attempt = get_attempt(ctx.session, sitting.id, seat) if seat else None
    incident = Incident(
        sitting_id=sitting.id,
        candidacy_id=attempt.candidacy_id if attempt else None,
        measure=measure,
        minutes=minutes.strip(),
        witnesses=witnesses.strip(),
        recorded_at=ctx.now,
        recorded_by_id=ctx.actor.account_id,
    )
    ctx.session.add(incident)
    ctx.session.flush()
    payload = {
        "number": attempt.candidacy.candidate_number if attempt else None,
        "measure": measure or None,
        "minutes": minutes.strip(),
        "witnesses": witnesses.strip(),
    }
    record(ctx, competition, Event.INCIDENT_RECORDED, _subject(sitting), payload)
    return incident


def decide_incident(ctx: ServiceContext, competition: Competition, incident: Incident, *, measure: str | None) -> None:
    """Decide an incident: a measure of the rule set, or None for no measure. It is applied when marks are merged.

    Raises:
        ConflictError: `incident_too_late` once codes are sealed; `event_not_open` when it was decided before.
        InvalidError: `measure_without_candidate`.
        NotAllowedError: `role_needed`.
        NotFoundError: `measure_not_found`.
    """
    ctx.require(Role.CHAIR, competition_id=competition.id)
    if competition.state is not CompetitionState.WRITTEN:
        raise ConflictError("incident_too_late")
    ctx.session.execute(select(Incident.id).where(Incident.id == incident.id).with_for_update())
    incident = get_incident(ctx.session, competition.id, incident.id)
    subject = _subject(incident.sitting)
    if measure is None:
        incident.state = INCIDENT.after(incident.state, IncidentEvent.DISMISSED)
        incident.decided_at, incident.decided_by_id = ctx.now, ctx.actor.account_id
        number = incident.candidacy.candidate_number if incident.candidacy else None
        incident.record_seq = record(ctx, competition, Event.INCIDENT_DISMISSED, subject, {"number": number})
        return
    if incident.candidacy is None:
        raise InvalidError("measure_without_candidate", field="measure")
    known = ruleset_of(competition).measure_named(measure)
    incident.state = INCIDENT.after(incident.state, IncidentEvent.DECIDED)
    incident.measure, incident.percent, incident.void = known.measure, known.percent, known.void
    incident.decided_at, incident.decided_by_id = ctx.now, ctx.actor.account_id
    payload = {
        "candidate": incident.candidacy.public_code,
        "part": PART,
        "measure": known.measure,
        "percent": None if known.percent is None else score_text(known.percent),
        "void": known.void,
    }
    incident.record_seq = record(ctx, competition, Event.INCIDENT_DECIDED, subject, payload)


def sign_attendance(ctx: ServiceContext, competition: Competition, sitting: Sitting) -> list[str]:
    """Sign who was absent, after the close; gives back the public codes of the absent.

    Raises:
        ConflictError: `sitting_not_closed_yet`, `attendance_signed_already`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
    """
    _require_watcher(ctx, competition, sitting)
    if sitting.state is not SittingState.CLOSED:
        raise ConflictError("sitting_not_closed_yet")
    if sitting.attendance_signed_at is not None:
        raise ConflictError("attendance_signed_already")
    absent = sorted(
        str(attempt.candidacy.public_code)
        for attempt in list_attempts(ctx.session, sitting.id)
        if attempt.state is AttemptState.ABSENT
    )
    sitting.attendance_signed_at = ctx.now
    record(ctx, competition, Event.ATTENDANCE_RECORDED, _subject(sitting), {"part": PART, "absent": absent})
    return absent


def _subject(sitting: Sitting) -> str:
    return f"sitting/{sitting.code}"


def _require_watcher(ctx: ServiceContext, competition: Competition, sitting: Sitting) -> None:
    actor = ctx.require(Role.INVIGILATOR, competition_id=competition.id)
    if not is_invigilator_of(ctx.session, sitting.id, actor.assignment_id):
        raise NotAllowedError("not_in_this_room")


def _locked_seat(ctx: ServiceContext, sitting: Sitting, seat: str) -> Attempt:
    ctx.session.execute(
        select(Attempt.id).where(Attempt.sitting_id == sitting.id, Attempt.seat == seat).with_for_update()
    )
    return get_attempt(ctx.session, sitting.id, seat)
