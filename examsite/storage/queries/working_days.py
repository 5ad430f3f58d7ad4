"""Reads of the days that were swapped for the whole installation."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.domain.errors import NotFoundError
from examsite.storage.models.appeals import SwappedDay


def list_swapped_days(session: Session) -> list[SwappedDay]:
    """Every swapped day, the latest first."""
    return list(session.scalars(select(SwappedDay).order_by(SwappedDay.day.desc())))


def find_swapped_day(session: Session, day: date) -> SwappedDay | None:
    """What was entered about this day."""
    return session.scalars(select(SwappedDay).where(SwappedDay.day == day)).one_or_none()


def get_swapped_day(session: Session, day: date) -> SwappedDay:
    """What was entered about this day.

    Raises:
        NotFoundError: `swapped_day_not_found`.
    """
    found = find_swapped_day(session, day)
    if found is None:
        raise NotFoundError("swapped_day_not_found")
    return found
