"""Reads of candidacies, their dossiers and the list of those who take part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from examsite.domain.competitions import Missing
from examsite.domain.dossiers import CandidacyState
from examsite.domain.errors import NotFoundError
from examsite.domain.names import given_name_key, strip_accents
from examsite.domain.permissions import Role
from examsite.domain.rulesets import ruleset_from_toml
from examsite.storage.models.competitions import Competition, Post
from examsite.storage.models.dossiers import Candidacy, DossierItem, Upload
from examsite.storage.models.sittings import Sitting
from examsite.storage.row_sets import among


@dataclass(frozen=True)
class TestDay:
    """What the door of candidates tells on the day of a written test."""

    __test__ = False  # not a test, whatever its name begins with

    title: str
    title_en: str
    starts_at: datetime
    ends_at: datetime
    duration_minutes: int
    rooms: str


def get_candidacy(session: Session, candidacy_id: int) -> Candidacy:
    """One candidacy with competition, post, account and files.

    Raises:
        NotFoundError: `candidacy_not_found`.
    """
    return _one(session, Candidacy.id == candidacy_id)


def get_application(session: Session, competition_id: int, application_code: str) -> Candidacy:
    """One candidacy of a competition by its application code.

    Raises:
        NotFoundError: `candidacy_not_found`.
    """
    return _one(
        session, (Candidacy.competition_id == competition_id) & (Candidacy.application_code == application_code)
    )


def _one(session: Session, condition: object) -> Candidacy:
    found = session.scalars(
        select(Candidacy)
        .options(
            joinedload(Candidacy.competition).joinedload(Competition.body),
            joinedload(Candidacy.competition).selectinload(Competition.posts),
            joinedload(Candidacy.post),
            joinedload(Candidacy.account),
            selectinload(Candidacy.items).joinedload(DossierItem.upload),
        )
        .where(condition)  # type: ignore[arg-type]  # a column comparison
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFoundError("candidacy_not_found")
    return found


def list_candidacies(
    session: Session,
    competition_id: int,
    *,
    state: CandidacyState | None = None,
    post_code: str = "",
    words: str = "",
) -> list[Candidacy]:
    """Candidacies with their posts and files, by given name; `words` look in name, unit, numbers, without accents."""
    statement = (
        select(Candidacy)
        .options(joinedload(Candidacy.post), selectinload(Candidacy.items))
        .where(Candidacy.competition_id == competition_id)
    )
    if state is not None:
        statement = statement.where(Candidacy.state == state)
    if post_code:
        statement = statement.join(Candidacy.post).where(Post.code == post_code)
    wanted = strip_accents(words).lower().split()
    found = [item for item in session.scalars(statement) if all(word in _searched(item) for word in wanted)]
    return sorted(found, key=_by_name)


def list_roster(session: Session, competition_id: int) -> list[Candidacy]:
    """Everyone with a candidate number, in the order of the numbers, with posts and accounts."""
    return list(
        session.scalars(
            select(Candidacy)
            .options(joinedload(Candidacy.post), joinedload(Candidacy.account))
            .where(Candidacy.competition_id == competition_id, Candidacy.candidate_number.is_not(None))
            .order_by(Candidacy.candidate_number, Candidacy.id)
        )
    )


def count_candidacies(session: Session, competition_id: int) -> Counter[CandidacyState]:
    """How many candidacies are in each state."""
    return Counter(session.scalars(select(Candidacy.state).where(Candidacy.competition_id == competition_id)))


def count_drafts_since(session: Session, competition_id: int, since: datetime) -> int:
    """How many applications were begun from this instant on and are not handed in."""
    statement = select(func.count(Candidacy.id)).where(
        Candidacy.competition_id == competition_id,
        Candidacy.state == CandidacyState.DRAFT,
        Candidacy.created_at >= since,
    )
    return session.scalar(statement) or 0


def list_identity_numbers(session: Session, competition_id: int) -> set[str]:
    """Identity numbers that already stand in a competition."""
    return set(session.scalars(select(Candidacy.identity_number).where(Candidacy.competition_id == competition_id)))


def list_with_accounts(session: Session, competition_id: int, candidacy_ids: Collection[int]) -> list[Candidacy]:
    """Those of the candidacies that are of this competition, each with its account."""
    statement = (
        select(Candidacy)
        .options(joinedload(Candidacy.account))
        .where(Candidacy.competition_id == competition_id, among(Candidacy.id, "candidacy_ids"))
        .order_by(Candidacy.id)
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(statement, {"candidacy_ids": candidacy_ids}))


def get_dossier_file(session: Session, candidacy_id: int, item_id: int) -> Upload:
    """One file of a dossier.

    Raises:
        NotFoundError: `file_not_found`.
    """
    found = session.scalars(
        select(Upload)
        .join(DossierItem, DossierItem.upload_id == Upload.id)
        .where(DossierItem.id == item_id, DossierItem.candidacy_id == candidacy_id)
    ).one_or_none()
    if found is None:
        raise NotFoundError("file_not_found")
    return found


def find_test_day(session: Session, *, now: datetime) -> TestDay | None:
    """The one competition with sittings within half a day of now; None where there is none, or more than one."""
    # Everyone who comes in asks this, so plain columns: a day of twenty rooms would else be read as forty objects.
    near = session.execute(
        select(
            Sitting.competition_id,
            Sitting.starts_at,
            Sitting.duration_minutes,
            Sitting.room,
            Competition.title,
            Competition.title_en,
        )
        .join(Competition, Competition.id == Sitting.competition_id)
        .where(Sitting.starts_at > now - timedelta(hours=12), Sitting.starts_at < now + timedelta(hours=12))
        .order_by(Sitting.starts_at, Sitting.id)
    ).all()
    if len({item.competition_id for item in near}) != 1 or len({item.starts_at for item in near}) != 1:
        return None
    first = near[0]
    return TestDay(
        title=first.title,
        title_en=first.title_en,
        starts_at=first.starts_at,
        ends_at=first.starts_at + timedelta(minutes=first.duration_minutes),
        duration_minutes=first.duration_minutes,
        rooms=", ".join(sorted({item.room for item in near})),
    )


def list_missing_to_fix_roster(session: Session, competition: Competition, _now: datetime) -> list[Missing]:
    """Before the list is fixed: everyone is decided, and enough stand for each post to compete.

    Source: the pilot's principle of healthy competition: at least two eligible people per post.
    """
    least = ruleset_from_toml(competition.ruleset_toml).minimum_candidates
    rows = session.execute(
        select(Candidacy.post_id, Candidacy.state).where(Candidacy.competition_id == competition.id)
    ).all()
    undecided = sum(1 for _post, state in rows if state is CandidacyState.SUBMITTED)
    eligible = Counter(post for post, state in rows if state is CandidacyState.ELIGIBLE)
    missing = [Missing("candidacies_undecided", Role.ORGANISER, {"count": undecided})] if undecided else []
    posts = session.scalars(select(Post).where(Post.competition_id == competition.id).order_by(Post.code))
    missing += [
        Missing("eligible_too_few", Role.ORGANISER, {"post": post.code, "count": eligible[post.id], "least": least})
        for post in posts
        if eligible[post.id] < least
    ]
    return missing


def _searched(item: Candidacy) -> str:
    parts = (item.full_name, item.unit, item.identity_number, item.application_code, item.candidate_number or "")
    return strip_accents(" ".join(parts)).lower()


def _by_name(item: Candidacy) -> tuple[str, int]:
    return given_name_key(item.full_name), item.id
