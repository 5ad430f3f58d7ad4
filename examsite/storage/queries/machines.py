"""Reads of the rules that a room sets for its machines, and of the machines that they kept out."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from examsite.domain.competitions import CompetitionState
from examsite.domain.sittings import SittingState
from examsite.storage.models.competitions import Competition
from examsite.storage.models.rooms import RefusedMachine
from examsite.storage.models.sittings import Attempt, Sitting


@dataclass(frozen=True)
class RoomRule:
    """What a machine at one seat must show: an address of the room, a browser with the right settings, or both."""

    attempt_id: int
    candidacy_id: int
    seat: str
    sitting_id: int
    sitting: str
    room: str
    seb_config_key: str
    address_ranges: str
    #: Whether the written test has begun, so that a refusal is worth a line for the invigilator.
    is_frozen: bool


def list_room_rules(session: Session) -> list[RoomRule]:
    """One rule for each seat of the sittings that ask for something and are not over, in every competition."""
    rows = session.execute(
        select(
            Attempt.id,
            Attempt.candidacy_id,
            Attempt.seat,
            Sitting.id,
            Sitting.code,
            Sitting.room,
            Sitting.seb_config_key,
            Sitting.address_ranges,
            Competition.state == CompetitionState.WRITTEN,
        )
        .join(Sitting, Sitting.id == Attempt.sitting_id)
        .join(Competition, Competition.id == Sitting.competition_id)
        .where(
            Sitting.state != SittingState.CLOSED,
            or_(Sitting.seb_config_key != "", Sitting.address_ranges != ""),
        )
    )
    return [RoomRule(*row) for row in rows]


def list_refused_machines(session: Session, sitting_id: int) -> list[RefusedMachine]:
    """Machines that the rules of a sitting kept out, with the seats they tried, newest first."""
    return list(
        session.scalars(
            select(RefusedMachine)
            .join(Attempt, Attempt.id == RefusedMachine.attempt_id)
            .options(joinedload(RefusedMachine.attempt).joinedload(Attempt.candidacy))
            .where(Attempt.sitting_id == sitting_id)
            .order_by(RefusedMachine.last_at.desc(), RefusedMachine.id.desc())
        )
    )
