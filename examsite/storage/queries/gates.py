"""What keeps the next gate shut, and who owes it. One function per gate, each returns an empty list when it may open.

A gate without a function here has no checklist beyond its role and its place in the row.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from examsite.domain.competitions import GateEvent, Missing
from examsite.storage.models.competitions import Competition
from examsite.storage.queries.checklists import (
    list_missing_plan,
    list_missing_to_close,
    list_missing_to_receive,
    list_missing_to_vet,
    list_missing_to_write,
)

Checklist = Callable[[Session, Competition, datetime], list[Missing]]

CHECKLISTS: dict[GateEvent, Checklist] = {
    GateEvent.ANNOUNCED: list_missing_plan,
    GateEvent.APPLICATIONS_OPENED: list_missing_to_receive,
    GateEvent.APPLICATIONS_CLOSED: list_missing_to_vet,
    GateEvent.WRITTEN_BEGUN: list_missing_to_write,
    GateEvent.CLOSED: list_missing_to_close,
}


def list_missing(session: Session, competition: Competition, event: GateEvent, *, now: datetime) -> list[Missing]:
    """What is still missing before this gate."""
    checklist = CHECKLISTS.get(event)
    return [] if checklist is None else checklist(session, competition, now)
