"""Reads of record logs and their checkpoints."""

from __future__ import annotations

from collections.abc import Collection, Generator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, case, func, select
from sqlalchemy.orm import Session, defer

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import NotFoundError
from examsite.domain.records import plan_log_code
from examsite.storage.models.competitions import Competition, GatePassage
from examsite.storage.models.records import CheckpointRow, RecordLog, RecordRow

#: Largest number of a record that the tables can hold. Papers that people bring may name larger ones, which a database
#: does not look for but refuses. Source: PostgreSQL, table 8.2 (integer).
MOST_RECORDS = 2**31 - 1


def list_logs(session: Session) -> list[RecordLog]:
    """All logs by code, without the instant of the last record: one that is none must not keep them from being read."""
    return list(session.scalars(select(RecordLog).options(defer(RecordLog.last_at)).order_by(RecordLog.code)))


def get_log(session: Session, code: str) -> RecordLog:
    """One log; that of its plan for a competition which is not announced yet.

    Raises:
        NotFoundError: `log_not_found`.
    """
    found = session.scalars(select(RecordLog).where(RecordLog.code == _shown_code(session, code))).one_or_none()
    if found is None:
        raise NotFoundError("log_not_found", log=code)
    return found


def _shown_code(session: Session, code: str) -> str:
    """The code of the log that pages show for a competition: its own, or that of its plan as long as it has none."""
    has_own = session.scalars(select(RecordLog.id).where(RecordLog.code == code)).first() is not None
    return code if has_own else plan_log_code(code)


def list_codes_without_log(session: Session) -> list[str]:
    """Competitions that have no log: each opens one with its first act, so theirs is gone."""
    expected = case(
        (Competition.state == CompetitionState.DRAFT, Competition.code + plan_log_code("")), else_=Competition.code
    )
    has_log = select(RecordLog.id).where(RecordLog.code == expected)
    return list(session.scalars(select(Competition.code).where(~has_log.exists()).order_by(Competition.code)))


def find_last_gate(session: Session, competition_id: int | None) -> int | None:
    """The number of the record that opened the newest gate of a competition; None before the first."""
    return session.scalar(select(func.max(GatePassage.record_seq)).where(GatePassage.competition_id == competition_id))


def list_records(session: Session, log_id: int, *, first: int = 0, limit: int | None = None) -> list[RecordRow]:
    """Records of a log in their order, from the number `first` on."""
    statement = (
        select(RecordRow).where(RecordRow.log_id == log_id, RecordRow.seq >= first).order_by(RecordRow.seq).limit(limit)
    )
    return list(session.scalars(statement))


def list_records_of_events(
    session: Session, code: str, events: Collection[str], *, subject: str | None = None
) -> list[RecordRow]:
    """Records of these kinds in exactly the log with this code, in their order; none where there is no such log.

    With `subject` only those about this thing.
    """
    statement = (
        select(RecordRow)
        .join(RecordLog, RecordLog.id == RecordRow.log_id)
        .where(RecordLog.code == code, RecordRow.event.in_([str(event) for event in events]))
        .order_by(RecordRow.seq)
    )
    return list(session.scalars(statement if subject is None else statement.where(RecordRow.subject == subject)))


def list_last_records(session: Session, code: str, *, limit: int) -> list[RecordRow]:
    """The newest records of a log, newest first."""
    return list(
        session.scalars(
            select(RecordRow)
            .join(RecordLog, RecordLog.id == RecordRow.log_id)
            .where(RecordLog.code == _shown_code(session, code))
            .order_by(RecordRow.seq.desc())
            .limit(limit)
        )
    )


@dataclass(frozen=True)
class RecordFilter:
    """Which records of a log are wanted; what is empty asks for nothing.

    Attributes:
        event, actor: exactly these.
        first, last: numbers, both included.
        kind, about: the two halves of the subject, the kind of thing and which one.
        since, until: instants as records write them; `until` itself is left out.
    """

    event: str = ""
    actor: str = ""
    first: int = 0
    last: int | None = None
    kind: str = ""
    about: str = ""
    since: str = ""
    until: str = ""

    def of(self, statement: Select[Any], log_id: int) -> Select[Any]:
        """The statement, for the records of this log that fit."""
        statement = statement.where(RecordRow.log_id == log_id, RecordRow.seq >= self.first)
        if self.last is not None:
            statement = statement.where(RecordRow.seq <= self.last)
        if self.event:
            statement = statement.where(RecordRow.event == self.event)
        if self.actor:
            statement = statement.where(RecordRow.actor == self.actor)
        if self.kind:
            statement = statement.where(RecordRow.subject.startswith(f"{self.kind}/", autoescape=True))
        if self.about:
            statement = statement.where(RecordRow.subject.endswith(f"/{self.about}", autoescape=True))
        if self.since:
            statement = statement.where(RecordRow.at >= self.since)
        if self.until:
            statement = statement.where(RecordRow.at < self.until)
        return statement


def count_records(session: Session, log_id: int, wanted: RecordFilter) -> int:
    """How many records of a log fit."""
    return session.scalar(wanted.of(select(func.count(RecordRow.id)), log_id)) or 0


def list_record_page(session: Session, log_id: int, wanted: RecordFilter, *, page: int, size: int) -> list[RecordRow]:
    """One page of the records that fit, newest first; pages count from 1."""
    statement = wanted.of(select(RecordRow), log_id).order_by(RecordRow.seq.desc())
    return list(session.scalars(statement.offset(max(page - 1, 0) * size).limit(size)))


def find_record_before(session: Session, log_id: int, row: RecordRow) -> RecordRow | None:
    """The last record of the same event by the same actor about the same thing before this one."""
    return session.scalars(
        select(RecordRow)
        .where(
            RecordRow.log_id == log_id,
            RecordRow.seq < row.seq,
            RecordRow.event == row.event,
            RecordRow.actor == row.actor,
            RecordRow.subject == row.subject,
        )
        .order_by(RecordRow.seq.desc())
        .limit(1)
    ).one_or_none()


def list_record_words(session: Session, log_id: int) -> tuple[list[str], list[str]]:
    """The events and the actors that occur in a log, each in alphabetical order: what a filter may offer."""
    events = session.scalars(select(RecordRow.event).where(RecordRow.log_id == log_id).distinct())
    actors = session.scalars(select(RecordRow.actor).where(RecordRow.log_id == log_id).distinct())
    return sorted(events), sorted(actors)


def get_record(session: Session, log_id: int, seq: int) -> RecordRow:
    """One record of a log by its number.

    Raises:
        NotFoundError: `record_not_found`.
    """
    wanted = select(RecordRow).where(RecordRow.log_id == log_id, RecordRow.seq == seq)
    found = None if seq > MOST_RECORDS else session.scalars(wanted).one_or_none()
    if found is None:
        raise NotFoundError("record_not_found", number=seq)
    return found


def get_checkpoint(session: Session, log_id: int, size: int) -> CheckpointRow:
    """The checkpoint of a log at this size.

    Raises:
        NotFoundError: `checkpoint_not_found`.
    """
    wanted = select(CheckpointRow).where(CheckpointRow.log_id == log_id, CheckpointRow.size == size)
    found = None if size > MOST_RECORDS else session.scalars(wanted).one_or_none()
    if found is None:
        raise NotFoundError("checkpoint_not_found", size=size)
    return found


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


def iterate_records(session: Session, log_id: int, *, below: int) -> Generator[Row[Any], None, None]:
    """The records of a log up to a size, as they are hashed, with salt and payload; never all of them in memory."""
    columns = ("seq", "at", "event", "actor", "subject", "commit", "salt", "payload")
    statement = (
        select(*(getattr(RecordRow, name) for name in columns))
        .where(RecordRow.log_id == log_id, RecordRow.seq < below)
        .order_by(RecordRow.seq)
        .execution_options(yield_per=2000)
    )
    with session.execute(statement) as result:
        yield from result


def find_covering_checkpoint(session: Session, log_id: int, seq: int) -> CheckpointRow | None:
    """The first checkpoint that covers the record with this number."""
    return session.scalars(
        select(CheckpointRow)
        .where(CheckpointRow.log_id == log_id, CheckpointRow.size > seq)
        .order_by(CheckpointRow.size)
        .limit(1)
    ).one_or_none()
