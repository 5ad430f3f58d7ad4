"""Where an attempt stands, as every answer to its page says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from examsite.domain.attempts import AttemptState, deadline_of, remaining
from examsite.storage.queries.attempts import AttemptClock


@dataclass(frozen=True, slots=True)
class AttemptView:
    """State, epoch and time of an attempt at an instant."""

    state: AttemptState
    epoch: int
    deadline_at: datetime | None
    remaining_seconds: float
    server_time: datetime
    given_back_seconds: int
    paused: bool
    #: Number of the newest message of the room for this seat.
    message: int | None


def view_of(clock: AttemptClock, now: datetime) -> AttemptView:
    """The view at an instant of what was read before."""
    deadline_at = deadline_of_clock(clock)
    left = 0.0 if deadline_at is None else remaining(now, deadline_at, clock.paused_at).total_seconds()
    return AttemptView(
        state=clock.state,
        epoch=clock.epoch,
        deadline_at=deadline_at,
        remaining_seconds=round(left, 3),
        server_time=now,
        given_back_seconds=clock.added_seconds,
        paused=clock.paused_at is not None,
        message=clock.newest_message_id,
    )


def deadline_of_clock(clock: AttemptClock) -> datetime | None:
    """The end of the attempt; None before its sitting has started."""
    if clock.started_at is None:
        return None
    return deadline_of(clock.started_at, clock.duration_minutes, clock.added_seconds)
