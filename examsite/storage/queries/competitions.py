"""Reads of bodies, competitions and posts."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from examsite.domain.attempts import AttemptState
from examsite.domain.competitions import CompetitionState
from examsite.domain.dossiers import CandidacyState
from examsite.domain.errors import NotFoundError
from examsite.domain.permissions import Role
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Body, Competition, Post
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.marking import Script
from examsite.storage.models.papers import Paper
from examsite.storage.models.sittings import Attempt

# Asked by every page, act and save: put together once.
_every = select(Competition).options(
    joinedload(Competition.body), selectinload(Competition.posts), selectinload(Competition.passages)
)
_one = _every.where(Competition.code == bindparam("code"))
_anew = _one.execution_options(populate_existing=True)
_alone = select(Competition).options(joinedload(Competition.body)).where(Competition.code == bindparam("code"))
_shared = _alone.with_for_update(read=True, of=Competition).execution_options(populate_existing=True)


def get_competition(session: Session, code: str) -> Competition:
    """One competition with its body, posts and gates passed.

    Raises:
        NotFoundError: `competition_not_found`.
    """
    found = session.scalars(_one, {"code": code}).one_or_none()
    if found is None:
        raise NotFoundError("competition_not_found", competition=code)
    return found


def get_competition_for_update(session: Session, code: str) -> Competition:
    """As `get_competition`, with the row locked for an act on it and read anew behind the lock.

    Whoever only refers to the row (a new candidacy, a new paper) does not wait for the lock.

    Raises:
        NotFoundError: `competition_not_found`.
    """
    session.scalars(select(Competition.id).where(Competition.code == code).with_for_update(key_share=True)).all()
    found = session.scalars(_anew, {"code": code}).one_or_none()
    if found is None:
        raise NotFoundError("competition_not_found", competition=code)
    return found


def get_competition_alone(session: Session, code: str) -> Competition:
    """As `get_competition`, with its body only: for pages that are asked for every few seconds.

    Raises:
        NotFoundError: `competition_not_found`.
    """
    found = session.scalars(_alone, {"code": code}).one_or_none()
    if found is None:
        raise NotFoundError("competition_not_found", competition=code)
    return found


def get_competition_shared(session: Session, code: str) -> Competition:
    """As `get_competition_alone`, held in share for an act beside others: no gate passes before the act has ended.

    Raises:
        NotFoundError: `competition_not_found`.
    """
    found = session.scalars(_shared, {"code": code}).one_or_none()
    if found is None:
        raise NotFoundError("competition_not_found", competition=code)
    return found


def list_competitions(session: Session) -> list[Competition]:
    """All competitions, newest first."""
    return list(session.scalars(_every.order_by(Competition.created_at.desc(), Competition.id.desc())))


def list_public_competitions(session: Session) -> list[Competition]:
    """Competitions that have been announced, newest first."""
    return [item for item in list_competitions(session) if item.state is not CompetitionState.DRAFT]


def get_public_competition(session: Session, code: str) -> Competition:
    """One announced competition; a draft does not exist for the public.

    Raises:
        NotFoundError: `competition_not_found`.
    """
    found = get_competition(session, code)
    if found.state is CompetitionState.DRAFT:
        raise NotFoundError("competition_not_found", competition=code)
    return found


def list_competitions_of(session: Session, account_id: int, *roles: Role) -> list[Competition]:
    """The competitions in which an account holds one of these roles, newest first."""
    held = select(RoleAssignment.competition_id).where(
        RoleAssignment.account_id == account_id,
        RoleAssignment.role.in_(roles),
        RoleAssignment.revoked_at.is_(None),
        RoleAssignment.competition_id.is_not(None),
    )
    mine = set(session.scalars(held))
    return [item for item in list_competitions(session) if item.id in mine]


def list_bodies_of_organiser(session: Session, account_id: int | None) -> list[Body]:
    """The bodies at which an account may open competitions, by code."""
    statement = (
        select(Body)
        .join(RoleAssignment, RoleAssignment.body_id == Body.id)
        .where(
            RoleAssignment.account_id == account_id,
            RoleAssignment.role == Role.ORGANISER,
            RoleAssignment.revoked_at.is_(None),
        )
        .order_by(Body.code)
    )
    return list(session.scalars(statement))


def is_body_organiser(session: Session, account_id: int | None, body_id: int) -> bool:
    """Whether the account may open competitions at the body."""
    return any(body.id == body_id for body in list_bodies_of_organiser(session, account_id))


def list_bodies(session: Session) -> list[Body]:
    """All bodies by code."""
    return list(session.scalars(select(Body).order_by(Body.code)))


def find_post(session: Session, competition_id: int, code: str) -> Post | None:
    """One post of a competition, or None."""
    return session.scalars(select(Post).where(Post.competition_id == competition_id, Post.code == code)).one_or_none()


def count_post_rows(session: Session, post_id: int) -> int:
    """How many papers and candidacies hang on a post."""
    papers = session.scalar(select(func.count(Paper.id)).where(Paper.post_id == post_id)) or 0
    standing = session.scalar(select(func.count(Candidacy.id)).where(Candidacy.post_id == post_id)) or 0
    return papers + standing


def reload_posts(session: Session, competition: Competition) -> None:
    """Read a competition with its body, posts and gates again, after a post came or went."""
    session.scalars(_anew, {"code": competition.code}).one()


def get_post(session: Session, competition_id: int, code: str) -> Post:
    """One post of a competition.

    Raises:
        NotFoundError: `post_not_found`.
    """
    found = find_post(session, competition_id, code)
    if found is None:
        raise NotFoundError("post_not_found", post=code)
    return found


@dataclass(frozen=True)
class PostCounts:
    """How many stand for a post and how far they are; counts only, never a mark."""

    standing: int
    eligible: int
    sat: int
    marked: int


def count_by_post(session: Session, competition_id: int) -> dict[int, PostCounts]:
    """The counts of each post that somebody stands for."""
    states: dict[int, Counter[CandidacyState]] = defaultdict(Counter)
    for post_id, state, count in session.execute(
        select(Candidacy.post_id, Candidacy.state, func.count(Candidacy.id))
        .where(Candidacy.competition_id == competition_id)
        .group_by(Candidacy.post_id, Candidacy.state)
    ):
        states[post_id][state] = count
    sat = Counter(
        session.scalars(
            select(Candidacy.post_id)
            .join(Attempt, Attempt.candidacy_id == Candidacy.id)
            .where(
                Candidacy.competition_id == competition_id,
                Attempt.state.in_((AttemptState.OPEN, AttemptState.HANDED_IN, AttemptState.CLOSED)),
            )
        )
    )
    marked = Counter(
        session.scalars(
            select(Script.post_id).where(Script.competition_id == competition_id, Script.settled_at.is_not(None))
        )
    )
    return {
        post_id: PostCounts(
            standing=sum(counts.values()) - counts[CandidacyState.DRAFT] - counts[CandidacyState.WITHDRAWN],
            eligible=counts[CandidacyState.ELIGIBLE],
            sat=sat[post_id],
            marked=marked[post_id],
        )
        for post_id, counts in states.items()
    }


def list_candidate_numbers(session: Session, competition_id: int) -> dict[int, list[str]]:
    """Numbers of the eligible by post, ascending; no names."""
    rows = session.execute(
        select(Candidacy.post_id, Candidacy.candidate_number)
        .where(
            Candidacy.competition_id == competition_id,
            Candidacy.state == CandidacyState.ELIGIBLE,
            Candidacy.candidate_number.is_not(None),
        )
        .order_by(Candidacy.candidate_number)
    )
    found: dict[int, list[str]] = {}
    for post_id, number in rows:
        found.setdefault(post_id, []).append(str(number))
    return found
