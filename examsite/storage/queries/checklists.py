"""What is missing before the gates of the preparation and before the last one; who owes it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from examsite.domain.competitions import SCHEDULE, Missing, check_schedule
from examsite.domain.dossiers import CandidacyState
from examsite.domain.draw_ceremonies import Contributors
from examsite.domain.errors import DomainError
from examsite.domain.papers import PaperState
from examsite.domain.permissions import Role
from examsite.domain.rubrics import check_rubric, rubric_from_snapshot
from examsite.domain.rulesets import RuleSet, ruleset_from_toml
from examsite.domain.sittings import IncidentState
from examsite.domain.split_keys import KeyPurpose
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition, Post
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.papers import Paper
from examsite.storage.models.sittings import Attempt, Incident, Sitting, SittingInvigilator
from examsite.storage.queries.conflicts import count_undeclared
from examsite.storage.queries.corrections import list_missing_before_close
from examsite.storage.queries.split_keys import list_missing_key

_DEFENCE = "defence"


def list_missing_plan(session: Session, competition: Competition, now: datetime) -> list[Missing]:
    """Before the announcement: posts, criteria, blueprint, schedule, words, and everyone who will be needed.

    Source: NĐ 170/2025/NĐ-CP art. 15 (what an announcement states); TT 22/2025/TT-BNV art. 4-5 (council and boards).
    """
    ruleset = ruleset_from_toml(competition.ruleset_toml)
    posts = _posts(session, competition)
    missing = [] if posts else [Missing("posts_missing", Role.ORGANISER)]
    for post in posts:
        if not post.blueprint:
            missing.append(Missing("blueprint_missing", Role.SETTER, {"post": post.code}))
        if not _rubric_stands(post, ruleset):
            missing.append(Missing("defence_rubric_wrong", Role.ORGANISER, {"post": post.code}))
    missing += _missing_schedule(competition, now)
    if not (competition.announcement.strip() and competition.announcement_en.strip()):
        missing.append(Missing("announcement_missing", Role.ORGANISER))
    return missing + _missing_people(session, competition, ruleset)


def list_missing_to_receive(_session: Session, competition: Competition, now: datetime) -> list[Missing]:
    """Before applications open: their closing time still lies ahead."""
    if competition.applications_close_at is None or competition.applications_close_at <= now:
        return [Missing("applications_close_passed", Role.ORGANISER)]
    return []


def list_missing_to_vet(session: Session, competition: Competition, now: datetime) -> list[Missing]:
    """Before applications are closed: the time said to the public has come, and somebody stands for each post."""
    missing = []
    if competition.applications_close_at is not None and competition.applications_close_at > now:
        until = {"until": competition.applications_close_at}
        missing.append(Missing("applications_still_open", Role.ORGANISER, until))
    standing = _candidacies_by_post(session, competition, CandidacyState.SUBMITTED, CandidacyState.ELIGIBLE)
    missing += [
        Missing("applications_missing", Role.ORGANISER, {"post": post.code})
        for post in _posts(session, competition)
        if not standing[post.id]
    ]
    return missing


def list_missing_to_write(session: Session, competition: Competition, _now: datetime) -> list[Missing]:
    """Before the written test: everyone has a seat, every sitting somebody to watch it, every post sealed papers.

    Where the council draws together, the key of its draws is split. Everybody on the boards has declared relations to
    the candidates by then.

    Source: TT 22/2025/TT-BNV art. 13(2b): so many versions of each paper; the figure is data of the rule set.
    TT 22/2025/TT-BNV art. 23(7b): whoever stands near to a candidate serves on no board.
    """
    ruleset = ruleset_from_toml(competition.ruleset_toml)
    missing = []
    sittings = list(
        session.scalars(select(Sitting).where(Sitting.competition_id == competition.id).order_by(Sitting.code))
    )
    if not sittings:
        missing.append(Missing("sittings_missing", Role.ORGANISER))
    watched = set(
        session.scalars(
            select(SittingInvigilator.sitting_id).join(Sitting).where(Sitting.competition_id == competition.id)
        )
    )
    for sitting in sittings:
        if sitting.id not in watched:
            missing.append(Missing("invigilators_missing", Role.ORGANISER, {"sitting": sitting.code}))
    unseated = session.scalar(
        select(func.count(Candidacy.id))
        .outerjoin(Attempt, Attempt.candidacy_id == Candidacy.id)
        .where(
            Candidacy.competition_id == competition.id,
            Candidacy.state == CandidacyState.ELIGIBLE,
            Attempt.id.is_(None),
        )
    )
    if unseated:
        missing.append(Missing("candidates_unseated", Role.ORGANISER, {"count": unseated}))
    sealed = Counter(
        session.scalars(
            select(Paper.post_id).where(Paper.competition_id == competition.id, Paper.state == PaperState.SEALED)
        )
    )
    for post in _posts(session, competition):
        if sealed[post.id] < ruleset.paper_versions:
            params = {"post": post.code, "have": sealed[post.id], "need": ruleset.paper_versions}
            missing.append(Missing("papers_unsealed", Role.SETTER, params))
    undeclared = count_undeclared(session, competition.id)
    missing += [Missing("conflicts_not_declared", role, {"count": count}) for role, count in undeclared.items()]
    # The paper is drawn before the start, and numbers that are kept back must be opened then.
    together = ruleset.draw_contributors == Contributors.COUNCIL
    if together:
        missing += list_missing_key(session, competition.id, KeyPurpose.DRAWS, code="draw_key_not_split")
    return missing


def list_missing_to_close(session: Session, competition: Competition, _now: datetime) -> list[Missing]:
    """Before the archive: nothing that happened in a room is left undecided, and no correction waits."""
    undecided = session.scalar(
        select(func.count(Incident.id))
        .join(Sitting, Sitting.id == Incident.sitting_id)
        .where(Sitting.competition_id == competition.id, Incident.state == IncidentState.RECORDED)
    )
    missing = [Missing("incidents_undecided", Role.CHAIR, {"count": undecided})] if undecided else []
    return missing + list_missing_before_close(session, competition)


def _posts(session: Session, competition: Competition) -> list[Post]:
    return list(session.scalars(select(Post).where(Post.competition_id == competition.id).order_by(Post.code)))


def _rubric_stands(post: Post, ruleset: RuleSet) -> bool:
    try:
        check_rubric(rubric_from_snapshot(post.defence_rubric), ruleset.panel(_DEFENCE).maximum)
    except (DomainError, KeyError):
        return False
    return True


def _missing_schedule(competition: Competition, now: datetime) -> list[Missing]:
    try:
        check_schedule({name: getattr(competition, name) for name in SCHEDULE})
    except DomainError as error:
        return [Missing(error.code, Role.ORGANISER, error.params)]
    first = getattr(competition, SCHEDULE[0])
    return [Missing("schedule_in_the_past", Role.ORGANISER, {"field": SCHEDULE[0]})] if first <= now else []


def _missing_people(session: Session, competition: Competition, ruleset: RuleSet) -> list[Missing]:
    held: Counter[Role] = Counter(
        session.scalars(
            select(RoleAssignment.role).where(
                RoleAssignment.competition_id == competition.id, RoleAssignment.revoked_at.is_(None)
            )
        )
    )
    needed: list[tuple[Role, int]] = [
        (Role.CHAIR, 1),
        (Role.AUTHORITY, 1),
        (Role.SETTER, 1),
        (Role.KEEPER, 1),
        (Role.INVIGILATOR, 1),
        (Role.MARKING_HEAD, 1),
        # Source: TT 22/2025/TT-BNV art. 16: two markers, and a third where they differ too far.
        (Role.MARKER, 3),
        (Role.PANEL_HEAD, 1),
        (Role.PANELLIST, ruleset.panel(_DEFENCE).least_markers),
        (Role.SUPERVISOR, 1),
    ]
    missing = [
        Missing("role_short", Role.ORGANISER, {"role": role, "have": held[role], "need": need})
        for role, need in needed
        if held[role] < need
    ]
    council = held[Role.CHAIR] + held[Role.COUNCIL_MEMBER]
    if council < ruleset.approvals_council:
        params: dict[str, Any] = {"have": council, "need": ruleset.approvals_council}
        missing.append(Missing("council_short", Role.ORGANISER, params))
    return missing


def _candidacies_by_post(session: Session, competition: Competition, *states: CandidacyState) -> Counter[int]:
    return Counter(
        session.scalars(
            select(Candidacy.post_id).where(Candidacy.competition_id == competition.id, Candidacy.state.in_(states))
        )
    )
