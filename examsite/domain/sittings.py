"""States of a sitting and of an incident in it."""

from __future__ import annotations

from enum import StrEnum

from examsite.domain.state_machine import StateMachine


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
