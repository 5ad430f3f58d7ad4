"""Draws with the numbers that people put into them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from examsite.domain.errors import NotFoundError
from examsite.domain.events import Event
from examsite.domain.payloads import read_payload
from examsite.storage.models.draws import DrawCeremony
from examsite.storage.models.records import RecordLog, RecordRow


def find_ceremony(session: Session, competition_id: int, name: str) -> DrawCeremony | None:
    """A draw with its contributions as they stand now, if it was prepared or held."""
    return session.scalars(
        select(DrawCeremony)
        .where(DrawCeremony.competition_id == competition_id, DrawCeremony.name == name)
        .options(selectinload(DrawCeremony.contributions))
        .execution_options(populate_existing=True)
    ).one_or_none()


def get_ceremony(session: Session, competition_id: int, name: str) -> DrawCeremony:
    """As `find_ceremony`.

    Raises:
        NotFoundError: `draw_not_found`.
    """
    ceremony = find_ceremony(session, competition_id, name)
    if ceremony is None:
        raise NotFoundError("draw_not_found", draw=name)
    return ceremony


def prepared_items(session: Session, competition_id: int, name: str) -> list[str] | None:
    """The list of a draw that was prepared; None before."""
    items: list[str] | None = session.scalars(
        select(DrawCeremony.items).where(DrawCeremony.competition_id == competition_id, DrawCeremony.name == name)
    ).one_or_none()
    return items


def find_draw_record(session: Session, competition_id: int, name: str, event: Event) -> dict[str, Any] | None:
    """What the log says of a draw under this event, as it was recorded; None before."""
    payload = session.scalars(
        select(RecordRow.payload)
        .join(RecordLog, RecordLog.id == RecordRow.log_id)
        .where(
            RecordLog.competition_id == competition_id,
            RecordRow.event == event.value,
            RecordRow.subject == f"draw/{name}",
        )
    ).first()
    return None if payload is None else read_payload(payload)
