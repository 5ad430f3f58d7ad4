"""Reads of what people of the boards declared about their relations to candidates."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from examsite.domain.conflicts import DECLARING
from examsite.domain.dossiers import CandidacyState
from examsite.domain.permissions import Role
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.dossiers import Candidacy, ConflictDeclaration


@dataclass(frozen=True)
class Declaration:
    """What one person declared: when, and with whom there is a relation (candidacy: relation)."""

    declared_at: datetime
    conflicts: dict[int, str]


def list_final_candidacies(session: Session, competition_id: int) -> list[Candidacy]:
    """The final list: everyone with a candidate number, in its order, with their posts."""
    return list(
        session.scalars(
            select(Candidacy)
            .options(joinedload(Candidacy.post))
            .where(
                Candidacy.competition_id == competition_id,
                Candidacy.state == CandidacyState.ELIGIBLE,
                Candidacy.candidate_number.is_not(None),
            )
            .order_by(Candidacy.candidate_number, Candidacy.id)
        )
    )


def find_declaration(session: Session, competition_id: int, account_id: int | None) -> Declaration | None:
    """What a person declared in a competition, in whatever role, or None before any declaration."""
    rows = list(
        session.scalars(
            select(ConflictDeclaration)
            .join(RoleAssignment, RoleAssignment.id == ConflictDeclaration.assignment_id)
            .where(RoleAssignment.competition_id == competition_id, RoleAssignment.account_id == account_id)
            .order_by(ConflictDeclaration.id)
        )
    )
    if not rows:
        return None
    return Declaration(
        declared_at=max(row.declared_at for row in rows),
        conflicts={row.candidacy_id: row.relation for row in rows if row.candidacy_id is not None},
    )


def list_declared_accounts(session: Session, competition_id: int) -> set[int]:
    """The accounts that declared anything, even that there is nothing to declare."""
    return set(
        session.scalars(
            select(RoleAssignment.account_id)
            .join(ConflictDeclaration, ConflictDeclaration.assignment_id == RoleAssignment.id)
            .where(RoleAssignment.competition_id == competition_id)
        )
    )


def count_undeclared(session: Session, competition_id: int) -> dict[Role, int]:
    """How many holders of each declaring role have not declared in any role; no entry where nobody owes it."""
    declared = list_declared_accounts(session, competition_id)
    held = session.execute(
        select(RoleAssignment.role, RoleAssignment.account_id).where(
            RoleAssignment.competition_id == competition_id,
            RoleAssignment.revoked_at.is_(None),
            RoleAssignment.role.in_(DECLARING),
        )
    )
    owed = Counter(role for role, account_id in held if account_id not in declared)
    return {role: owed[role] for role in DECLARING if owed[role]}


def list_conflicted_accounts(session: Session, competition_id: int, candidacy_id: int) -> set[int]:
    """The accounts with a declared relation to this candidate."""
    return set(
        session.scalars(
            select(RoleAssignment.account_id)
            .join(ConflictDeclaration, ConflictDeclaration.assignment_id == RoleAssignment.id)
            .where(
                RoleAssignment.competition_id == competition_id,
                ConflictDeclaration.candidacy_id == candidacy_id,
            )
        )
    )
