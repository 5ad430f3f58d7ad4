"""Compares what was erased with what the log says was erased: nothing more is gone, and nothing of it is back.

An erasure must not become the cloak of a fraud. A content of the log that is gone without a recorded erasure is a
fault, and so is a row that an erasure emptied and that holds something again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.domain.events import MUST_BE_OPENED, Event
from examsite.domain.personal_data import EMPTIED, erased_value
from examsite.domain.table_problems import TableProblem
from examsite.storage.database import Base
from examsite.storage.queries.erasures import (
    RecordedErasure,
    find_belongings,
    iterate_contents,
    list_contentless,
    list_identities,
    list_recorded_erasures,
)
from examsite.storage.row_sets import in_portions

_OPENED = frozenset(event.value for event in MUST_BE_OPENED)


@dataclass(frozen=True)
class ErasureNote:
    """What is not there, and rightly so."""

    code: str
    #: Number of the `data:erased` record.
    seq: int
    people: int
    records: int


def list_erasure_notes(session: Session) -> list[ErasureNote]:
    """Every recorded erasure, for whoever asks why something is gone."""
    return [
        ErasureNote(
            one.code, one.seq, len(one.candidacies) + len(one.removed), sum(len(seqs) for seqs in one.records.values())
        )
        for one in list_recorded_erasures(session)
    ]


def check_erasures(session: Session) -> list[TableProblem]:
    """Every content and row of the installation that is gone without a record, or back in spite of one.

    Codes: `erased_unrecorded` and `not_erased`. Contents that every bundle opens are the matter of `verify_log`.
    """
    recorded = list_recorded_erasures(session)
    return [*_contents(session, recorded), *_rows(session, recorded)]


def _contents(session: Session, recorded: list[RecordedErasure]) -> Iterator[TableProblem]:
    listed = {(log, seq): one for one in recorded for log, seqs in one.records.items() for seq in seqs}
    for log, row in list_contentless(session):
        if row.event not in _OPENED and (log, row.seq) not in listed:
            yield TableProblem("records", row.id, "erased_unrecorded", "payload", row.seq, row.event)
    for log, row in iterate_contents(session):
        one = listed.get((log, row.seq))
        if one is not None:
            yield TableProblem("records", row.id, "not_erased", "payload", one.seq, Event.DATA_ERASED.value)


def _rows(session: Session, recorded: list[RecordedErasure]) -> Iterator[TableProblem]:
    classes = {mapper.local_table.name: mapper.class_ for mapper in Base.registry.mappers}  # type: ignore[attr-defined]
    for one in recorded:
        found = find_belongings(session, list_identities(session, one.candidacies))
        for table, keys in found.rows.items():
            for key in keys:
                yield TableProblem(table, key, "not_erased", "", one.seq, Event.DATA_ERASED.value)
        for table, keys in found.emptied.items():
            model = classes[table]
            for some in in_portions(keys):
                for row in session.scalars(select(model).where(model.id.in_(some))):
                    for column in EMPTIED[table]:
                        if getattr(row, column) != erased_value(table, column, row.id):
                            yield TableProblem(table, row.id, "not_erased", column, one.seq, Event.DATA_ERASED.value)
