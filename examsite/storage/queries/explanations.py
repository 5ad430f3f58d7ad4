"""Reads of the supervision board's questions and their answers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from examsite.domain.errors import NotFoundError
from examsite.domain.permissions import Role
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.explanations import Explanation

_PEOPLE = (
    joinedload(Explanation.asked_by),
    joinedload(Explanation.asked_of),
    joinedload(Explanation.answered_by),
)


def list_explanations(session: Session, competition_id: int) -> list[Explanation]:
    """Every question of a competition, open ones first, the newest first among them."""
    return list(
        session.scalars(
            select(Explanation)
            .options(*_PEOPLE)
            .where(Explanation.competition_id == competition_id)
            .order_by(Explanation.answered_at.is_not(None), Explanation.number.desc())
        )
    )


def list_explanations_of(session: Session, competition_id: int, account_id: int, role: Role) -> list[Explanation]:
    """The questions that this person answers or has answered; the chair also those that nobody else is left for."""
    return list(
        session.scalars(
            _of_person(select(Explanation).options(*_PEOPLE), competition_id, account_id, role).order_by(
                Explanation.answered_at.is_not(None), Explanation.number.desc()
            )
        )
    )


def count_open_explanations_of(session: Session, competition_id: int, account_id: int, role: Role) -> int:
    """How many questions wait for this person."""
    statement = _of_person(select(func.count(Explanation.id)), competition_id, account_id, role)
    return session.scalar(statement.where(Explanation.answered_at.is_(None))) or 0


def count_open_explanations(session: Session, competition_id: int) -> int:
    """How many questions of a competition have no answer yet."""
    return (
        session.scalar(
            select(func.count(Explanation.id)).where(
                Explanation.competition_id == competition_id, Explanation.answered_at.is_(None)
            )
        )
        or 0
    )


def list_explanations_about(session: Session, competition_id: int, seq: int) -> list[Explanation]:
    """The questions about one record, and the question that a record itself asks or answers; oldest first."""
    return list(
        session.scalars(
            select(Explanation)
            .options(*_PEOPLE)
            .where(
                Explanation.competition_id == competition_id,
                or_(Explanation.about_seq == seq, Explanation.asked_seq == seq, Explanation.answered_seq == seq),
            )
            .order_by(Explanation.number)
        )
    )


def get_explanation(session: Session, competition_id: int, number: int, *, for_update: bool = False) -> Explanation:
    """One question by its number; its row locked where an act follows.

    Raises:
        NotFoundError: `explanation_not_found`.
    """
    statement = (
        select(Explanation)
        .options(*_PEOPLE)
        .where(Explanation.competition_id == competition_id, Explanation.number == number)
        .execution_options(populate_existing=True)
    )
    if for_update:
        statement = statement.with_for_update(of=Explanation)
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFoundError("explanation_not_found", number=number)
    return found


def find_holder(session: Session, competition_id: int, pseudonym: str) -> RoleAssignment | None:
    """Who holds this pseudonym in a competition now; None when nobody does any more."""
    return session.scalars(
        select(RoleAssignment).where(
            RoleAssignment.competition_id == competition_id,
            RoleAssignment.pseudonym == pseudonym,
            RoleAssignment.revoked_at.is_(None),
        )
    ).one_or_none()


def next_number(session: Session, competition_id: int) -> int:
    """The number of the next question of a competition."""
    last = session.scalar(select(func.max(Explanation.number)).where(Explanation.competition_id == competition_id))
    return (last or 0) + 1


def _of_person(statement: Select[Any], competition_id: int, account_id: int, role: Role) -> Select[Any]:
    own = RoleAssignment.account_id == account_id
    mine = or_(own, Explanation.asked_of_id.is_(None)) if role is Role.CHAIR else own
    return statement.outerjoin(RoleAssignment, RoleAssignment.id == Explanation.asked_of_id).where(
        and_(Explanation.competition_id == competition_id, mine)
    )
