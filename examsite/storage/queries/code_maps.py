"""Reads of the closed code map: that it is closed, and what of the log lies in it. Never what it says."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from examsite.domain.errors import ConflictError
from examsite.domain.events import Event
from examsite.storage.models.code_maps import CodeMap
from examsite.storage.models.records import RecordRow
from examsite.storage.row_sets import among


def find_closed_map(session: Session, competition_id: int | None) -> CodeMap | None:
    """The map of a competition from the cut to the opening; None before and after."""
    return session.scalars(
        select(CodeMap).where(CodeMap.competition_id == competition_id, CodeMap.opened_at.is_(None))
    ).one_or_none()


def get_closed_map(session: Session, competition_id: int) -> CodeMap:
    """As `find_closed_map`, its row locked.

    Raises:
        ConflictError: `code_map_not_closed`.
    """
    statement = select(CodeMap).where(CodeMap.competition_id == competition_id, CodeMap.opened_at.is_(None))
    found = session.scalars(statement.with_for_update()).one_or_none()
    if found is None:
        raise ConflictError("code_map_not_closed")
    return found


def list_withheld(session: Session, competition_id: int | None) -> frozenset[int]:
    """The numbers of the records whose content lies in the closed map; none before the cut and after the opening."""
    found = find_closed_map(session, competition_id)
    return frozenset() if found is None else frozenset(found.withheld)


def list_contents(session: Session, log_id: int, *, events: Collection[Event], draw: str) -> list[RecordRow]:
    """The records of these events and the outcome of this draw, as far as they have a content, in order."""
    return list(
        session.scalars(
            select(RecordRow)
            .where(
                RecordRow.log_id == log_id,
                or_(
                    RecordRow.event.in_([event.value for event in events]),
                    (RecordRow.event == Event.DRAW_HELD.value) & (RecordRow.subject == f"draw/{draw}"),
                ),
                RecordRow.payload.is_not(None),
            )
            .order_by(RecordRow.seq)
        )
    )


def list_records_of(session: Session, log_id: int, numbers: Collection[int]) -> list[RecordRow]:
    """The records of a log with these numbers, in order."""
    rows = session.scalars(
        select(RecordRow).where(RecordRow.log_id == log_id, among(RecordRow.seq, "numbers")).order_by(RecordRow.seq),
        {"numbers": numbers},
    )
    return list(rows)
