"""Reads of written assessments: one's own; how many there are; all of them once the scores are shown."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.proposals import ProposalAssessment


def find_own_assessment(session: Session, candidacy_id: int, assignment_id: int | None) -> ProposalAssessment | None:
    """What this member wrote about this proposal, or None."""
    return session.scalars(
        select(ProposalAssessment)
        .where(ProposalAssessment.candidacy_id == candidacy_id, ProposalAssessment.assignment_id == assignment_id)
        .execution_options(populate_existing=True)
    ).one_or_none()


def count_written(session: Session, candidacy_id: int) -> int:
    """How many members have written something about a proposal; not who, not what."""
    return (
        session.scalar(
            select(func.count()).where(ProposalAssessment.candidacy_id == candidacy_id, ProposalAssessment.text != "")
        )
        or 0
    )


def list_writers(session: Session, candidacy_id: int) -> set[int]:
    """The assignments that have written something about a proposal; not what. For the head about to begin."""
    return set(
        session.scalars(
            select(ProposalAssessment.assignment_id).where(
                ProposalAssessment.candidacy_id == candidacy_id, ProposalAssessment.text != ""
            )
        )
    )


def list_assessments(session: Session, candidacy_id: int) -> list[ProposalAssessment]:
    """Everything written about a proposal with its members, by pseudonym. For pages only once the scores are shown."""
    return list(
        session.scalars(
            select(ProposalAssessment)
            .options(joinedload(ProposalAssessment.assignment))
            .join(RoleAssignment, RoleAssignment.id == ProposalAssessment.assignment_id)
            .where(ProposalAssessment.candidacy_id == candidacy_id, ProposalAssessment.text != "")
            .order_by(RoleAssignment.pseudonym, ProposalAssessment.id)
        )
    )


def list_own_written(session: Session, assignment_id: int | None) -> dict[int, bool]:
    """The candidacies that this member has written about, each with whether it is locked."""
    rows = session.execute(
        select(ProposalAssessment.candidacy_id, ProposalAssessment.locked_at).where(
            ProposalAssessment.assignment_id == assignment_id, ProposalAssessment.text != ""
        )
    )
    return {candidacy_id: locked_at is not None for candidacy_id, locked_at in rows}
