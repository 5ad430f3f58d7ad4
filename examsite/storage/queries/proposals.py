"""Reads of proposals: who may hand one in, which versions there are, what keeps the gate shut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from examsite.domain.competitions import CompetitionState, Missing
from examsite.domain.errors import NotFoundError
from examsite.domain.panels import PART
from examsite.domain.permissions import Role
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.proposals import ProposalVersion
from examsite.storage.queries.codes import written_results
from examsite.storage.queries.results import list_codes_with_part


@dataclass(frozen=True)
class ProposalStanding:
    """One candidate who stands in the defence, and what was handed in so far."""

    candidacy: Candidacy
    count: int
    last: ProposalVersion | None


def list_passed_ids(session: Session, competition: Competition) -> set[int]:
    """The candidacies that passed the written part; nobody before the codes were opened."""
    if not competition.state.has_reached(CompetitionState.MERGED):
        return set()
    return {result.candidacy_id for result in written_results(session, competition) if result.passed}


def list_defending_ids(session: Session, competition: Competition) -> set[int]:
    """Who stands in the defence: whoever passed the written part, or stands with a defence in a published version."""
    before = list_codes_with_part(session, competition.id, PART)
    rows = select(Candidacy.id).where(Candidacy.competition_id == competition.id, Candidacy.public_code.in_(before))
    return list_passed_ids(session, competition) | (set(session.scalars(rows)) if before else set())


def list_versions(session: Session, candidacy_id: int) -> list[ProposalVersion]:
    """Every version of one candidate, newest first, with its file."""
    return list(
        session.scalars(
            select(ProposalVersion)
            .options(joinedload(ProposalVersion.upload))
            .where(ProposalVersion.candidacy_id == candidacy_id)
            .order_by(ProposalVersion.number.desc())
        )
    )


def get_version(session: Session, candidacy_id: int, number: int) -> ProposalVersion:
    """One version with its file.

    Raises:
        NotFoundError: `proposal_not_found`.
    """
    found = session.scalars(
        select(ProposalVersion)
        .options(joinedload(ProposalVersion.upload))
        .where(ProposalVersion.candidacy_id == candidacy_id, ProposalVersion.number == number)
    ).one_or_none()
    if found is None:
        raise NotFoundError("proposal_not_found")
    return found


def find_newest_version(session: Session, candidacy_id: int) -> ProposalVersion | None:
    """The newest version that a candidate handed in and that has a copy for readers, with both files."""
    return session.scalars(
        select(ProposalVersion)
        .options(joinedload(ProposalVersion.upload), joinedload(ProposalVersion.cleaned))
        .where(ProposalVersion.candidacy_id == candidacy_id, ProposalVersion.cleaned_id.is_not(None))
        .order_by(ProposalVersion.number.desc())
    ).first()


def find_locked_version(session: Session, candidacy_id: int) -> ProposalVersion | None:
    """The version that is defended, with its copy without the author; None as long as nothing is locked."""
    return session.scalars(
        select(ProposalVersion)
        .options(joinedload(ProposalVersion.upload), joinedload(ProposalVersion.cleaned))
        .where(ProposalVersion.candidacy_id == candidacy_id, ProposalVersion.locked_at.is_not(None))
    ).one_or_none()


def count_versions(session: Session, candidacy_id: int) -> int:
    """How many versions a candidate handed in."""
    return session.scalar(select(func.count()).where(ProposalVersion.candidacy_id == candidacy_id)) or 0


def list_standings(
    session: Session, competition: Competition, *, defending: Collection[int] | None = None
) -> list[ProposalStanding]:
    """Who stands in the defence, by post and public code, each with the number of versions and the last one.

    `defending` is `list_defending_ids`, where that is known already.
    """
    defending = list_defending_ids(session, competition) if defending is None else defending
    candidacies = session.scalars(
        select(Candidacy)
        .options(joinedload(Candidacy.post))
        .where(Candidacy.id.in_(defending))
        .order_by(Candidacy.post_id, Candidacy.public_code, Candidacy.id)
    )
    versions = list(
        session.scalars(
            select(ProposalVersion)
            .options(joinedload(ProposalVersion.upload))
            .where(ProposalVersion.candidacy_id.in_(defending))
            .order_by(ProposalVersion.number)
        )
    )
    counts = Counter(version.candidacy_id for version in versions)
    last = {version.candidacy_id: version for version in versions}
    return [ProposalStanding(row, counts[row.id], last.get(row.id)) for row in candidacies]


def list_missing_to_lock(_session: Session, competition: Competition, now: datetime) -> list[Missing]:
    """Before proposals are locked: the deadline that everybody was told has come."""
    closes_at = competition.proposals_close_at
    if closes_at is None:
        return [Missing("proposals_deadline_missing", Role.ORGANISER)]
    return [Missing("proposals_still_open", Role.ORGANISER, {"until": closes_at})] if now < closes_at else []
