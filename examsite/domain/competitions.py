"""The life of a competition: fifteen steps in one row with a gate between each two, none of which can be skipped.

Each event leads through one gate, is open to one role, and is recorded under one name in the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from examsite.domain.errors import InvalidError
from examsite.domain.permissions import Role
from examsite.domain.state_machine import StateMachine


class DelegationLevel(StrEnum):
    """Who manages a post; a body runs competitions only for posts of its own level.

    Source: the Hải Phòng pilot's four classes of posts.
    """

    CITY_COMMITTEE = "city_committee"
    CITY_GOVERNMENT = "city_government"
    DEPARTMENT = "department"
    DISTRICT = "district"


class CompetitionState(StrEnum):
    """Where a competition stands. The order of the members is the order of the gates."""

    DRAFT = "draft"
    ANNOUNCED = "announced"
    RECEIVING = "receiving"
    VETTING = "vetting"
    ROSTERED = "rostered"
    WRITTEN = "written"
    MARKING = "marking"
    MERGED = "merged"
    APPEALS = "appeals"
    PROPOSALS = "proposals"
    DEFENCE = "defence"
    RANKED = "ranked"
    APPROVED = "approved"
    PUBLISHED = "published"
    CLOSED = "closed"

    @property
    def number(self) -> int:
        """The step people count, from 1."""
        return list(CompetitionState).index(self) + 1

    def has_reached(self, other: CompetitionState) -> bool:
        """Whether this state is `other` or lies behind it."""
        return self.number >= other.number


class GateEvent(StrEnum):
    """What opens a gate."""

    ANNOUNCED = "announced"
    APPLICATIONS_OPENED = "applications_opened"
    APPLICATIONS_CLOSED = "applications_closed"
    ROSTER_FIXED = "roster_fixed"
    WRITTEN_BEGUN = "written_begun"
    CODES_SEALED = "codes_sealed"
    CODES_OPENED = "codes_opened"
    WRITTEN_PUBLISHED = "written_published"
    APPEALS_CLOSED = "appeals_closed"
    PROPOSALS_LOCKED = "proposals_locked"
    RESULT_COMPUTED = "result_computed"
    RESULT_APPROVED = "result_approved"
    RESULT_PUBLISHED = "result_published"
    CLOSED = "closed"


_S = CompetitionState
_E = GateEvent

COMPETITION = StateMachine(
    name="competition",
    initial=_S.DRAFT,
    table={
        (_S.DRAFT, _E.ANNOUNCED): _S.ANNOUNCED,
        (_S.ANNOUNCED, _E.APPLICATIONS_OPENED): _S.RECEIVING,
        (_S.RECEIVING, _E.APPLICATIONS_CLOSED): _S.VETTING,
        (_S.VETTING, _E.ROSTER_FIXED): _S.ROSTERED,
        (_S.ROSTERED, _E.WRITTEN_BEGUN): _S.WRITTEN,
        (_S.WRITTEN, _E.CODES_SEALED): _S.MARKING,
        (_S.MARKING, _E.CODES_OPENED): _S.MERGED,
        (_S.MERGED, _E.WRITTEN_PUBLISHED): _S.APPEALS,
        (_S.APPEALS, _E.APPEALS_CLOSED): _S.PROPOSALS,
        (_S.PROPOSALS, _E.PROPOSALS_LOCKED): _S.DEFENCE,
        (_S.DEFENCE, _E.RESULT_COMPUTED): _S.RANKED,
        (_S.RANKED, _E.RESULT_APPROVED): _S.APPROVED,
        (_S.APPROVED, _E.RESULT_PUBLISHED): _S.PUBLISHED,
        (_S.PUBLISHED, _E.CLOSED): _S.CLOSED,
    },
)

#: Who opens the gate. The last signature opens `result_approved`, so the authority stands there.
# Source: design of the life cycle; TT 22/2025 art. 15(3) (code map sealed by the code board, opened by the council).
GATE_ROLES: dict[GateEvent, Role] = {
    _E.ANNOUNCED: Role.ORGANISER,
    _E.APPLICATIONS_OPENED: Role.ORGANISER,
    _E.APPLICATIONS_CLOSED: Role.ORGANISER,
    _E.ROSTER_FIXED: Role.ORGANISER,
    _E.WRITTEN_BEGUN: Role.ORGANISER,
    _E.CODES_SEALED: Role.KEEPER,
    _E.CODES_OPENED: Role.CHAIR,
    _E.WRITTEN_PUBLISHED: Role.ORGANISER,
    _E.APPEALS_CLOSED: Role.ORGANISER,
    _E.PROPOSALS_LOCKED: Role.ORGANISER,
    _E.RESULT_COMPUTED: Role.ORGANISER,
    _E.RESULT_APPROVED: Role.AUTHORITY,
    _E.RESULT_PUBLISHED: Role.ORGANISER,
    _E.CLOSED: Role.ORGANISER,
}

#: Which states make one group on the gate track.
GATE_GROUPS: tuple[tuple[str, tuple[CompetitionState, ...]], ...] = (
    ("preparation", (_S.DRAFT, _S.ANNOUNCED, _S.RECEIVING, _S.VETTING, _S.ROSTERED)),
    ("written", (_S.WRITTEN, _S.MARKING, _S.MERGED, _S.APPEALS)),
    ("proposal", (_S.PROPOSALS, _S.DEFENCE)),
    ("result", (_S.RANKED, _S.APPROVED, _S.PUBLISHED, _S.CLOSED)),
)


@dataclass(frozen=True)
class Missing:
    """One thing that keeps a gate shut: what, who owes it, and (where known) until when."""

    code: str
    owner: Role
    params: dict[str, Any] = field(default_factory=dict)


#: The planned instants of a competition, in the order in which they must come.
# Source: design of the life cycle; the order of the steps in NĐ 170/2025/NĐ-CP art. 15-17.
SCHEDULE: tuple[str, ...] = (
    "applications_close_at",
    "written_at",
    "written_results_at",
    "proposals_close_at",
    "defence_at",
    "results_at",
)


def check_schedule(schedule: Mapping[str, datetime | None]) -> None:
    """Refuse a schedule that has a gap or an instant not after the one before it.

    Raises:
        InvalidError: `schedule_incomplete`, `schedule_not_in_order`, with the `field` at fault.
    """
    before: datetime | None = None
    for name in SCHEDULE:
        at = schedule.get(name)
        if at is None:
            raise InvalidError("schedule_incomplete", field=name)
        if before is not None and at <= before:
            raise InvalidError("schedule_not_in_order", field=name)
        before = at


def next_event(state: CompetitionState) -> GateEvent | None:
    """The event that opens the next gate, or None at the end of the road."""
    events = COMPETITION.events_open_in(state)
    return events[0] if events else None
