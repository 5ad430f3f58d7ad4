"""Reads of wishes to withdraw a locked mark of the written test."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from examsite.domain.errors import NotFoundError
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.marking import Mark, MarkWithdrawal, Script


def get_open_withdrawal(
    session: Session, competition_id: int, withdrawal_id: int, *, for_update: bool = False
) -> MarkWithdrawal:
    """A wish that waits for the council, with mark, script, marker and who asked.

    Raises:
        NotFoundError: `withdrawal_not_found`, also once it was answered.
    """
    statement = _with_people(competition_id).where(
        MarkWithdrawal.id == withdrawal_id, MarkWithdrawal.decided_at.is_(None)
    )
    if for_update:
        statement = statement.with_for_update(of=MarkWithdrawal)
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFoundError("withdrawal_not_found")
    return found


def find_open_withdrawal(session: Session, mark_id: int) -> MarkWithdrawal | None:
    """The wish about this mark that waits for the council."""
    return session.scalars(
        select(MarkWithdrawal).where(MarkWithdrawal.mark_id == mark_id, MarkWithdrawal.decided_at.is_(None))
    ).one_or_none()


def list_open_withdrawals_of(session: Session, mark_ids: Collection[int]) -> dict[int, MarkWithdrawal]:
    """The wishes about these marks that wait for the council, by the key of the mark."""
    rows = session.scalars(
        select(MarkWithdrawal).where(MarkWithdrawal.mark_id.in_(mark_ids), MarkWithdrawal.decided_at.is_(None))
    )
    return {row.mark_id: row for row in rows}


def list_open_withdrawals(session: Session, competition_id: int) -> list[MarkWithdrawal]:
    """The wishes that wait for the council, the oldest first."""
    statement = _with_people(competition_id).where(MarkWithdrawal.decided_at.is_(None))
    return list(session.scalars(statement.order_by(MarkWithdrawal.requested_at, MarkWithdrawal.id)))


def list_withdrawals_beside(session: Session, competition_id: int, wish: MarkWithdrawal) -> list[MarkWithdrawal]:
    """The wishes asked for with this one, by script: of one marker, at one instant and for one reason; itself too."""
    statement = _with_people(competition_id).where(
        MarkWithdrawal.decided_at.is_(None),
        MarkWithdrawal.requested_by_id == wish.requested_by_id,
        MarkWithdrawal.requested_at == wish.requested_at,
        MarkWithdrawal.reason == wish.reason,
        Mark.assignment_id == wish.mark.assignment_id,
    )
    return list(session.scalars(statement.order_by(Script.code, MarkWithdrawal.id)))


def list_withdrawals_of_script(session: Session, script_id: int) -> list[MarkWithdrawal]:
    """Every wish about a script with its answer, the newest first."""
    return list(
        session.scalars(
            select(MarkWithdrawal)
            .join(MarkWithdrawal.mark)
            .options(joinedload(MarkWithdrawal.mark).joinedload(Mark.assignment))
            .where(Mark.script_id == script_id)
            .order_by(MarkWithdrawal.requested_at.desc(), MarkWithdrawal.id.desc())
        )
    )


def _with_people(competition_id: int) -> Select[MarkWithdrawal]:
    return (
        select(MarkWithdrawal)
        .join(MarkWithdrawal.mark)
        .join(Mark.script)
        .join(MarkWithdrawal.requested_by)
        .options(
            joinedload(MarkWithdrawal.mark).joinedload(Mark.script),
            joinedload(MarkWithdrawal.mark).joinedload(Mark.assignment),
            joinedload(MarkWithdrawal.requested_by),
        )
        .where(Script.competition_id == competition_id, RoleAssignment.competition_id == competition_id)
        .execution_options(populate_existing=True)
    )
