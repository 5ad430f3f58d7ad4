"""Reads around checkpoints: what is not covered yet, the hashes of proofs, witnesses and what they signed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, joinedload

from examsite.storage.models.records import (
    CheckpointRow,
    Cosignature,
    RecordBlock,
    RecordLog,
    RecordRow,
    Witness,
)


@dataclass(frozen=True)
class UncoveredLog:
    """A log with records behind its last checkpoint; `oldest_at` is the text of the first of them."""

    code: str
    uncovered: int
    oldest_at: str
    receipt_waits: bool


def list_uncovered(session: Session, receipted: Collection[str]) -> list[UncoveredLog]:
    """Every log longer than its last checkpoint, by code; `receipted` are the events that come with a receipt."""
    covered = func.coalesce(
        select(func.max(CheckpointRow.size))
        .where(CheckpointRow.log_id == RecordLog.id)
        .correlate(RecordLog)
        .scalar_subquery(),
        0,
    )
    waits = (
        select(RecordRow.id)
        .where(RecordRow.log_id == RecordLog.id, RecordRow.seq >= covered, RecordRow.event.in_(receipted))
        .correlate(RecordLog)
        .exists()
    )
    rows = session.execute(
        select(RecordLog.code, RecordLog.size - covered, RecordRow.at, waits)
        .join(RecordRow, and_(RecordRow.log_id == RecordLog.id, RecordRow.seq == covered))
        .where(RecordLog.size > covered)
        .order_by(RecordLog.code)
    )
    return [UncoveredLog(*row) for row in rows]


def list_leaves(session: Session, log_id: int, *, first: int, end: int) -> list[bytes]:
    """Leaf hashes of the records from `first` up to, but without, `end`, in order."""
    found = session.scalars(
        select(RecordRow.leaf)
        .where(RecordRow.log_id == log_id, RecordRow.seq >= first, RecordRow.seq < end)
        .order_by(RecordRow.seq)
    )
    return [bytes.fromhex(leaf) for leaf in found]


def list_block_roots(session: Session, log_id: int, *, end: int) -> list[bytes]:
    """Roots of the whole runs of records before the run with the number `end`, in order."""
    found = session.scalars(
        select(RecordBlock.root)
        .where(RecordBlock.log_id == log_id, RecordBlock.number < end)
        .order_by(RecordBlock.number)
    )
    return [bytes.fromhex(root) for root in found]


def list_records_about(session: Session, code: str, event: str, subject: str) -> list[int]:
    """Numbers of the records of this event about this subject in the log with this code, in order."""
    return list(
        session.scalars(
            select(RecordRow.seq)
            .join(RecordLog, RecordLog.id == RecordRow.log_id)
            .where(RecordLog.code == code, RecordRow.event == event, RecordRow.subject == subject)
            .order_by(RecordRow.seq)
        )
    )


def map_blocks(session: Session, log_id: int) -> dict[int, str]:
    """Roots of all whole runs of records as hex, by the number of the run."""
    rows = session.execute(select(RecordBlock.number, RecordBlock.root).where(RecordBlock.log_id == log_id))
    return dict(rows.all())


def list_cosignatures(session: Session, checkpoint_id: int, *, until: datetime | None = None) -> list[Cosignature]:
    """What witnesses signed under a checkpoint (received up to an instant), by the name of the witness."""
    statement = (
        select(Cosignature)
        .join(Witness, Witness.id == Cosignature.witness_id)
        .where(Cosignature.checkpoint_id == checkpoint_id)
        .options(joinedload(Cosignature.witness))
        .order_by(Witness.name)
    )
    if until is not None:
        statement = statement.where(Cosignature.received_at <= until)
    return list(session.scalars(statement))


def list_witnesses(session: Session, competition_id: int, *, standing: bool = False) -> list[Witness]:
    """The witnesses of a competition by name; `standing`: only those whose key still counts."""
    statement = select(Witness).where(Witness.competition_id == competition_id).order_by(Witness.name)
    if standing:
        statement = statement.where(Witness.ended_at.is_(None))
    return list(session.scalars(statement))


def count_cosignatures(session: Session, log_id: int) -> dict[int, int]:
    """How many witnesses signed each checkpoint of a log, by its size; only those that somebody signed."""
    rows = session.execute(
        select(CheckpointRow.size, func.count(Cosignature.id))
        .join(Cosignature, Cosignature.checkpoint_id == CheckpointRow.id)
        .where(CheckpointRow.log_id == log_id)
        .group_by(CheckpointRow.size)
    )
    return dict(rows.all())


def map_last_cosigned(session: Session, log_id: int) -> dict[int, int]:
    """The largest size that each witness signed, by the key of the witness's row."""
    rows = session.execute(
        select(Cosignature.witness_id, func.max(CheckpointRow.size))
        .join(CheckpointRow, CheckpointRow.id == Cosignature.checkpoint_id)
        .where(CheckpointRow.log_id == log_id)
        .group_by(Cosignature.witness_id)
    )
    return dict(rows.all())


def list_checkpoint_page(session: Session, log_id: int, *, page: int, size: int) -> list[CheckpointRow]:
    """One page of the checkpoints of a log, the newest first; pages count from 1."""
    return list(
        session.scalars(
            select(CheckpointRow)
            .where(CheckpointRow.log_id == log_id)
            .order_by(CheckpointRow.size.desc())
            .offset(max(page - 1, 0) * size)
            .limit(size)
        )
    )


def count_checkpoints(session: Session, log_id: int) -> int:
    """How many checkpoints of a log there are."""
    return session.scalar(select(func.count(CheckpointRow.id)).where(CheckpointRow.log_id == log_id)) or 0


def find_record_by_code(session: Session, log_id: int, *, low: str, high: str) -> RecordRow | None:
    """The first record of a log whose leaf hash lies between two, both included."""
    return session.scalars(
        select(RecordRow)
        .where(RecordRow.log_id == log_id, RecordRow.leaf >= low, RecordRow.leaf <= high)
        .order_by(RecordRow.seq)
        .limit(1)
    ).one_or_none()
