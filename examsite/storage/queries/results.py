"""Reads of result versions and signatures, and what keeps the gates of the result shut."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from examsite.domain.competitions import Missing
from examsite.domain.errors import NotFoundError
from examsite.domain.permissions import Role
from examsite.domain.publication import Decision, ResultState
from examsite.domain.rulesets import ruleset_from_toml
from examsite.domain.ties import open_ties
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.ranking import ResultVersion, Signature

COUNCIL = (Role.CHAIR, Role.COUNCIL_MEMBER)

_SIGNED = selectinload(ResultVersion.signatures).joinedload(Signature.assignment).joinedload(RoleAssignment.account)


def list_result_versions(session: Session, competition_id: int) -> list[ResultVersion]:
    """Every version with its signatures, newest first."""
    return list(
        session.scalars(
            select(ResultVersion)
            .options(_SIGNED)
            .where(ResultVersion.competition_id == competition_id)
            .order_by(ResultVersion.number.desc())
            .execution_options(populate_existing=True)
        )
    )


def find_newest_version(session: Session, competition_id: int, *, for_update: bool = False) -> ResultVersion | None:
    """The version that counts, with its signatures; with its row locked where an act follows."""
    statement = (
        select(ResultVersion)
        .options(_SIGNED)
        .where(ResultVersion.competition_id == competition_id)
        .order_by(ResultVersion.number.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
    if for_update:
        statement = statement.with_for_update(of=ResultVersion)
    return session.scalars(statement).one_or_none()


def get_result_version(session: Session, competition_id: int, number: int) -> ResultVersion:
    """One version with its signatures.

    Raises:
        NotFoundError: `result_not_found`.
    """
    found = session.scalars(
        select(ResultVersion)
        .options(_SIGNED)
        .where(ResultVersion.competition_id == competition_id, ResultVersion.number == number)
    ).one_or_none()
    if found is None:
        raise NotFoundError("result_not_found")
    return found


def get_published_version(session: Session, competition_id: int) -> ResultVersion:
    """The newest published version with its signatures; before the publication there is none.

    Raises:
        NotFoundError: `result_not_found`.
    """
    found = session.scalars(
        select(ResultVersion)
        .options(_SIGNED)
        .where(ResultVersion.competition_id == competition_id, ResultVersion.state == ResultState.PUBLISHED)
        .order_by(ResultVersion.number.desc())
        .limit(1)
    ).one_or_none()
    if found is None:
        raise NotFoundError("result_not_found")
    return found


def list_published_versions(session: Session, competition_id: int) -> list[ResultVersion]:
    """The versions that were ever published, oldest first; each replaces the one before."""
    return list(
        session.scalars(
            select(ResultVersion)
            .where(ResultVersion.competition_id == competition_id, ResultVersion.state == ResultState.PUBLISHED)
            .order_by(ResultVersion.number)
        )
    )


def list_signers(session: Session, competition_id: int, *roles: Role) -> list[RoleAssignment]:
    """Who may sign: the chair first, then members, then the authority, each by pseudonym."""
    rows = session.scalars(
        select(RoleAssignment)
        .options(joinedload(RoleAssignment.account))
        .where(
            RoleAssignment.competition_id == competition_id,
            RoleAssignment.role.in_(roles or (*COUNCIL, Role.AUTHORITY)),
            RoleAssignment.revoked_at.is_(None),
        )
    )
    order = (*COUNCIL, Role.AUTHORITY)
    return sorted(rows, key=lambda row: (order.index(row.role), str(row.pseudonym)))


def list_codes_with_part(session: Session, competition_id: int, part: str) -> set[str]:
    """Public codes of all who stand with this part in a published version, whether they came or not."""
    return {
        candidate["code"]
        for version in list_published_versions(session, competition_id)
        for candidate in result_document(version)["candidates"]
        if any(entry["part"] == part for entry in candidate["parts"])
    }


def result_document(version: ResultVersion) -> dict[str, Any]:
    """The document of a version as values; the text itself is what is hashed."""
    document: dict[str, Any] = json.loads(version.document)
    return document


def council_approvals(version: ResultVersion) -> list[Signature]:
    """The council's agreements over exactly this hash, one per person."""
    found: dict[int, Signature] = {}
    for signature in version.signatures:
        agreed = signature.decision is Decision.AGREED and signature.sha256 == version.sha256
        if agreed and signature.assignment.role in COUNCIL:
            found.setdefault(signature.assignment.account_id, signature)
    return list(found.values())


def list_missing_to_approve(session: Session, competition: Competition, _now: datetime) -> list[Missing]:
    """Before the authority signs: a version that stands, no open tie, and as many of the council as the rules want."""
    version = find_newest_version(session, competition.id)
    if version is None or version.state is ResultState.REFUSED:
        return [Missing("result_refused" if version else "result_missing", Role.ORGANISER)]
    missing = [
        Missing("tie_not_decided", Role.AUTHORITY, {"post": tie.post}) for tie in open_ties(result_document(version))
    ]
    needed = ruleset_from_toml(competition.ruleset_toml).approvals_council
    have = len(council_approvals(version))
    if have < needed:
        missing.append(Missing("approvals_short", Role.CHAIR, {"have": have, "need": needed}))
    return missing


def list_missing_to_publish(session: Session, competition: Competition, _now: datetime) -> list[Missing]:
    """Before the publication: the newest version bears the authority's signature."""
    version = find_newest_version(session, competition.id)
    if version is None or version.state is not ResultState.APPROVED:
        return [Missing("result_not_approved", Role.AUTHORITY)]
    return []
