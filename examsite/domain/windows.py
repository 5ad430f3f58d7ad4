"""When does the time end, and how much of it is left? Instants are aware; the caller's one clock says what `now` is."""

from __future__ import annotations

from datetime import datetime, timedelta

from examsite.domain.errors import InvalidError


def deadline(started_at: datetime, duration_minutes: int, added_seconds: int = 0) -> datetime:
    """The instant at which the time ends: start, duration, and every second added.

    Units: minutes for the duration, seconds for what was added.

    Raises:
        InvalidError: `instant_not_aware`, `duration_not_positive`, `extension_not_positive` (time is given, never
            taken away).
    """
    _check_aware(started_at)
    if duration_minutes <= 0:
        raise InvalidError("duration_not_positive", minutes=duration_minutes)
    if added_seconds < 0:
        raise InvalidError("extension_not_positive", seconds=added_seconds)
    return started_at + timedelta(minutes=duration_minutes, seconds=added_seconds)


def time_left(now: datetime, deadline_at: datetime) -> timedelta:
    """What remains until the deadline; nothing remains once it has come."""
    return max(deadline_at - now, timedelta(0))


def is_within_grace(received_at: datetime, deadline_at: datetime, grace_seconds: int) -> bool:
    """Whether what was received still counts: until deadline and grace, that instant included.

    Units: seconds.

    Source: our choice, because words written in time may still be on their way when the time ends; the figure is data
    of the rule set.
    """
    return received_at <= deadline_at + timedelta(seconds=grace_seconds)


def _check_aware(*instants: datetime) -> None:
    if any(instant.utcoffset() is None for instant in instants):
        raise InvalidError("instant_not_aware")
