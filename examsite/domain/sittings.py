"""Rooms, seats and hours: how a sitting is planned, who sits where, who still comes in, what an incident becomes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.state_machine import StateMachine

MAX_ROWS: Final = 26
"""Rows of a room. Source: our choice, because a row is named by one letter."""

MAX_COLUMNS: Final = 30
"""Seats in a row. Source: our choice, because no exam room is wider and a slip must not make ten thousand seats."""

MAX_EXTENSION_MINUTES: Final = 240
"""Most time given at once. Source: our choice, because more is a new sitting, and a slip must not go unseen."""

LATEST_PUNCTUAL_START_SECONDS: Final = 10
"""How late the server may begin a sitting and still count from the planned instant.

Source: our choice, because the server looks every few seconds; beyond that the candidates would pay for the delay."""


class SittingState(StrEnum):
    """A sitting is planned, runs, and is closed by the server."""

    SCHEDULED = "scheduled"
    STARTED = "started"
    CLOSED = "closed"


class SittingEvent(StrEnum):
    """What happens to a sitting."""

    STARTED = "started"
    CLOSED = "closed"


SITTING = StateMachine(
    name="sitting",
    initial=SittingState.SCHEDULED,
    table={
        (SittingState.SCHEDULED, SittingEvent.STARTED): SittingState.STARTED,
        (SittingState.STARTED, SittingEvent.CLOSED): SittingState.CLOSED,
    },
)


class IncidentState(StrEnum):
    """An incident is written down by the invigilator and decided by the council."""

    RECORDED = "recorded"
    DECIDED = "decided"
    DISMISSED = "dismissed"


class IncidentEvent(StrEnum):
    """What happens to an incident."""

    DECIDED = "decided"
    DISMISSED = "dismissed"


INCIDENT = StateMachine(
    name="incident",
    initial=IncidentState.RECORDED,
    table={
        (IncidentState.RECORDED, IncidentEvent.DECIDED): IncidentState.DECIDED,
        (IncidentState.RECORDED, IncidentEvent.DISMISSED): IncidentState.DISMISSED,
    },
)


def seat_codes(rows: int, columns: int) -> tuple[str, ...]:
    """The seats of a room in the order in which they are filled: row by row, A1, A2 and so on.

    Raises:
        InvalidError: `room_size_out_of_range`.
    """
    if not (1 <= rows <= MAX_ROWS and 1 <= columns <= MAX_COLUMNS):
        raise InvalidError("room_size_out_of_range", rows=MAX_ROWS, columns=MAX_COLUMNS)
    return tuple(f"{chr(ord('A') + row)}{column}" for row in range(rows) for column in range(1, columns + 1))


def seats_as_drawn(seats: Sequence[str], drawn: Sequence[str]) -> list[str]:
    """The seats in the order in which candidates take them: as drawn, then those that were no part of the draw.

    A drawn seat that is not used any more, because a room or the list changed since, is passed over.
    """
    used = set(seats)
    order = [seat for seat in drawn if seat in used]
    return [*order, *(seat for seat in seats if seat not in set(order))]


def spread_over(capacities: Sequence[int], people: int) -> list[int]:
    """How many people each room takes: as even a share of its seats as whole people allow, none over its size.

    Raises:
        ConflictError: `seats_too_few`, with how many there are and how many are needed.
    """
    seats = sum(capacities)
    if people > seats:
        raise ConflictError("seats_too_few", seats=seats, people=people)
    shares: list[int] = []
    filled = before = 0
    for capacity in capacities:
        before += capacity
        share = people * before // seats - filled if seats else 0
        shares.append(share)
        filled += share
    return shares


def started_at_of(starts_at: datetime, now: datetime, *, papers_opened_at: Sequence[datetime]) -> datetime:
    """The instant from which everyone's time runs: the planned one, or the real one where the start came late.

    It came late when a paper was opened after the planned instant or the server begins more than
    `LATEST_PUNCTUAL_START_SECONDS` after it: no candidate pays for that.
    """
    late = now - starts_at > timedelta(seconds=LATEST_PUNCTUAL_START_SECONDS)
    return now if late or any(opened_at > starts_at for opened_at in papers_opened_at) else starts_at


def is_let_in(now: datetime, starts_at: datetime, late_minutes: int) -> bool:
    """Whether someone who comes now may still sit down.

    Units: minutes.

    Source: TT 22/2025, examination rules (ten minutes for a test of an hour or more); the figure is data of the rule
    set.
    """
    return now <= starts_at + timedelta(minutes=late_minutes)


def check_extension(minutes: int) -> int:
    """The seconds of an extension given in minutes.

    Raises:
        InvalidError: `extension_out_of_range`.
    """
    if not 1 <= minutes <= MAX_EXTENSION_MINUTES:
        raise InvalidError("extension_out_of_range", field="minutes", most=MAX_EXTENSION_MINUTES)
    return minutes * 60


def most_given_alone(present: int) -> int:
    """To how many of those who are present in a room one person alone gives time of an own figure; one always.

    Source: our choice, because time for a whole room takes two people, and given seat by seat it is the same time.
    """
    return max(1, present // 2)
