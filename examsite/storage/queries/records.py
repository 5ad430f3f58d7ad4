"""Reads of record logs and their checkpoints."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.domain.errors import NotFoundError
from examsite.storage.models.records import CheckpointRow, RecordLog, RecordRow


def list_logs(session: Session) -> list[RecordLog]:
    """All logs by code."""
    return list(session.scalars(select(RecordLog).order_by(RecordLog.code)))


def get_log(session: Session, code: str) -> RecordLog:
    """One log.

    Raises:
        NotFoundError: `log_not_found`.
    """
    found = session.scalars(select(RecordLog).where(RecordLog.code == code)).one_or_none()
    if found is None:
        raise NotFoundError("log_not_found", log=code)
    return found


def list_records(session: Session, log_id: int, *, first: int = 0, limit: int | None = None) -> list[RecordRow]:
    """Records of a log in their order, from the number `first` on."""
    statement = (
        select(RecordRow).where(RecordRow.log_id == log_id, RecordRow.seq >= first).order_by(RecordRow.seq).limit(limit)
    )
    return list(session.scalars(statement))


def list_last_records(session: Session, code: str, *, limit: int) -> list[RecordRow]:
    """The newest records of a log, newest first."""
    return list(
        session.scalars(
            select(RecordRow)
            .join(RecordLog, RecordLog.id == RecordRow.log_id)
            .where(RecordLog.code == code)
            .order_by(RecordRow.seq.desc())
            .limit(limit)
        )
    )


def list_checkpoints(session: Session, log_id: int) -> list[CheckpointRow]:
    """Checkpoints of a log, smallest first."""
    return list(
        session.scalars(select(CheckpointRow).where(CheckpointRow.log_id == log_id).order_by(CheckpointRow.size))
    )


def find_last_checkpoint(session: Session, code: str) -> CheckpointRow | None:
    """The newest checkpoint of a log."""
    return session.scalars(
        select(CheckpointRow)
        .join(RecordLog, RecordLog.id == CheckpointRow.log_id)
        .where(RecordLog.code == code)
        .order_by(CheckpointRow.size.desc())
        .limit(1)
    ).one_or_none()
