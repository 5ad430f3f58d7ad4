"""Records as a test asks for them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.storage.models.records import RecordLog, RecordRow


def last_about(session: Session, code: str, event: str, subject: str) -> RecordRow:
    """The newest record of this event about this subject; there must be one."""
    found = session.scalars(
        select(RecordRow)
        .join(RecordLog, RecordLog.id == RecordRow.log_id)
        .where(RecordLog.code == code, RecordRow.event == event, RecordRow.subject == subject)
        .order_by(RecordRow.seq.desc())
    ).first()
    assert found is not None, f"no {event} about {subject}"
    return found
