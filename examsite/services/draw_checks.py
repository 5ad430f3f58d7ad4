"""Draws and the numbers put into them, held against the record log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from examsite.domain.events import Event
from examsite.domain.table_problems import TableProblem
from examsite.storage.models.competitions import Competition
from examsite.storage.models.draws import DrawCeremony, DrawContribution
from examsite.storage.models.records import RecordRow

_Records = Mapping[int, RecordRow]


def check_draws(session: Session, competition: Competition, records: _Records) -> Iterator[TableProblem]:
    """Every draw whose list, numbers or instants are not those on record, and every one that is gone or too many.

    What lies in the closed code map says nothing until it is opened; what is still gathered is on no record.
    """
    committed = {row.subject: row for row in records.values() if row.event == Event.DRAW_COMMITTED}
    held = {row.subject: row for row in records.values() if row.event == Event.DRAW_HELD}
    draws = (
        select(DrawCeremony)
        .where(DrawCeremony.competition_id == competition.id)
        .options(selectinload(DrawCeremony.contributions))
        .order_by(DrawCeremony.id)
    )
    there = set()
    for draw in session.scalars(draws):
        subject = f"draw/{draw.name}"
        there.add(subject)
        pairs = (("committed_seq", draw.committed_seq, committed), ("held_seq", draw.held_seq, held))
        for column, seq, told in pairs:
            row = told.get(subject)
            if seq != (None if row is None else row.seq):
                yield TableProblem("draw_ceremonies", draw.id, "value_differs", column, seq)
        row = committed.get(subject)
        if row is not None and row.content:
            yield from _differing(draw, row)
    for subject, row in committed.items():
        if subject not in there:
            yield TableProblem("draw_ceremonies", None, "row_missing", "", row.seq, row.event)


def _differing(draw: DrawCeremony, row: RecordRow) -> Iterator[TableProblem]:
    """What a draw says that its record of the closing does not, and the other way round."""
    said = row.content
    if draw.items != said.get("items"):
        yield TableProblem("draw_ceremonies", draw.id, "value_differs", "items", row.seq, row.event)
    left: dict[Any, Any] = {entry["by"]: entry["commitment"] for entry in said.get("commitments", ())}
    for own in draw.contributions:
        commitment = left.pop(own.by, None)
        if commitment is None:
            yield _problem(own, "record_missing", "by", row)
        elif commitment != own.commitment:
            yield _problem(own, "value_differs", "commitment", row)
    for _by in left:
        yield TableProblem("draw_contributions", None, "row_missing", "", row.seq, row.event)


def _problem(own: DrawContribution, code: str, column: str, row: RecordRow) -> TableProblem:
    return TableProblem("draw_contributions", own.id, code, column, row.seq, row.event)
