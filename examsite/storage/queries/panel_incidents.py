"""Reads of what was recorded about members of the panel after scores were shown; the log is where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.domain.canonical import parse_instant
from examsite.domain.events import Event
from examsite.storage.models.competitions import Competition
from examsite.storage.models.records import RecordLog, RecordRow


@dataclass(frozen=True)
class MemberIncident:
    """One entry: when and by whom it was recorded, about whom, what and why."""

    seq: int
    at: datetime
    by: str
    member: str
    what: str
    reason: str


def list_member_incidents(session: Session, competition: Competition, subject: str) -> list[MemberIncident]:
    """What was recorded about members at a defence, oldest first; without what was erased since."""
    rows = session.scalars(
        select(RecordRow)
        .join(RecordLog, RecordLog.id == RecordRow.log_id)
        .where(
            RecordLog.code == competition.code,
            RecordRow.event == Event.MEMBER_NOTED.value,
            RecordRow.subject == subject,
        )
        .order_by(RecordRow.seq)
    )
    found = []
    for row in rows:
        said = row.content
        if said:
            at = parse_instant(row.at)
            found.append(MemberIncident(row.seq, at, row.actor, said["member"], said["what"], said["reason"]))
    return found
