"""What keeps the next gate shut, and who owes it. One function per gate, each returns an empty list when it may open.

A gate without a function here has no checklist beyond its role and its place in the row.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from examsite.domain.competitions import GateEvent, Missing
from examsite.storage.models.competitions import Competition

Checklist = Callable[[Session, Competition, datetime], list[Missing]]

CHECKLISTS: dict[GateEvent, Checklist] = {}


def list_missing(session: Session, competition: Competition, event: GateEvent, *, now: datetime) -> list[Missing]:
    """What is still missing before this gate."""
    checklist = CHECKLISTS.get(event)
    return [] if checklist is None else checklist(session, competition, now)
