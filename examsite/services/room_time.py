"""Time in the room: clocks that stand still, lost time that a person gives back or refuses.

What is added is added once, in the transaction in which its row is written: an extension, or a pause that ended.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from examsite.domain.attempts import AttemptState, pause_seconds
from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.events import Event
from examsite.domain.lost_times import seconds_lost, until_decided
from examsite.domain.reasons import checked_reason
from examsite.domain.rooms import LOST_TIME, LostTimeEvent
from examsite.domain.sittings import MAX_EXTENSION_MINUTES
from examsite.services.context import ServiceContext
from examsite.services.lost_times import Stretch, pauses_of, propose, stretch_of
from examsite.services.records import record
from examsite.services.rooms import (
    add_time,
    check_given_alone,
    deadline_at_of,
    lengthen,
    lock_open_attempts,
    lock_seat,
    lock_seat_of,
    require_watcher,
    subject_of,
)
from examsite.storage.models.competitions import Competition
from examsite.storage.models.rooms import LostTime, Pause
from examsite.storage.models.sittings import Attempt, Sitting
from examsite.storage.queries.rooms import get_lost_time, is_measured, list_undecided


def pause_attempt(ctx: ServiceContext, competition: Competition, sitting: Sitting, *, seat: str, reason: str) -> Pause:
    """Let the clock of one attempt stand still; what is sent meanwhile counts, and nobody closes it.

    Raises:
        ConflictError: `attempt_not_open`, `attempt_paused_already`.
        InvalidError: `reason_missing`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
        NotFoundError: `seat_not_found`.
    """
    require_watcher(ctx, competition, sitting)
    words = checked_reason(reason)
    attempt = lock_seat(ctx, sitting, seat)
    if attempt.state is not AttemptState.OPEN:
        raise ConflictError("attempt_not_open")
    if attempt.paused_at is not None:
        raise ConflictError("attempt_paused_already", seat=seat)
    pause = _pause(ctx, attempt, words)
    payload = {"numbers": [attempt.candidacy.candidate_number], "reason": words}
    record(ctx, competition, Event.TIME_PAUSED, subject_of(sitting), payload)
    return pause


def resume_attempt(
    ctx: ServiceContext, competition: Competition, sitting: Sitting, *, seat: str, reason: str = ""
) -> int:
    """Let the clock of one attempt run on; the seconds for which it stood are added to its end and given back here.

    Units: seconds.

    Raises:
        ConflictError: `attempt_not_paused`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
        NotFoundError: `seat_not_found`.
    """
    require_watcher(ctx, competition, sitting)
    attempt = lock_seat(ctx, sitting, seat)
    if attempt.paused_at is None or attempt.state is not AttemptState.OPEN:
        raise ConflictError("attempt_not_paused", seat=seat)
    seconds = _resume(ctx, sitting, attempt)
    payload = {"added": {str(attempt.candidacy.candidate_number): seconds}, "reason": reason.strip()}
    record(ctx, competition, Event.TIME_RESUMED, subject_of(sitting), payload)
    return seconds


def pause_room(ctx: ServiceContext, competition: Competition, sitting: Sitting, *, reason: str) -> int:
    """Let the clocks of all who write stand still at one instant; how many that were.

    One person is enough, because a fire does not wait for a second one and nobody loses a second by it. Who it was and
    why stands on the board of everyone who watches the room, and any of them lets the clocks run on.

    Raises:
        ConflictError: `nobody_to_pause`.
        InvalidError: `reason_missing`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
    """
    require_watcher(ctx, competition, sitting)
    words = checked_reason(reason)
    running = [attempt for attempt in lock_open_attempts(ctx, sitting) if attempt.paused_at is None]
    if not running:
        raise ConflictError("nobody_to_pause")
    for attempt in running:
        _pause(ctx, attempt, words, for_room=True)
    numbers = [attempt.candidacy.candidate_number for attempt in running]
    payload = {"numbers": numbers, "reason": words, "for_room": True}
    record(ctx, competition, Event.TIME_PAUSED, subject_of(sitting), payload)
    return len(running)


def resume_room(ctx: ServiceContext, competition: Competition, sitting: Sitting, *, reason: str = "") -> int:
    """Let all clocks that stand in the room run on, each with what it stood for; how many that were.

    Raises:
        ConflictError: `nobody_to_resume`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
    """
    require_watcher(ctx, competition, sitting)
    standing = [attempt for attempt in lock_open_attempts(ctx, sitting) if attempt.paused_at is not None]
    if not standing:
        raise ConflictError("nobody_to_resume")
    added = {str(attempt.candidacy.candidate_number): _resume(ctx, sitting, attempt) for attempt in standing}
    payload = {"added": added, "reason": reason.strip(), "for_room": True}
    record(ctx, competition, Event.TIME_RESUMED, subject_of(sitting), payload)
    return len(standing)


def name_lost_time(
    ctx: ServiceContext,
    competition: Competition,
    sitting: Sitting,
    *,
    seat: str,
    began_at: datetime,
    ended_at: datetime,
    cause: str,
) -> LostTime:
    """Put time that no machine noticed on the list of lost time; it is given back only when it is decided.

    Raises:
        ConflictError: `attempt_not_open`, `lost_time_known` when nothing of it is left to be proposed.
        InvalidError: `lost_time_not_in_sitting`, `reason_missing`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
        NotFoundError: `seat_not_found`.
    """
    require_watcher(ctx, competition, sitting)
    words = checked_reason(cause)
    attempt = lock_seat(ctx, sitting, seat)
    if attempt.state is not AttemptState.OPEN or sitting.started_at is None:
        raise ConflictError("attempt_not_open")
    if not sitting.started_at <= began_at < ended_at <= ctx.now:
        raise InvalidError("lost_time_not_in_sitting", field="began_at")
    found = propose(ctx.session, attempt.id, Stretch(began_at, ended_at), cause=words)
    if found is None:
        raise ConflictError("lost_time_known")
    payload = {"number": attempt.candidacy.candidate_number, "seconds": found.seconds, "cause": words}
    record(ctx, competition, Event.TIME_NAMED, subject_of(sitting), payload)
    return found


def decide_lost_time(
    ctx: ServiceContext,
    competition: Competition,
    sitting: Sitting,
    *,
    lost_time_id: int,
    seconds: int | None,
    reason: str = "",
) -> LostTime:
    """Give lost time back, all of it or another figure, or refuse it (None); decided once.

    A reason is needed for everything but the figure that was proposed.

    Units: seconds.

    Raises:
        ConflictError: `event_not_open` when it was decided before; `extension_not_open`; `room_time_takes_two` where
            the figure is the person's own.
        InvalidError: `extension_out_of_range`, `reason_missing`, with the `field`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
        NotFoundError: `lost_time_not_found`.
    """
    require_watcher(ctx, competition, sitting)
    lost, attempt = _locked_loss(ctx, sitting, lost_time_id)
    proposed = figure_of(ctx, sitting, attempt, lost)
    is_as_proposed = seconds is not None and lost.seconds <= seconds <= proposed
    words = reason.strip() if is_as_proposed else checked_reason(reason)
    _decide(ctx, sitting, attempt, lost, seconds=seconds, proposed=proposed, reason=words)
    payload = {
        "decisions": [_decision(attempt, lost, proposed)],
        "reason": words,
    }
    record(ctx, competition, Event.TIME_DECIDED, subject_of(sitting), payload)
    return lost


def give_lost_time(ctx: ServiceContext, competition: Competition, sitting: Sitting, *, lost_time_id: int) -> LostTime:
    """Give back all of a loss as it stands at this instant, also where it still grows.

    Raises:
        As `decide_lost_time`.
    """
    require_watcher(ctx, competition, sitting)
    lost, attempt = _locked_loss(ctx, sitting, lost_time_id)
    seconds = figure_of(ctx, sitting, attempt, lost)
    return decide_lost_time(ctx, competition, sitting, lost_time_id=lost_time_id, seconds=seconds, reason=lost.cause)


def give_all_lost_times(ctx: ServiceContext, competition: Competition, sitting: Sitting, *, reason: str) -> int:
    """Give back everything that is proposed for those who write in a room, each what was measured; how many.

    Nobody can give a room more than was measured here: for any other figure two people are needed.

    Raises:
        ConflictError: `lost_time_none`.
        InvalidError: `reason_missing`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
    """
    require_watcher(ctx, competition, sitting)
    words = checked_reason(reason)
    attempts = {attempt.id: attempt for attempt in lock_open_attempts(ctx, sitting)}
    decisions = []
    for lost in list_undecided(ctx.session, sitting.id):
        attempt = attempts.get(lost.attempt_id)
        # What a person named was measured by nobody: it is decided seat by seat.
        if attempt is None or not is_measured(lost):
            continue
        proposed = figure_of(ctx, sitting, attempt, lost)
        _decide(ctx, sitting, attempt, lost, seconds=proposed, proposed=proposed, reason=words)
        decisions.append(_decision(attempt, lost, proposed))
    if not decisions:
        raise ConflictError("lost_time_none")
    record(ctx, competition, Event.TIME_DECIDED, subject_of(sitting), {"decisions": decisions, "reason": words})
    return len(decisions)


def figure_of(ctx: ServiceContext, sitting: Sitting, attempt: Attempt, lost: LostTime) -> int:
    """What giving a loss back takes at this instant: as it was found, and more where it still grows.

    Units: seconds.
    """
    found = stretch_of(lost)
    whole = until_decided(found, now=ctx.now, deadline_at=deadline_at_of(sitting, attempt))
    if whole == found:
        return lost.seconds
    grown = Stretch(found.ended_at, whole.ended_at)
    return lost.seconds + seconds_lost(grown, pauses_of(ctx.session, attempt.id, until=ctx.now))


def _decide(
    ctx: ServiceContext,
    sitting: Sitting,
    attempt: Attempt,
    lost: LostTime,
    *,
    seconds: int | None,
    proposed: int,
    reason: str,
) -> None:
    event = LostTimeEvent.REFUSED if seconds is None else LostTimeEvent.GIVEN
    after = LOST_TIME.after(lost.state, event)
    lost.ended_at = until_decided(stretch_of(lost), now=ctx.now, deadline_at=deadline_at_of(sitting, attempt)).ended_at
    if seconds is not None:
        # What was measured may be given whatever its length; the bound is for what people type.
        if not 1 <= seconds <= max(MAX_EXTENSION_MINUTES * 60, proposed):
            raise InvalidError("extension_out_of_range", field="seconds", most=MAX_EXTENSION_MINUTES)
        if attempt.state is not AttemptState.OPEN:
            raise ConflictError("extension_not_open")
        if not is_measured(lost) or seconds > proposed:
            check_given_alone(ctx, sitting, attempt)
        extension = add_time(ctx, sitting, attempt, seconds=seconds, reason=reason or lost.cause)
        lost.extension_id = extension.id
        lost.given_seconds = seconds
    lost.state = after
    lost.seconds = proposed
    lost.reason = reason
    lost.decided_at, lost.decided_by_id = ctx.now, ctx.actor.account_id
    ctx.session.flush()


def _decision(attempt: Attempt, lost: LostTime, proposed: int) -> dict[str, object]:
    return {
        "number": attempt.candidacy.candidate_number,
        "proposed_seconds": proposed,
        "given_seconds": lost.given_seconds,
    }


def _locked_loss(ctx: ServiceContext, sitting: Sitting, lost_time_id: int) -> tuple[LostTime, Attempt]:
    lost = get_lost_time(ctx.session, sitting.id, lost_time_id)
    attempt = lock_seat_of(ctx, sitting, lost.attempt_id)
    ctx.session.refresh(lost)
    return lost, attempt


def _pause(ctx: ServiceContext, attempt: Attempt, reason: str, *, for_room: bool = False) -> Pause:
    pause = Pause(
        attempt_id=attempt.id,
        began_at=ctx.now,
        reason=reason,
        began_by_id=ctx.actor.account_id,
        for_room=for_room,
    )
    ctx.session.add(pause)
    attempt.paused_at = ctx.now
    ctx.session.flush()
    return pause


def _resume(ctx: ServiceContext, sitting: Sitting, attempt: Attempt) -> int:
    pause = ctx.session.scalars(select(Pause).where(Pause.attempt_id == attempt.id, Pause.ended_at.is_(None))).one()
    pause.ended_at = max(ctx.now, pause.began_at)
    pause.ended_by_id = ctx.actor.account_id
    attempt.paused_at = None
    seconds = pause_seconds(pause.began_at, pause.ended_at)
    lengthen(ctx, sitting, attempt, seconds=seconds)
    return seconds
