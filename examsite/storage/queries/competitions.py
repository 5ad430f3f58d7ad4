"""Reads of bodies, competitions and posts."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import NotFoundError
from examsite.storage.models.competitions import Body, Competition, Post


def get_competition(session: Session, code: str) -> Competition:
    """One competition with its body, posts and gates passed.

    Raises:
        NotFoundError: `competition_not_found`.
    """
    found = session.scalars(
        select(Competition)
        .options(joinedload(Competition.body), selectinload(Competition.posts), selectinload(Competition.passages))
        .where(Competition.code == code)
    ).one_or_none()
    if found is None:
        raise NotFoundError("competition_not_found", competition=code)
    return found


def get_competition_for_update(session: Session, code: str) -> Competition:
    """As `get_competition`, with the row locked for an act on it.

    Raises:
        NotFoundError: `competition_not_found`.
    """
    session.scalars(select(Competition.id).where(Competition.code == code).with_for_update()).all()
    return get_competition(session, code)


def list_competitions(session: Session) -> list[Competition]:
    """All competitions, newest first."""
    return list(
        session.scalars(
            select(Competition)
            .options(joinedload(Competition.body), selectinload(Competition.posts), selectinload(Competition.passages))
            .order_by(Competition.created_at.desc(), Competition.id.desc())
        )
    )


def list_public_competitions(session: Session) -> list[Competition]:
    """Competitions that have been announced, newest first."""
    return [item for item in list_competitions(session) if item.state is not CompetitionState.DRAFT]


def list_bodies(session: Session) -> list[Body]:
    """All bodies by code."""
    return list(session.scalars(select(Body).order_by(Body.code)))


def get_post(session: Session, competition_id: int, code: str) -> Post:
    """One post of a competition.

    Raises:
        NotFoundError: `post_not_found`.
    """
    found = session.scalars(
        select(Post).where(Post.competition_id == competition_id, Post.code == code)
    ).one_or_none()
    if found is None:
        raise NotFoundError("post_not_found", post=code)
    return found
