"""A check that meets what the product never wrote names it, and the other checks go on.

Somebody with the database can put anything into a row or into the content of a record, and a crash would hide every
other change. So each check runs on its own: what it found before stays, and the cause of its end is a finding, too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.domain.errors import InvalidError
from examsite.domain.events import Event
from examsite.domain.payloads import check_payload
from examsite.domain.records import commitment
from examsite.domain.table_problems import TableProblem
from examsite.storage.database import Base
from examsite.storage.models.records import RecordRow
from examsite.storage.unreadable_rows import UNREADABLE, list_unreadable_rows


def found_by(session: Session, check: Callable[[], Iterable[TableProblem]]) -> list[TableProblem]:
    """What a check finds; where it cannot go on, the rows and contents that may be why."""
    found: list[TableProblem] = []
    try:
        for problem in check():
            found.append(problem)  # what was found before a crash stays
    except UNREADABLE as crash:
        found += _causes(session, crash)
    return found


def _causes(session: Session, crash: Exception) -> list[TableProblem]:
    """Rows that cannot be read, else contents that are not as they were recorded, else the crash itself."""
    rows = list_unreadable_rows(session, Base.metadata.sorted_tables)
    found = [TableProblem(table, row, "row_unreadable") for table, row in rows]
    if not found:
        columns = (RecordRow.id, RecordRow.seq, RecordRow.event, RecordRow.salt, RecordRow.payload, RecordRow.commit)
        for key, seq, event, *content in session.execute(
            select(*columns).where(RecordRow.payload.is_not(None)).order_by(RecordRow.id)
        ):
            if not _is_content(event, *content):
                found.append(TableProblem("records", key, "row_unreadable", "payload", seq, event))
    return found or [TableProblem("records", None, "check_failed", f"{type(crash).__name__} {crash}"[:80])]


def _is_content(event: str, salt: str | None, payload: str | None, commit: str | None) -> bool:
    """Whether a content is the one that was committed to, and has the members of its kind."""
    try:
        value = json.loads(payload or "")
        check_payload(Event(event), value)
        return commitment(bytes.fromhex(salt or ""), value) == commit
    except (InvalidError, *UNREADABLE):
        return False
