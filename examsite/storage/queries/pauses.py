"""Reads of the pauses of a whole room: since when, who, why, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.domain.attempts import AttemptState
from examsite.storage.models.accounts import Account
from examsite.storage.models.rooms import Pause
from examsite.storage.models.sittings import Attempt


@dataclass(frozen=True)
class RoomPause:
    """One pause of a whole room, as one person began it; `ended_at` is empty while a clock of it stands still."""

    began_at: datetime
    ended_at: datetime | None
    reason: str
    #: Name of who let the clocks stand still.
    began_by: str
    seats: int
    #: Seats whose clock still stands.
    standing: int


def list_room_pauses(session: Session, sitting_id: int) -> list[RoomPause]:
    """The pauses of the whole room in a sitting, in the order in which they began."""
    rows = session.execute(
        select(Pause, Account.display_name, Attempt.state)
        .join(Attempt, Attempt.id == Pause.attempt_id)
        .join(Account, Account.id == Pause.began_by_id)
        .where(Attempt.sitting_id == sitting_id, Pause.for_room)
        .order_by(Pause.began_at, Pause.id)
    ).all()
    groups: dict[tuple[datetime, int], list[tuple[Pause, str, AttemptState]]] = {}
    for pause, name, state in rows:
        groups.setdefault((pause.began_at, pause.began_by_id), []).append((pause, name, state))
    return [_room_pause(group) for group in groups.values()]


def _room_pause(group: list[tuple[Pause, str, AttemptState]]) -> RoomPause:
    first, name, _state = group[0]
    ends = [pause.ended_at for pause, _name, _state in group if pause.ended_at is not None]
    # Who has handed in meanwhile waits for nothing.
    standing = sum(pause.ended_at is None and state is AttemptState.OPEN for pause, _name, state in group)
    return RoomPause(
        began_at=first.began_at,
        ended_at=None if standing else max(ends, default=None),
        reason=first.reason,
        began_by=name,
        seats=len(group),
        standing=standing,
    )
