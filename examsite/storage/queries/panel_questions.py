"""Reads of the question log of a defence."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from examsite.domain.errors import NotFoundError
from examsite.storage.models.proposals import PanelQuestion


def list_questions(session: Session, defence_id: int) -> list[PanelQuestion]:
    """The questions in the order in which they were asked, with who asked."""
    return list(
        session.scalars(
            select(PanelQuestion)
            .options(joinedload(PanelQuestion.assignment))
            .where(PanelQuestion.defence_id == defence_id)
            .order_by(PanelQuestion.number)
        )
    )


def count_questions(session: Session, defence_id: int) -> int:
    """How many questions are written down."""
    return session.scalar(select(func.count()).where(PanelQuestion.defence_id == defence_id)) or 0


def get_question(session: Session, defence_id: int, number: int) -> PanelQuestion:
    """One question by its number.

    Raises:
        NotFoundError: `panel_question_not_found`.
    """
    found = session.scalars(
        select(PanelQuestion)
        .where(PanelQuestion.defence_id == defence_id, PanelQuestion.number == number)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFoundError("panel_question_not_found")
    return found
