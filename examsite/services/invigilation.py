"""What an invigilator does in the room: who is here, seats, time, hand-ins, and the signatures after the close.

Nothing here shows or changes an answer.
"""

from __future__ import annotations

from sqlalchemy import select

from examsite.domain.attempts import ATTEMPT, AttemptEvent, AttemptState
from examsite.domain.canonical import canonical_bytes, instant_text, sha256_hex
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.events import Event
from examsite.domain.reasons import checked_reason
from examsite.domain.scores import score_text
from examsite.domain.sittings import (
    SittingState,
    check_extension,
    is_let_in,
    seat_codes,
)
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.services.rooms import PART, add_time, check_given_alone, lock_seat, require_watcher, subject_of
from examsite.services.rulesets import ruleset_of
from examsite.services.submissions import close_attempt
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Upload
from examsite.storage.models.rooms import HandoverNote
from examsite.storage.models.sittings import Attempt, Extension, Sitting
from examsite.storage.queries.code_maps import find_closed_map
from examsite.storage.queries.rooms import ObjectiveResult, list_objective_results
from examsite.storage.queries.sittings import find_first_watcher, list_attempts


def check_in(
    ctx: ServiceContext,
    competition: Competition,
    sitting: Sitting,
    *,
    seat: str,
    photo: Upload | None = None,
    came_late: bool = False,
) -> Attempt:
    """Say that the person at this seat is the candidate of the list; saying it twice adds at most a photo.

    `came_late`: whoever watches says that this person came after the start. A late look at the papers makes nobody
    late.

    Raises:
        ConflictError: `late_arrival_refused`, `sitting_over`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
        NotFoundError: `seat_not_found`.
    """
    require_watcher(ctx, competition, sitting)
    attempt = lock_seat(ctx, sitting, seat)
    if attempt.checked_in_at is not None:
        if photo is None or attempt.photo_id is not None:
            return attempt
        attempt.photo_id = photo.id
        payload = {"number": attempt.candidacy.candidate_number, "seat": seat, "photo_sha256": photo.sha256}
        record(ctx, competition, Event.CANDIDATE_CHECKED_IN, subject_of(sitting), payload)
        return attempt
    if sitting.state is SittingState.CLOSED or attempt.state is AttemptState.ABSENT:
        raise ConflictError("sitting_over")
    late_minutes = ruleset_of(competition).late_minutes
    # Who has opened the test came then, however late somebody looks at the papers.
    came_at = attempt.opened_at or ctx.now
    if not is_let_in(came_at, sitting.started_at or max(sitting.starts_at, ctx.now), late_minutes):
        raise ConflictError("late_arrival_refused", minutes=late_minutes)
    attempt.checked_in_at = ctx.now
    attempt.checked_in_by_id = ctx.actor.account_id
    payload = {"number": attempt.candidacy.candidate_number, "seat": seat}
    if came_late and sitting.started_at is not None and ctx.now > sitting.started_at:
        attempt.arrived_late_at = min(came_at, ctx.now)
        payload["arrived_late_at"] = instant_text(attempt.arrived_late_at)
    if photo is not None:
        attempt.photo_id = photo.id
        payload["photo_sha256"] = photo.sha256
    record(ctx, competition, Event.CANDIDATE_CHECKED_IN, subject_of(sitting), payload)
    return attempt


def withdraw_lateness(
    ctx: ServiceContext, competition: Competition, sitting: Sitting, *, seat: str, reason: str
) -> None:
    """Take back the word that somebody came after the start, given by mistake; the minutes tell both.

    By whoever gave it or by the first invigilator of the room, who leads the others; until the sitting is closed.

    Raises:
        ConflictError: `sitting_over`; `not_recorded_late` when there is nothing to take back.
        InvalidError: `reason_missing`.
        NotAllowedError: `role_needed`, `not_in_this_room`; `lateness_of_other` for anybody else who watches.
        NotFoundError: `seat_not_found`.
    """
    actor = require_watcher(ctx, competition, sitting)
    words = checked_reason(reason)
    attempt = lock_seat(ctx, sitting, seat)
    if sitting.state is SittingState.CLOSED:
        raise ConflictError("sitting_over")
    if attempt.arrived_late_at is None:
        raise ConflictError("not_recorded_late", seat=seat)
    if attempt.checked_in_by_id != actor.account_id and find_first_watcher(ctx.session, sitting.id) != actor.account_id:
        raise NotAllowedError("lateness_of_other")
    payload = {
        "number": attempt.candidacy.candidate_number,
        "seat": seat,
        "arrived_late_at": instant_text(attempt.arrived_late_at),
        "reason": words,
    }
    attempt.arrived_late_at = None
    record(ctx, competition, Event.LATENESS_WITHDRAWN, subject_of(sitting), payload)


def note_absence(ctx: ServiceContext, competition: Competition, sitting: Sitting, *, seat: str) -> None:
    """Say that nobody has come to this seat, once nobody is let in any more.

    Raises:
        ConflictError: `sitting_not_running`, `candidate_is_here`, `absence_too_early` with the minutes of the rule;
            `attempt_not_open`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
        NotFoundError: `seat_not_found`.
    """
    require_watcher(ctx, competition, sitting)
    attempt = lock_seat(ctx, sitting, seat)
    if sitting.state is not SittingState.STARTED or sitting.started_at is None:
        raise ConflictError("sitting_not_running")
    if not ATTEMPT.is_open(attempt.state, AttemptEvent.FOUND_ABSENT):
        raise ConflictError("attempt_not_open")
    if attempt.checked_in_at is not None or attempt.opened_at is not None:
        raise ConflictError("candidate_is_here", seat=seat)
    late_minutes = ruleset_of(competition).late_minutes
    if is_let_in(ctx.now, sitting.started_at, late_minutes):
        raise ConflictError("absence_too_early", minutes=late_minutes)
    attempt.state = ATTEMPT.after(attempt.state, AttemptEvent.FOUND_ABSENT)
    payload = {"number": attempt.candidacy.candidate_number, "seat": seat}
    record(ctx, competition, Event.CANDIDATE_ABSENT, subject_of(sitting), payload)


def extend_time(
    ctx: ServiceContext, competition: Competition, sitting: Sitting, *, seat: str, minutes: int, reason: str
) -> Extension:
    """Give time to one candidate, with a reason and a name; time is only ever added.

    Units: minutes.

    Raises:
        ConflictError: `extension_not_open`: the candidate's attempt has ended; `room_time_takes_two`.
        InvalidError: `extension_out_of_range`, `reason_missing`, with the `field`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
        NotFoundError: `seat_not_found`.
    """
    require_watcher(ctx, competition, sitting)
    seconds = check_extension(minutes)
    words = checked_reason(reason)
    attempt = lock_seat(ctx, sitting, seat)
    if attempt.state not in (AttemptState.SEATED, AttemptState.OPEN):
        raise ConflictError("extension_not_open")
    check_given_alone(ctx, sitting, attempt)
    extension = add_time(ctx, sitting, attempt, seconds=seconds, reason=words)
    payload = {"number": attempt.candidacy.candidate_number, "seconds": seconds, "reason": words}
    record(ctx, competition, Event.TIME_EXTENDED, subject_of(sitting), payload)
    return extension


def free_attempt(ctx: ServiceContext, competition: Competition, sitting: Sitting, *, seat: str, reason: str) -> None:
    """Fence the machine at this seat, so that the candidate goes on at another one from the last word kept.

    Raises:
        ConflictError: `attempt_not_open`.
        InvalidError: `reason_missing`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
        NotFoundError: `seat_not_found`.
    """
    require_watcher(ctx, competition, sitting)
    words = checked_reason(reason)
    attempt = lock_seat(ctx, sitting, seat)
    if attempt.state is not AttemptState.OPEN:
        raise ConflictError("attempt_not_open")
    attempt.epoch += 1
    payload = {
        "number": attempt.candidacy.candidate_number,
        "seat": seat,
        "epoch": attempt.epoch,
        "reason": words,
    }
    record(ctx, competition, Event.ATTEMPT_FREED, subject_of(sitting), payload)


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
    require_watcher(ctx, competition, sitting)
    words = checked_reason(reason)
    if to not in seat_codes(sitting.seat_rows, sitting.seat_columns):
        raise InvalidError("seat_not_in_room", field="to", seat=to)
    taken = select(Attempt.id).where(Attempt.sitting_id == sitting.id, Attempt.seat == to)
    if ctx.session.scalars(taken).first() is not None:
        raise ConflictError("seat_taken", seat=to)
    attempt = lock_seat(ctx, sitting, seat)
    if attempt.state not in (AttemptState.SEATED, AttemptState.OPEN):
        raise ConflictError("attempt_not_open")
    attempt.seat = to
    attempt.epoch += 1
    payload = {"number": attempt.candidacy.candidate_number, "from": seat, "to": to, "reason": words}
    record(ctx, competition, Event.SEAT_CHANGED, subject_of(sitting), payload)
    return attempt


def force_hand_in(ctx: ServiceContext, competition: Competition, sitting: Sitting, *, seat: str, reason: str) -> None:
    """End the attempt at a seat now, with what the server holds; the reason goes on record. There is no way back.

    Raises:
        ConflictError: `attempt_not_open`, also for somebody who never came.
        InvalidError: `reason_missing`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
        NotFoundError: `seat_not_found`.
    """
    require_watcher(ctx, competition, sitting)
    words = checked_reason(reason)
    attempt = lock_seat(ctx, sitting, seat)
    if attempt.state is not AttemptState.OPEN or (attempt.checked_in_at is None and attempt.opened_at is None):
        raise ConflictError("attempt_not_open")
    payload = {"number": attempt.candidacy.candidate_number, "seat": seat, "reason": words}
    record(ctx, competition, Event.ATTEMPT_ENDED, subject_of(sitting), payload)
    close_attempt(ctx, competition, sitting, attempt)


def sign_attendance(ctx: ServiceContext, competition: Competition, sitting: Sitting) -> list[str]:
    """Sign who was absent, after the close; gives back the public codes of the absent.

    Raises:
        ConflictError: `sitting_not_closed_yet`, `attendance_signed_already`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
    """
    require_watcher(ctx, competition, sitting)
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
    record(ctx, competition, Event.ATTENDANCE_RECORDED, subject_of(sitting), {"part": PART, "absent": absent})
    return absent


def hand_over_room(
    ctx: ServiceContext, competition: Competition, sitting: Sitting, *, handed_to: str, text: str
) -> HandoverNote:
    """Write down the handover of the room, or of its material at the end: to whom, and in which order everything is.

    Raises:
        InvalidError: `handover_missing`, with the `field`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
    """
    require_watcher(ctx, competition, sitting)
    for field, words in (("handed_to", handed_to), ("text", text)):
        if not words.strip():
            raise InvalidError("handover_missing", field=field)
    note = HandoverNote(
        sitting_id=sitting.id,
        text=text.strip(),
        handed_to=handed_to.strip(),
        written_at=ctx.now,
        written_by_id=ctx.actor.account_id,
    )
    ctx.session.add(note)
    ctx.session.flush()
    payload = {"handed_to": note.handed_to, "text": note.text}
    record(ctx, competition, Event.ROOM_HANDED_OVER, subject_of(sitting), payload)
    return note


def sign_objective_results(ctx: ServiceContext, competition: Competition, sitting: Sitting) -> list[ObjectiveResult]:
    """Sign the list of results of the objective part, after the close; the record holds the hash of the list.

    Raises:
        ConflictError: `results_not_at_once` where the rule set opens these points only with the written score,
            `sitting_not_closed_yet`, `results_signed_already`, `answers_closed` between the cut of the scripts and the
            opening of the codes.
        NotAllowedError: `role_needed`, `not_in_this_room`.

    Source: TT 22/2025, computer tests: the results of a sitting are printed and signed in the room.
    """
    require_watcher(ctx, competition, sitting)
    if not ruleset_of(competition).show_objective_score_at_once:
        raise ConflictError("results_not_at_once")
    if sitting.state is not SittingState.CLOSED:
        raise ConflictError("sitting_not_closed_yet")
    if sitting.results_signed_at is not None:
        raise ConflictError("results_signed_already")
    if find_closed_map(ctx.session, competition.id) is not None:
        raise ConflictError("answers_closed")
    results = list_objective_results(ctx.session, sitting.id)
    listed = [
        {"number": row.number, "state": row.state.value, "total": None if row.total is None else score_text(row.total)}
        for row in results
    ]
    sitting.results_signed_at = ctx.now
    payload = {"part": PART, "candidates": len(listed), "list_sha256": sha256_hex(canonical_bytes(listed))}
    record(ctx, competition, Event.RESULTS_SIGNED, subject_of(sitting), payload)
    return results
